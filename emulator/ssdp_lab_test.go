package emulator

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gossdp "github.com/koron/go-ssdp"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// These tests use the real group on real sockets, in a network of their own. The second opinion is go-ssdp's.

const (
	labUDN    = "uuid:00000000-0000-4000-8000-00000000001a"
	rebootKey = 81 // a connection to this port of the gateway reboots it
)

func labAddr() netip.Addr { return netip.MustParseAddr("192.168.1.1") }

// labGateway is what runs on the lab's gateway: an ideal IGD:2 in the group, but for the faults that the spec names, and its
// reset button.
func labGateway(ctx context.Context, s lab.Site) (io.Closer, error) {
	if strings.HasPrefix(string(s.Spec), "ports") {
		return labPorts(ctx, s)
	}
	if string(s.Spec) == "internet" {
		return labInternet(ctx, s)
	}
	g, err := New(ctx, Options{Version: 2, LAN: s.LAN.Addr(), SSDP: "multicast", UDN: labUDN, Seed: 5, Faults: labFaults(string(s.Spec))})
	if err != nil {
		return nil, err
	}
	button, err := SystemNet().Listen(ctx, netip.AddrPortFrom(s.LAN.Addr(), rebootKey))
	if err != nil {
		g.Close()
		return nil, err
	}
	go func() {
		for {
			c, err := button.Accept()
			if err != nil {
				return
			}
			g.Reboot(Reboot{})
			c.Close()
		}
	}()
	return labDevice{g, button}, nil
}

type labDevice struct {
	*Gateway
	button net.Listener
}

func (d labDevice) Close() error {
	d.button.Close()
	return d.Gateway.Close()
}

// ideal is what an IGD:2 announces: UDA 1.1 §1.2.2. The embedded devices' UDNs are left out.
func ideal() []string {
	return []string{
		"upnp:rootdevice", labUDN,
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:device:WANConnectionDevice:2",
		"urn:schemas-upnp-org:device:WANDevice:2",
		"urn:schemas-upnp-org:service:Layer3Forwarding:1",
		"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1",
		"urn:schemas-upnp-org:service:WANIPConnection:2",
		"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
		"uuid", "uuid",
	}
}

func embeddedAlike(types []string) []string {
	for i, s := range types {
		if strings.HasPrefix(s, "uuid:") && s != labUDN {
			types[i] = "uuid"
		}
	}
	slices.Sort(types)
	return types
}

func TestLabGoSSDPSearch(t *testing.T) {
	labtest.Host(t, lab.Options{}, func(t *testing.T) {
		services, err := gossdp.Search(gossdp.All, 2, "")
		if err != nil {
			t.Fatal(err)
		}
		want := ideal()
		slices.Sort(want)
		var types []string
		for _, s := range services {
			types = append(types, s.Type)
			if !strings.HasPrefix(s.Location, "http://192.168.1.1:") || s.MaxAge() != 1800 || s.Server == "" || !strings.HasPrefix(s.USN, "uuid:") {
				t.Errorf("go-ssdp read %+v", s)
			}
		}
		if d := cmp.Diff(want, embeddedAlike(types)); d != "" {
			t.Errorf("go-ssdp found (-want +got):\n%s", d)
		}
	})
}

func TestLabGoSSDPMonitor(t *testing.T) {
	labtest.Host(t, lab.Options{}, func(t *testing.T) {
		said := make(chan string, 64)
		m := &gossdp.Monitor{
			Alive: func(m *gossdp.AliveMessage) {
				if m.MaxAge() != 1800 || !strings.HasPrefix(m.Location, "http://192.168.1.1:") || m.From.String() != "192.168.1.1:1900" {
					t.Errorf("go-ssdp heard %+v from %v", m, m.From)
				}
				said <- "alive " + m.Type
			},
			Bye: func(m *gossdp.ByeMessage) { said <- "byebye " + m.Type },
		}
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		button, err := net.Dial("tcp", netip.AddrPortFrom(labAddr(), rebootKey).String())
		if err != nil {
			t.Fatal(err)
		}
		defer button.Close()
		want := ideal()
		slices.Sort(want)
		got := map[string][]string{} // Monitor hands messages over in any order
		for range 2 * len(want) {
			select {
			case s := <-said:
				kind, name, _ := strings.Cut(s, " ")
				got[kind] = append(got[kind], name)
			case <-time.After(10 * time.Second):
				t.Fatalf("no more announcements after %v", got)
			}
		}
		for _, kind := range []string{"byebye", "alive"} {
			if d := cmp.Diff(want, embeddedAlike(got[kind])); d != "" {
				t.Errorf("%s (-want +got):\n%s", kind, d)
			}
		}
	})
}

// TestLabUnicast asks the addresses of the gateway one after the other: only the one that it serves answers.
func TestLabUnicast(t *testing.T) {
	labtest.Host(t, lab.Options{}, func(t *testing.T) {
		c, err := SystemNet().ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.10:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// Datagrams keep their order on this wire: what is not answered first is never answered.
		for _, q := range []struct{ to, st string }{{"45.66.77.88:1900", labUDN}, {"192.168.1.1:1900", ssdp.RootDevice}} {
			b := ssdp.Search{Host: q.to, ST: q.st}.Append(nil)
			if _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(q.to))); err != nil {
				t.Fatal(err)
			}
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		b := make([]byte, 2048)
		n, from, err := c.ReadFrom(b)
		if err != nil || from.String() != "192.168.1.1:1900" {
			t.Fatalf("reply %q from %v: %v", b[:n], from, err)
		}
		if m, err := ssdp.Parse(b[:n]); err != nil || m.ST != ssdp.RootDevice {
			t.Errorf("the first reply is %q, %v", b[:n], err)
		}
	})
}
