package client_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// gagged is a host whose own packet filter keeps in what keeps tells, as Linux says it.
type gagged struct {
	turning
	keeps func(to netip.AddrPort) bool
}

func (g gagged) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := g.turning.ListenPacket(ctx, local)
	return gaggedConn{c, g.keeps}, err
}

type gaggedConn struct {
	net.PacketConn
	keeps func(to netip.AddrPort) bool
}

func (c gaggedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.keeps(to.(*net.UDPAddr).AddrPort()) {
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: to, Err: os.NewSyscallError("sendto", syscall.EPERM)}
	}
	return c.PacketConn.WriteTo(b, to)
}

// What this machine itself does not let out is told as such, with what it was; and only that.
func TestKeptIn(t *testing.T) {
	everything := func(netip.AddrPort) bool { return true }
	group := func(to netip.AddrPort) bool { return to.Addr().IsMulticast() }
	direct := func(to netip.AddrPort) bool { return !to.Addr().IsMulticast() }
	for _, tt := range []struct {
		name  string
		keeps func(netip.AddrPort) bool
		off   bool // the router is silent
		named string
		to    string // what the error of Find says was kept in; "": a gateway is found
		found []string
	}{
		{name: "everything", keeps: everything, to: "192.168.1.1:1900", found: []string{
			"multicast: faulty, kept in", "unicast: faulty, kept in", "firewall: faulty, kept in", "description: faulty, not found"}},
		{name: "everything, to a gateway that is named", keeps: everything, named: "192.168.1.1", to: "192.168.1.1:1900", found: []string{
			"multicast: skipped, not searched", "unicast: faulty, kept in", "firewall: faulty, kept in", "description: faulty, not found"}},
		{name: "multicast", keeps: group, found: []string{"multicast: faulty, kept in", "firewall: doubtful, kept in"}},
		{name: "multicast, and the router is silent", keeps: group, off: true, to: "239.255.255.250:1900", found: []string{
			"multicast: faulty, kept in", "unicast: faulty, no answer", "firewall: faulty, kept in", "description: faulty, not found"}},
		{name: "unicast", keeps: direct, found: []string{"unicast: faulty, kept in", "firewall: doubtful, kept in"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{})
				h.router.Blackhole(tt.off)
				o := client.Options{Net: gagged{turning{h.pc}, tt.keeps}, Gateway: tt.named}
				_, err := client.Find(t.Context(), o)
				kept, ok := errors.AsType[*client.OutboundError](err)
				if ok != (tt.to != "") || ok && kept.To != tt.to || ok && !errors.Is(err, syscall.EPERM) {
					t.Errorf("Find: %v", err)
				}
				found, checks := findings(t, o, client.Diagnosis{Machine: &client.Machine{FirewallsKnown: true}})
				if diff := cmp.Diff(tt.found, found); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				for _, c := range checks {
					if e, ok := c.Evidence.(*client.FirewallEvidence); ok && e.KeptIn == nil {
						t.Error("the firewall's evidence does not say what was kept in")
					}
				}
			})
		})
	}
}

// A refused connection or an unreachable network is no work of this machine; a TCP connection that it forbids is.
func TestKeptInConnections(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EPERM: true, syscall.EACCES: true, syscall.Errno(10013): true, // WSAEACCES
		syscall.ENETUNREACH: false, syscall.EHOSTUNREACH: false, syscall.ECONNREFUSED: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{})
			_, got := client.Find(t.Context(), client.Options{Net: noDial{h.pc, err}, Gateway: h.Location()})
			kept, is := errors.AsType[*client.OutboundError](got)
			if is != want || is && kept.Multicast() || !errors.Is(got, err) {
				t.Errorf("%v: %v", err, got)
			}
		})
	}
}

// noDial is a host that lets no connection out.
type noDial struct {
	*emulator.Host
	err error
}

func (h noDial) Dial(context.Context, string, netip.Addr, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", h.err)}
}
