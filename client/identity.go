package client

import "net/url"

// gatewayID tells gateways apart, wherever their ports go. There are names that all units of a make share, so the host belongs to it; what has no name is
// what is described at one place.
type gatewayID struct{ udn, place string }

// idOf is the identity of what is described at location under the name udn.
func idOf(udn, location string) gatewayID {
	if u, err := url.Parse(location); err == nil && udn != "" && u.Hostname() != "" {
		return gatewayID{udn, u.Hostname()}
	}
	return gatewayID{udn, location}
}

func (g *Gateway) id() gatewayID { return idOf(g.UDN(), g.Location) }
