package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// PortMapping reads one entry by GetSpecificPortMappingEntry. Its lease is what remains; some gateways tell the whole lease,
// or always 0. An absent entry is a *soap.Error with code 714, on some gateways 713, 402 or 501.
func (g *Gateway) PortMapping(ctx context.Context, k Key) (PortMapping, error) {
	in, err := k.arguments()
	if err != nil {
		return PortMapping{}, fmt.Errorf("get port mapping: %w", err)
	}
	var out entryArguments
	rec, err := g.perform(ctx, "GetSpecificPortMappingEntry", in, &out)
	if err != nil {
		return PortMapping{}, fmt.Errorf("get port mapping: %w", err)
	}
	m := out.mapping(rec)
	m.RemoteHost, m.ExternalPort, m.Protocol = k.RemoteHost, k.ExternalPort, in.NewProtocol
	return m, nil
}

// mapping reads all but the external port. An internal port that is missing or unreadable is 0, as miniupnpd 2.3.0 sends it
// for every entry: it is no proof of anything.
func (e *entryArguments) mapping(rec *soap.Recording) PortMapping {
	m := PortMapping{
		RemoteHost:     readRemoteHost(e.NewRemoteHost),
		Protocol:       strings.ToUpper(e.NewProtocol),
		InternalClient: e.NewInternalClient,
		Enabled:        e.NewEnabled == "1",
		Description:    e.NewPortMappingDescription,
	}
	if port, err := strconv.ParseUint(e.NewInternalPort, 10, 16); err == nil && !rec.Unknown("NewInternalPort") {
		m.InternalPort = uint16(port)
	}
	if seconds, err := strconv.ParseUint(e.NewLeaseDuration, 10, 32); err == nil && !rec.Unknown("NewLeaseDuration") {
		m.Lease, m.LeaseKnown = time.Duration(seconds)*time.Second, true
	}
	return m
}
