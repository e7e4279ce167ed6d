package emulator_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

func TestSystemNetTCP(t *testing.T) {
	n := emulator.SystemNet()
	l, err := n.Listen(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.Dial(t.Context(), "tcp", netip.MustParseAddr("127.0.0.1"), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Error(err)
	}
	c.Close()
	if b, err := io.ReadAll(far); string(b) != "hello" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
	far.Close()
	l.Close()
	if c, err := n.Dial(t.Context(), "tcp", netip.Addr{}, l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial where nobody listens: %v, %v", c, err)
	}
}

func TestSystemNetUDP(t *testing.T) {
	n := emulator.SystemNet()
	for _, local := range []string{"127.0.0.1:0", "0.0.0.0:0", ""} {
		var addr netip.AddrPort
		if local != "" {
			addr = netip.MustParseAddrPort(local)
		}
		p, err := n.ListenPacket(t.Context(), addr)
		if err != nil {
			t.Errorf("%q: %v", local, err)
			continue
		}
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), p.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		c, err := n.Dial(t.Context(), "udp", netip.MustParseAddr("127.0.0.1"), to.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Error(err)
		}
		b := make([]byte, 16)
		p.SetReadDeadline(time.Now().Add(5 * time.Second))
		m, from, err := p.ReadFrom(b)
		if string(b[:m]) != "hello" || err != nil {
			t.Errorf("%q: read %q, %v", local, b[:m], err)
		} else if u, ok := from.(*net.UDPAddr); !ok || u.Port != c.LocalAddr().(*net.UDPAddr).Port {
			t.Errorf("%q: from %#v", local, from)
		}
		c.Close()
		p.Close()
	}
}

func TestSystemNetErrors(t *testing.T) {
	n := emulator.SystemNet()
	group := netip.MustParseAddrPort("239.255.255.250:19001")
	for name, open := range map[string]func() (io.Closer, error){
		"packet on another's address": func() (io.Closer, error) {
			return n.ListenPacket(t.Context(), netip.MustParseAddrPort("192.0.2.1:0"))
		},
		"listener on another's address": func() (io.Closer, error) {
			return n.Listen(t.Context(), netip.MustParseAddrPort("192.0.2.1:0"))
		},
		"group on another's address": func() (io.Closer, error) {
			return n.ListenGroup(t.Context(), netip.MustParseAddr("192.0.2.1"), group)
		},
		"no group": func() (io.Closer, error) {
			return n.ListenGroup(t.Context(), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddrPort("127.0.0.1:19001"))
		},
		"group of the other family": func() (io.Closer, error) {
			return n.ListenGroup(t.Context(), netip.MustParseAddr("::1"), group)
		},
	} {
		if c, err := open(); err == nil {
			c.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
