package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serve runs an echo server on the LAN's host: it answers each message with the sender's address and the message, so
// that both ways are proved and the server's view of the peer with them.
func (h *house) serve(t testing.TB, protocol string, port uint16) {
	t.Helper()
	h.serveAt(t, protocol, netip.AddrPortFrom(lanHost, port))
}

func (h *house) serveAt(t testing.TB, protocol string, local netip.AddrPort) {
	t.Helper()
	var listener io.Closer
	err := h.lan.Do(func() error {
		if protocol == "udp" {
			c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
			if err != nil {
				return err
			}
			listener = c
			go echoDatagrams(c)
			return nil
		}
		l, err := net.Listen("tcp", local.String())
		if err != nil {
			return err
		}
		listener = l
		go echoStreams(l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
}

func echoDatagrams(c *net.UDPConn) {
	for b := make([]byte, 2048); ; {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		_, _ = c.WriteToUDPAddrPort(fmt.Appendf(nil, "%v %s", from.Addr().Unmap(), b[:n]), from)
	}
}

func echoStreams(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			b := make([]byte, 2048)
			n, err := c.Read(b)
			if err != nil {
				return
			}
			from := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
			_, _ = c.Write(fmt.Appendf(nil, "%v %s", from, b[:n]))
		}()
	}
}

// exchange sends bytes from the WAN's host to a port of the gateway and waits for the echo.
func (h *house) exchange(protocol string, port uint16) error {
	return h.exchangeAt(protocol, netip.AddrPortFrom(wanGateway, port), wanHost)
}

// exchangeAt does so with any address, from the WAN's host by the address that it has for that.
func (h *house) exchangeAt(protocol string, to netip.AddrPort, from netip.Addr) error {
	var c net.Conn
	err := h.wan.Do(func() (err error) {
		d := net.Dialer{Timeout: 2 * time.Second}
		c, err = d.Dial(protocol, to.String())
		return err
	})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	message := fmt.Sprintf("from %v", c.LocalAddr())
	if _, err := io.WriteString(c, message); err != nil {
		return err
	}
	b := make([]byte, 2048)
	n, err := c.Read(b)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("%v %s", from, message); string(b[:n]) != want {
		return fmt.Errorf("echo %q, want %q", b[:n], want)
	}
	return nil
}

// open fails the test unless the WAN's host exchanges bytes with the server behind port.
func (h *house) open(t testing.TB, protocol string, port uint16) {
	t.Helper()
	if err := h.exchange(protocol, port); err != nil {
		t.Fatalf("%s port %d from the WAN: %v", protocol, port, err)
	}
}

// closed fails the test unless the gateway itself refuses port: that is what it does with ports that lead nowhere.
func (h *house) closed(t testing.TB, protocol string, port uint16) {
	t.Helper()
	if err := h.exchange(protocol, port); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("%s port %d from the WAN: %v, want it refused", protocol, port, err)
	}
}

// closes waits until port is refused, by trying: miniupnpd looks at its leases once in a while. Between its two rules for
// a port, translation and filter, a try may get no answer at all.
func (h *house) closes(t testing.TB, protocol string, port uint16, within time.Duration) {
	t.Helper()
	begin := time.Now()
	for {
		err := h.exchange(protocol, port)
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			t.Logf("%s port %d closed after %v", protocol, port, time.Since(begin))
			return
		case time.Since(begin) > within:
			t.Fatalf("%s port %d from the WAN after %v: %v, want it refused", protocol, port, time.Since(begin), err)
		}
	}
}

// entries lists the gateway's table in upnpc's words: protocol, external port and where it leads, description, …
func (h *house) entries(t testing.TB) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(h.run(t, "upnpc", "-u", description, "-l").stdout) {
		if f := strings.Fields(line); len(f) > 3 && (f[1] == "TCP" || f[1] == "UDP") {
			all = append(all, strings.Join(f[1:], " "))
		}
	}
	return all
}
