package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/soap"
)

// The protocols of a pinhole, by their IANA numbers.
const (
	PinholeTCP uint16 = 6
	PinholeUDP uint16 = 17
)

// maxPinholeLease is the end of the range of LeaseTime (WANIPv6FirewallControl:1 §2.2), which begins at one second.
const maxPinholeLease = 24 * time.Hour

// Pinhole is one hole in the IPv6 firewall of a gateway, with the arguments of AddPinhole (WANIPv6FirewallControl:1 §2.5.3). Its requests
// leave from InternalClient: the standard lets a host open what leads to itself, and miniupnpd and others go by the source address.
type Pinhole struct {
	ID             uint16     // UniqueID, by which the gateway knows it; 0 before it is open
	RemoteHost     netip.Addr // who may connect; zero: everyone
	RemotePort     uint16     // from which port; 0: any
	InternalClient netip.Addr // a global IPv6 address of this machine
	InternalPort   uint16     // 1 to 65535
	Protocol       uint16     // PinholeTCP, PinholeUDP or another IANA number
	Lease          time.Duration
	Expires        time.Time // of [Pinholes]: by our clock; zero when it is not open
}

// String is the pinhole as "tcp [2001:db8::10]:8080".
func (p Pinhole) String() string {
	return ProtocolName(p.Protocol) + " " + netip.AddrPortFrom(p.InternalClient, p.InternalPort).String()
}

// ProtocolName is "tcp", "udp", or the number of another protocol.
func ProtocolName(number uint16) string {
	switch number {
	case PinholeTCP:
		return "tcp"
	case PinholeUDP:
		return "udp"
	}
	return strconv.Itoa(int(number))
}

// FirewallStatus is the answer to GetFirewallStatus (WANIPv6FirewallControl:1 §2.5.1).
type FirewallStatus struct {
	Enabled bool // false: nothing is filtered, and no pinhole is needed
	Inbound bool // pinholes may be opened
}

// errNoFirewall and errNotSix are why a gateway cannot be asked for pinholes; see NoFirewallError.
var (
	errNoFirewall = errors.New("it has no WANIPv6FirewallControl service")
	errNotSix     = errors.New("it is not reached by IPv6, from where alone it opens pinholes")
)

// firewall gives the type and the control URL of the service for pinholes. The error is a *NoFirewallError.
func (g *Gateway) firewall() (service, control string, err error) {
	var at *goupnp.Service
	g.Root.Device.VisitServices(func(s *goupnp.Service) {
		if at == nil && strings.Contains(strings.ToLower(s.ServiceType), ":wanipv6firewallcontrol:") && s.ControlURL.Ok {
			at = s
		}
	})
	if at == nil {
		return "", "", &NoFirewallError{Location: g.Location, Err: errNoFirewall}
	}
	u := at.ControlURL.URL
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.Unmap().Is4() {
		return at.ServiceType, u.String(), &NoFirewallError{Location: g.Location, Unreached: true, Err: errNotSix}
	}
	return at.ServiceType, u.String(), nil
}

// firewallAction runs one action of the firewall from one of our addresses; the zero Addr is the one that the routes choose.
func (g *Gateway) firewallAction(ctx context.Context, from netip.Addr, action string, in, out any) (*soap.Recording, error) {
	service, control, err := g.firewall()
	if err != nil {
		return nil, err
	}
	rec, err := g.run(ctx, call{service, control, action, from}, in, out)
	if err != nil {
		return rec, fmt.Errorf("%s: %w", action, err)
	}
	return rec, nil
}

