package client_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// tunnelled is a host with an interface into a VPN, which came up last. through tells whether what is for the Internet goes through it.
type tunnelled struct {
	turning
	name    string
	through bool
}

var tunnelAddr = netip.MustParsePrefix("10.8.0.2/24")

func (h tunnelled) Interfaces() ([]net.Interface, error) {
	all, err := h.turning.Interfaces()
	return append(all, net.Interface{Index: 9, Name: h.name, Flags: net.FlagUp | net.FlagPointToPoint}), err
}

func (h tunnelled) Addrs(ifi net.Interface) ([]netip.Prefix, error) {
	if ifi.Name == h.name {
		return []netip.Prefix{tunnelAddr}, nil
	}
	return h.turning.Addrs(ifi)
}

// A tunnel needs no next hop.
func (h tunnelled) DefaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	if ifi.Name == h.name {
		return nil, nil
	}
	return h.turning.DefaultGateways(ifi)
}

func (h tunnelled) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	c, err := h.turning.Dial(ctx, network, local, address)
	if err == nil && network == "udp4" && !local.IsValid() && h.through {
		return tunnelledConn{c}, nil
	}
	return c, err
}

type tunnelledConn struct{ net.Conn }

func (tunnelledConn) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(tunnelAddr.Addr(), 40000))
}

// Where what is for the Internet goes is what the system says, whatever the default routes are.
func TestDiagnoseWayOut(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tunnel  tunnelled
		machine client.Machine
		out     string
		problem client.Problem
	}{
		{name: "a VPN that takes everything", tunnel: tunnelled{name: "wg0", through: true}, out: "wg0", problem: client.ProblemVPNRoute},
		{name: "a VPN beside", tunnel: tunnelled{name: "wg0"}, out: "eth0"},
		{name: "a VPN in a container", tunnel: tunnelled{name: "wg0", through: true}, machine: client.Machine{Container: "docker"}, out: "wg0", problem: client.ProblemVPNRoute},
		{name: "another uplink", tunnel: tunnelled{name: "wwan0", through: true}, out: "wwan0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{})
				tt.tunnel.turning = turning{h.pc}
				_, checks := findings(t, client.Options{Net: tt.tunnel}, client.Diagnosis{Machine: &tt.machine, ReadOnly: true})
				c := checks[0]
				e := c.Evidence.(*client.NetworkEvidence)
				if c.Problem != tt.problem || e.Out.Name != tt.out || e.Interfaces[0].Name != tt.out {
					t.Errorf("%q, by %+v, first of %+v", c.Problem, e.Out, e.Interfaces)
				}
			})
		})
	}
}

// A machine on no network, or with nothing up but a VPN, says so instead of that no gateway answers.
func TestFindWithoutNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		h.pc.SetDown(true)
		if _, err := client.Find(t.Context(), client.Options{Net: h.pc}); !errors.Is(err, client.ErrNoNetwork) || !errors.Is(err, client.ErrNoGateway) {
			t.Errorf("with the cable out: %v", err)
		}
		h.pc.SetDown(false)
		h.router.SetDown(true)
		for name, want := range map[string]bool{"eth0": false, "wg0": true} {
			_, err := client.Find(t.Context(), client.Options{Net: renamed{h.pc, name}})
			if e, ok := errors.AsType[*client.DiscoveryError](err); !ok || e.VPN != want {
				t.Errorf("with nothing up but %s: %v", name, err)
			}
		}
	})
}

// renamed is a host whose only interface has another name.
type renamed struct {
	*emulator.Host
	name string
}

func (h renamed) Interfaces() ([]net.Interface, error) {
	all, err := h.Host.Interfaces()
	for i := range all {
		if all[i].Name == "eth0" {
			all[i].Name = h.name
		}
	}
	return all, err
}
