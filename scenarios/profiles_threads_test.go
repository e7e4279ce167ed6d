package scenarios_test

import (
	"net/netip"
	"slices"
)

// threadProfiles are devices of which parts were captured in issue threads.
func threadProfiles() []profile {
	return slices.Concat(tplinkProfiles(), sdkProfiles(), modemProfiles(), daemonProfiles(), operatorProfiles(), partlyProfiles(), moreProfiles())
}

// Words of the captures.
const (
	deviceIGD1 = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
	deviceIGD2 = "urn:schemas-upnp-org:device:InternetGatewayDevice:2"
	wanDevice  = "urn:schemas-upnp-org:device:WANDevice:1"
	connDevice = "urn:schemas-upnp-org:device:WANConnectionDevice:1"
	lanDevice  = "urn:schemas-upnp-org:device:LANDevice:1"

	serviceIP1    = "urn:schemas-upnp-org:service:WANIPConnection:1"
	servicePPP1   = "urn:schemas-upnp-org:service:WANPPPConnection:1"
	serviceCommon = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1"
	serviceL3     = "urn:schemas-upnp-org:service:Layer3Forwarding:1"

	soapEnvelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`
)

// routerAt is the router's at a port.
func routerAt(n uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.168.1.1"), n)
}

// listed is a line of an outline: a service with the standard's identifier.
func listed(kind, id, scpd, control, events string) string {
	return kind + " urn:upnp-org:serviceId:" + id + " " + scpd + " " + control + " " + events
}