// FirewallStatus asks whether the IPv6 firewall is on and may be opened. Errors of this and the other actions on pinholes: a *soap.Error with
// a code of WANIPv6FirewallControl:1, from 701 [soap.PinholeSpaceExhausted] to 709 [soap.NoTrafficReceived]; a *NoFirewallError; or
// what the network said.
func (g *Gateway) FirewallStatus(ctx context.Context) (FirewallStatus, error) {
	var out struct{ FirewallEnabled, InboundPinholeAllowed string }
	rec, err := g.firewallAction(ctx, netip.Addr{}, "GetFirewallStatus", nil, &out)
	if err != nil {
		return FirewallStatus{}, err
	}
	for _, v := range []struct{ name, value string }{{"FirewallEnabled", out.FirewallEnabled}, {"InboundPinholeAllowed", out.InboundPinholeAllowed}} {
		if v.value == "" || rec.Unknown(v.name) {
			return FirewallStatus{}, &ValueError{Action: "GetFirewallStatus", Argument: v.name, Value: v.value}
		}
	}
	return FirewallStatus{Enabled: truthy(out.FirewallEnabled), Inbound: truthy(out.InboundPinholeAllowed)}, nil
}

// truthy reads a boolean (UDA 1.1 §2.5).
func truthy(s string) bool {
	return s == "1" || strings.EqualFold(s, "true") || strings.EqualFold(s, "yes")
}

// AddPinhole opens a pinhole, or gives one that is the same a new lease, and returns its UniqueID.
func (g *Gateway) AddPinhole(ctx context.Context, p Pinhole) (uint16, error) {
	ends, err := p.ends()
	if err != nil {
		return 0, fmt.Errorf("add pinhole: %w", err)
	}
	seconds, err := pinholeSeconds("LeaseTime", p.Lease)
	if err != nil {
		return 0, fmt.Errorf("add pinhole: %w", err)
	}
	in := struct{ RemoteHost, RemotePort, InternalClient, InternalPort, Protocol, LeaseTime string }{
		ends.RemoteHost, ends.RemotePort, ends.InternalClient, ends.InternalPort, ends.Protocol, seconds,
	}
	var out struct{ UniqueID string }
	rec, err := g.firewallAction(ctx, p.InternalClient, "AddPinhole", &in, &out)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(out.UniqueID, 10, 16)
	if err != nil || rec.Unknown("UniqueID") {
		return 0, &ValueError{Action: "AddPinhole", Argument: "UniqueID", Value: out.UniqueID}
	}
	return uint16(id), nil
}

// UpdatePinhole gives a pinhole a new lease from now on. One that has ended is a *soap.Error with code 704.
func (g *Gateway) UpdatePinhole(ctx context.Context, p Pinhole, lease time.Duration) error {
	seconds, err := pinholeSeconds("NewLeaseTime", lease)
	if err != nil {
		return fmt.Errorf("update pinhole: %w", err)
	}
	in := struct{ UniqueID, NewLeaseTime string }{p.id(), seconds}
	_, err = g.firewallAction(ctx, p.InternalClient, "UpdatePinhole", &in, nil)
	return err
}

// DeletePinhole closes a pinhole. One that has ended is a *soap.Error with code 704.
func (g *Gateway) DeletePinhole(ctx context.Context, p Pinhole) error {
	in := struct{ UniqueID string }{p.id()}
	_, err := g.firewallAction(ctx, p.InternalClient, "DeletePinhole", &in, nil)
	return err
}

// PinholePackets tells how many packets have passed a pinhole.
func (g *Gateway) PinholePackets(ctx context.Context, p Pinhole) (uint32, error) {
	in := struct{ UniqueID string }{p.id()}
	var out struct{ PinholePackets string }
	if _, err := g.firewallAction(ctx, p.InternalClient, "GetPinholePackets", &in, &out); err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(out.PinholePackets, 10, 32)
	if err != nil {
		return 0, &ValueError{Action: "GetPinholePackets", Argument: "PinholePackets", Value: out.PinholePackets}
	}
	return uint32(n), nil
}

// CheckPinholeWorking tells whether a pinhole lets packets in. While none has come it is a *soap.Error with code 709, which says nothing
// of the pinhole; a gateway need not have the action, 602 or 401.
func (g *Gateway) CheckPinholeWorking(ctx context.Context, p Pinhole) (bool, error) {
	in := struct{ UniqueID string }{p.id()}
	var out struct{ IsWorking string }
	rec, err := g.firewallAction(ctx, p.InternalClient, "CheckPinholeWorking", &in, &out)
	if err != nil {
		return false, err
	}
	if out.IsWorking == "" || rec.Unknown("IsWorking") {
		return false, &ValueError{Action: "CheckPinholeWorking", Argument: "IsWorking", Value: out.IsWorking}
	}
	return truthy(out.IsWorking), nil
}

