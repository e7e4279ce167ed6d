package client

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Status is the answer to GetStatusInfo (WANIPConnection:1 §2.4.9).
type Status struct {
	Connection  string        // NewConnectionStatus as the device writes it, e.g. "Connected"
	Connected   bool          // Connection is "Connected", or the "Up" of some routers
	LastError   string        // NewLastConnectionError, e.g. "ERROR_NONE"; routers that are up send ERROR_UNKNOWN too
	Uptime      time.Duration // of the connection, in whole seconds
	UptimeKnown bool          // false when the device sent none that can be read
}

// Status asks for the state of the connection.
func (g *Gateway) Status(ctx context.Context) (Status, error) {
	s, err := g.statusOf(ctx, g.Service)
	if err != nil {
		return Status{}, fmt.Errorf("get status: %w", err)
	}
	return s, nil
}

func (g *Gateway) statusOf(ctx context.Context, service Service) (Status, error) {
	var out struct{ NewConnectionStatus, NewLastConnectionError, NewUptime string }
	rec, err := g.run(ctx, call{service: service.Type, control: service.ControlURL, action: "GetStatusInfo"}, nil, &out)
	if err != nil {
		return Status{}, err
	}
	s := Status{Connection: out.NewConnectionStatus, LastError: out.NewLastConnectionError}
	s.Connected = strings.EqualFold(s.Connection, "Connected") || strings.EqualFold(s.Connection, "Up")
	if seconds, err := strconv.ParseUint(out.NewUptime, 10, 32); err == nil && !rec.Unknown("NewUptime") {
		s.Uptime, s.UptimeKnown = time.Duration(seconds)*time.Second, true
	}
	return s, nil
}

// ExternalIP asks for the address on the gateway's Internet side. A gateway that has none answers with the zero Addr and no
// error (WANIPConnection:2 §2.3.13), or with 0.0.0.0; [Judge] tells what an address is worth. Text that is no IPv4 address is a
// [ValueError].
func (g *Gateway) ExternalIP(ctx context.Context) (netip.Addr, error) {
	a, err := g.externalIPOf(ctx, g.Service)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("get external ip: %w", err)
	}
	return a, nil
}

func (g *Gateway) externalIPOf(ctx context.Context, service Service) (netip.Addr, error) {
	const action = "GetExternalIPAddress"
	var out struct{ NewExternalIPAddress string }
	if _, err := g.run(ctx, call{service: service.Type, control: service.ControlURL, action: action}, nil, &out); err != nil {
		return netip.Addr{}, err
	}
	text := strings.TrimSpace(out.NewExternalIPAddress)
	if text == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Unmap().Is4() { // an IPv6 address leads to no mapping
		return netip.Addr{}, &ValueError{Action: action, Argument: "NewExternalIPAddress", Value: text}
	}
	return a.Unmap().WithZone(""), nil
}
