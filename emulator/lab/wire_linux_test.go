package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/nat"
)

// tools are what the tests run on hosts: this binary itself, with the name of one as its argument.
func tools() map[string]func(args []string) error {
	all := measure()
	all["udp-mirror"], all["udp-ask"], all["udp-spray"] = udpMirror, udpAsk, udpSpray
	return all
}

func tool(name string, args ...string) []string {
	return append([]string{"/proc/self/exe", name}, args...)
}

// udpMirror tells everybody from where their datagram came, and how long it was.
func udpMirror(args []string) error {
	c, err := net.ListenPacket("udp4", args[0])
	if err != nil {
		return err
	}
	for b := make([]byte, 1<<16); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return err
		}
		answer := fmt.Sprintf("%v %d", from, n)
		if _, err := c.WriteTo([]byte(answer), from); err != nil {
			return err
		}
	}
}

// udpAsk asks mirrors from one port, with so many bytes, and prints what they say.
func udpAsk(args []string) error {
	c, err := net.ListenPacket("udp4", args[0])
	if err != nil {
		return err
	}
	var size int
	fmt.Sscan(args[1], &size)
	for _, to := range args[2:] {
		at := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))
		if _, err := c.WriteTo(make([]byte, size), at); err != nil {
			return err
		}
		if err := c.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
			return err
		}
		b := make([]byte, 1<<10)
		n, from, err := c.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			fmt.Println(to, "is silent")
			continue
		}
		if err != nil {
			return err
		}
		fmt.Printf("%v says %s\n", from, b[:n])
	}
	return nil
}

// udpSpray sends a datagram to every port of a host that the kernel gives away by itself.
func udpSpray(args []string) error {
	c, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	to := &net.UDPAddr{IP: net.ParseIP(args[0])}
	for to.Port = 32768; to.Port < 61000; to.Port++ {
		if _, err := c.WriteTo(nil, to); err != nil {
			return err
		}
	}
	return nil
}

// translators carry UDP for gateways by tables of package nat.
type translators struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

func (ts *translators) Close() error {
	ts.cancel()
	ts.wait.Wait()
	return nil
}

// startNAT makes every gateway a NAT. The spec is a behaviour; a gateway maps port 9000 to its first host.
func startNAT(ctx context.Context, s lab.Site, words string) (io.Closer, error) {
	b, err := nat.Parse(words)
	if err != nil {
		return nil, err
	}
	ts := &translators{}
	ctx, ts.cancel = context.WithCancel(ctx)
	for _, p := range s.Places {
		if p.Wire == nil {
			return ts, errors.New("the kernel does not carry UDP")
		}
		w, err := p.Wire()
		if err != nil {
			return ts, err
		}
		o := nat.Options{Behaviour: b}
		if b.Kind == nat.Translating {
			o.External = []netip.Addr{p.WAN}
		}
		table, err := nat.New(o)
		if err != nil {
			return ts, err
		}
		if p.Host.IsValid() && b.Kind == nat.Translating {
			s := nat.Static{External: netip.AddrPortFrom(p.WAN, 9000), Internal: netip.AddrPortFrom(p.Host, 9000)}
			if err := table.Map(time.Now(), s); err != nil {
				return ts, err
			}
		}
		ts.wait.Go(func() {
			_ = w.Carry(ctx, func(src, dst netip.AddrPort, outside bool, _ int) (netip.AddrPort, netip.AddrPort, time.Duration, bool) {
				if dst.Addr() == p.LAN.Addr() {
					fmt.Println("the wire got what is for the gateway")
				}
				ask := table.Out
				if outside {
					ask = table.In
				}
				to, v := ask(time.Now(), nat.Packet{Src: src, Dst: dst})
				return to.Src, to.Dst, 0, v.Passes()
			})
		})
	}
	return ts, nil
}

const mirror = "198.51.100.10:7000"

func mirrorHost() lab.Host {
	return lab.Host{Name: "mirror", Command: &lab.Command{Argv: tool("udp-mirror", "0.0.0.0:7000"), Background: true, Ready: "udp/7000"}}
}

func ask(after string, args ...string) *lab.Command {
	return &lab.Command{Argv: tool("udp-ask", args...), After: []string{after}}
}

func wan(last byte) netip.Addr { return netip.AddrFrom4([4]byte{45, 66, 77, last}) }

// TestWire has two homes of one prefix behind NATs, one of them behind a carrier's, and looks at them from the Internet.
func TestWire(t *testing.T) {
	said, _ := inNetwork(t, "nat:port-restricted,hairpin=external", lab.Network{
		Gateways: []lab.Gateway{
			{Name: "left", WAN: wan(1)},
			{Name: "cgnat", WAN: wan(2), LAN: netip.MustParsePrefix("100.64.0.1/10")},
			{Name: "right", WAN: netip.MustParseAddr("100.64.0.7"), Upstream: "cgnat"},
		},
		Hosts: []lab.Host{
			mirrorHost(),
			{Name: "one", Gateway: "left", Command: ask("mirror", "0.0.0.0:5000", "3", mirror, "45.66.77.1:9001")},
			{Name: "two", Gateway: "right", Command: ask("mirror", "0.0.0.0:5000", "5000", mirror)},
			{Name: "home-mirror", Gateway: "left", Addr: netip.MustParseAddr("192.168.1.20"),
				Command: &lab.Command{Argv: tool("udp-mirror", "0.0.0.0:9000"), Background: true, Ready: "udp/9000"}},
			{Name: "guest", Command: ask("home-mirror", "0.0.0.0:6000", "0", "45.66.77.1:9000", "45.66.77.1:5000")},
		},
	})
	for _, want := range []string{
		"one         | 198.51.100.10:7000 says 45.66.77.1:5000 3",
		"one         | 45.66.77.1:9001 is silent",
		"two         | 198.51.100.10:7000 says 45.66.77.2:5000 5000", // in fragments, through two NATs
		"guest       | 45.66.77.1:9000 is silent",                    // mapped to one, which does not listen there
		"guest       | 45.66.77.1:5000 is silent",
	} {
		if !strings.Contains(said, want+"\n") {
			t.Errorf("nobody said %q:\n%s", want, said)
		}
	}
}

// What is for the gateway itself never comes to the wire, whatever its port: not even to that of the socket that the wire reads.
func TestWireIsNobody(t *testing.T) {
	said, all := inNetwork(t, "nat:port-restricted", lab.Network{
		Gateways: []lab.Gateway{{Name: "home", WAN: wan(1)}},
		Hosts:    []lab.Host{{Name: "one", Gateway: "home", Command: &lab.Command{Argv: tool("udp-spray", "192.168.1.1")}}},
	})
	if said != "" || all[0].Failed() {
		t.Errorf("%+v\n%.200s", all, said)
	}
}