// OutboundPinholeTimeout tells how long the firewall lets answers in after something like p has gone out, without any pinhole. A gateway
// need not have the action.
func (g *Gateway) OutboundPinholeTimeout(ctx context.Context, p Pinhole) (time.Duration, error) {
	in, err := p.ends()
	if err != nil {
		return 0, fmt.Errorf("outbound pinhole timeout: %w", err)
	}
	var out struct{ OutboundPinholeTimeout string }
	if _, err := g.firewallAction(ctx, p.InternalClient, "GetOutboundPinholeTimeout", in, &out); err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseUint(out.OutboundPinholeTimeout, 10, 32)
	if err != nil {
		return 0, &ValueError{Action: "GetOutboundPinholeTimeout", Argument: "OutboundPinholeTimeout", Value: out.OutboundPinholeTimeout}
	}
	return time.Duration(seconds) * time.Second, nil
}

func (p Pinhole) id() string { return strconv.Itoa(int(p.ID)) }

// pinholeEnds are the arguments that identify a pinhole, in the order of the SCPD.
type pinholeEnds struct{ RemoteHost, RemotePort, InternalClient, InternalPort, Protocol string }

// ends checks what would be refused, and refuses the wildcards that open more than anybody wants.
func (p Pinhole) ends() (*pinholeEnds, error) {
	switch {
	case !p.InternalClient.Is6() || p.InternalClient.Is4In6() || !p.InternalClient.IsGlobalUnicast():
		return nil, &ArgumentError{"InternalClient", p.InternalClient.String(), "must be a global IPv6 address"}
	case p.RemoteHost.IsValid() && (!p.RemoteHost.Is6() || p.RemoteHost.Is4In6() || p.RemoteHost.IsUnspecified() || p.RemoteHost.IsMulticast()):
		return nil, &ArgumentError{"RemoteHost", p.RemoteHost.String(), "must be an IPv6 address"}
	case p.InternalPort == 0:
		return nil, &ArgumentError{"InternalPort", "0", "must be 1 to 65535"}
	case p.Protocol == 0 || p.Protocol > 255:
		return nil, &ArgumentError{"Protocol", strconv.Itoa(int(p.Protocol)), "must be 1 to 255, such as 6 (TCP) or 17 (UDP)"}
	}
	e := &pinholeEnds{RemotePort: strconv.Itoa(int(p.RemotePort)), InternalClient: p.InternalClient.WithZone("").String(),
		InternalPort: strconv.Itoa(int(p.InternalPort)), Protocol: strconv.Itoa(int(p.Protocol))}
	if p.RemoteHost.IsValid() {
		e.RemoteHost = p.RemoteHost.WithZone("").String()
	}
	return e, nil
}

func pinholeSeconds(argument string, lease time.Duration) (string, error) {
	seconds := (lease + time.Second - 1) / time.Second
	if seconds < 1 || lease > maxPinholeLease {
		return "", &ArgumentError{argument, lease.String(), "must be 1 s to 24 h"}
	}
	return strconv.Itoa(int(seconds)), nil
}

// NoFirewallError says that a gateway cannot be asked for pinholes.
type NoFirewallError struct {
	Location  string // of its description
	Unreached bool   // it has the service, and was not found at an IPv6 address
	Err       error
}

func (e *NoFirewallError) Error() string {
	return fmt.Sprintf("%s opens no IPv6 pinholes: %v", e.Location, e.Err)
}

// Unwrap gives the cause.
func (e *NoFirewallError) Unwrap() error { return e.Err }

// hostIsSix tells whether a URL names an IPv6 host.
func hostIsSix(location string) bool {
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Is6() && !a.Is4In6()
}
