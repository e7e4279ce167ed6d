package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// natLab runs body on the host of a lab whose gateway translates.
func natLab(t *testing.T, body func(t *testing.T, m *labMapper)) {
	t.Helper()
	labtest.Host(t, lab.Options{Spec: []byte("internet")}, func(t *testing.T) {
		if desk(t, "nat", nil) != "true" {
			labtest.Skip(t, "the kernel lets nobody translate addresses")
		}
		body(t, newLabMapper(t))
	})
}

// tellSource answers everybody on l with the address from which they came.
func tellSource(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		io.WriteString(c, host)
		c.Close()
	}
}

func listenInLab(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "192.168.1.10:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair is a connection through port, both ends.
func pair(t *testing.T, l net.Listener, port string) (outer, inner *net.TCPConn) {
	t.Helper()
	c, err := net.Dial("tcp", labWAN+":"+port)
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn), a.(*net.TCPConn)
}

// readError reads from c until it fails.
func readError(c net.Conn) error {
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err := io.Copy(io.Discard, c)
	return err
}

func TestLabNATRefuses(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		m.add("TCP", 8080, l.Addr())
		l.Close()
		if _, err := net.Dial("tcp", labWAN+":8080"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("to a dead port: %v", err)
		}
		if got := knockFromPeer(t, labWAN+":8080"); got != "refused" {
			t.Errorf("to a dead port from the Internet: %s", got)
		}
		u, err := net.ListenPacket("udp", "192.168.1.10:0")
		if err != nil {
			t.Fatal(err)
		}
		m.add("UDP", 5001, u.LocalAddr())
		u.Close()
		c, err := net.Dial("udp", labWAN+":5001")
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("x"))
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("to a dead port by UDP: %v", err)
		}
	})
}

func TestLabNATResets(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		m.add("TCP", 8080, l.Addr())
		outer, inner := pair(t, l, "8080")
		outer.SetLinger(0)
		outer.Close()
		if err := readError(inner); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the program reads %v", err)
		}
		outer, inner = pair(t, l, "8080")
		inner.SetLinger(0)
		inner.Close()
		if err := readError(outer); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer reads %v", err)
		}
	})
}

func TestLabNATTrueSource(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		go tellSource(l)
		m.add("TCP", 8080, l.Addr())
		if got := knockFromPeer(t, labWAN+":8080"); got != labPeer {
			t.Errorf("the program sees %s", got)
		}
		if got := knockFromPeer(t, labWAN+":8081"); got != "refused" {
			t.Errorf("a port that is not mapped: %s", got)
		}
	})
}

// The more exact mapping goes first, whichever is older.
func TestLabNATRemoteHost(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		go tellSource(l)
		port := netip.MustParseAddrPort(l.Addr().String()).Port()
		add := func(remote string, external, internal uint16) {
			t.Helper()
			if err := m.igd.AddPortMapping(remote, external, "TCP", internal, "192.168.1.10", true, "", 3600); err != nil {
				t.Fatal(err)
			}
		}
		add(labPeer, 8080, port)
		if got := knockFromPeer(t, labWAN+":8080"); got != labPeer {
			t.Errorf("the remote host hears %q", got)
		}
		if _, err := net.Dial("tcp", labWAN+":8080"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("somebody else: %v", err)
		}
		dead := listenInLab(t)
		dead.Close()
		add("", 9090, netip.MustParseAddrPort(dead.Addr().String()).Port())
		add(labPeer, 9090, port)
		if got := knockFromPeer(t, labWAN+":9090"); got != labPeer {
			t.Errorf("the remote host of one of two hears %q", got)
		}
		if _, err := net.Dial("tcp", labWAN+":9090"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the dead one of two: %v", err)
		}
		if err := m.igd.DeletePortMapping(labPeer, 8080, "TCP"); err != nil {
			t.Fatal(err)
		}
		add("198.51.100.7", 8080, port)
		if got := knockFromPeer(t, labWAN+":8080"); got != "refused" {
			t.Errorf("somebody else hears %q", got)
		}
	})
}

// What ends a mapping ends the connections through it, for both sides.
func TestLabNATEnds(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		port := netip.MustParseAddrPort(l.Addr().String()).Port()
		for _, tt := range []struct {
			name  string
			lease uint32
			end   func() error
		}{
			{"delete", 3600, func() error { return m.igd.DeletePortMapping("", 8080, "TCP") }},
			{"expiry", 1, func() error { return nil }},
			{"disabled", 3600, func() error {
				return m.igd.AddPortMapping("", 8080, "TCP", port, "192.168.1.10", false, "", 3600)
			}},
			{"connection down", 3600, func() error { desk(t, "do", url.Values{"what": {"Disconnected"}}); return nil }},
		} {
			if err := m.igd.AddPortMapping("", 8080, "TCP", port, "192.168.1.10", true, "", tt.lease); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			outer, inner := pair(t, l, "8080")
			if err := tt.end(); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			peer, program := endings(outer, inner)
			if !errors.Is(peer, syscall.ECONNRESET) || !errors.Is(program, syscall.ECONNRESET) {
				t.Errorf("%s: the peer: %v; the program: %v", tt.name, peer, program)
			}
			if _, err := net.Dial("tcp", labWAN+":8080"); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: connecting again: %v", tt.name, err)
			}
		}
		desk(t, "do", url.Values{"what": {"Connected"}})
		outer, inner := pair(t, l, "8080") // the mapping was there all the time
		outer.Close()
		inner.Close()
		desk(t, "do", url.Values{"what": {"reboot"}})
		outer, inner = pair(t, l, "8080")
		outer.Close()
		inner.Close()
	})
}

// endings are what both ends hear when it is over.
func endings(outer, inner *net.TCPConn) (peer, program error) {
	over := make(chan error, 1)
	go func() { over <- readError(inner) }()
	return readError(outer), <-over
}

// The peer on the Internet hears of it too.
func TestLabNATEndsThere(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		m.add("TCP", 8080, l.Addr())
		heard := make(chan string, 1)
		go func() { heard <- knockFromPeer(t, labWAN+":8080") }()
		inner, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.igd.DeletePortMapping("", 8080, "TCP"); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != "reset" {
			t.Errorf("the peer hears %s", got)
		}
		if err := readError(inner); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the program: %v", err)
		}
	})
}

func TestLabNATUpdated(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		first, second := listenInLab(t), listenInLab(t)
		m.add("TCP", 8080, first.Addr())
		outer, inner := pair(t, first, "8080")
		m.add("TCP", 8080, first.Addr()) // renewed
		if _, err := io.WriteString(outer, "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(inner, make([]byte, 1)); err != nil {
			t.Errorf("a renewal: %v", err)
		}
		m.add("TCP", 8080, second.Addr())
		pair(t, second, "8080")
		if peer, program := endings(outer, inner); !errors.Is(peer, syscall.ECONNRESET) || !errors.Is(program, syscall.ECONNRESET) {
			t.Errorf("after it leads elsewhere: the peer: %v; the program: %v", peer, program)
		}
	})
}

func TestLabNATAllPorts(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		go tellSource(l)
		if err := m.igd.AddPortMapping("", 0, "TCP", 2000, "192.168.1.10", true, "", 3600); err != nil {
			t.Fatal(err)
		}
		port := netip.MustParseAddrPort(l.Addr().String()).Port()
		if got := knockFromPeer(t, fmt.Sprintf("%s:%d", labWAN, port)); got != labPeer {
			t.Errorf("the program sees %s", got)
		}
	})
}

// With faults to ask about connections the sockets take over, until they are gone.
func TestLabNATGivesWay(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		l := listenInLab(t)
		go tellSource(l)
		m.add("TCP", 8080, l.Addr())
		var seen []string
		for _, what := range []string{"fault", "cure"} {
			seen = append(seen, knockFromPeer(t, labWAN+":8080"))
			desk(t, "do", url.Values{"what": {what}})
		}
		seen = append(seen, knockFromPeer(t, labWAN+":8080"))
		if diff := cmp.Diff([]string{labPeer, "192.168.1.1", labPeer}, seen); diff != "" {
			t.Errorf("the program sees (-want +got):\n%s", diff)
		}
	})
}

func TestLabNATCounts(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		all, err := internetgateway2.NewWANCommonInterfaceConfig1ClientsByURLCtx(t.Context(), &url.URL{Scheme: "http", Host: "192.168.1.1:5000", Path: "/description.xml"})
		if err != nil || len(all) != 1 {
			t.Fatalf("%d services, %v", len(all), err)
		}
		http.DefaultClient.CloseIdleConnections()
		all[0].SOAPClient.HTTPClient.Transport = &http.Transport{DisableKeepAlives: true}
		l := listenInLab(t)
		m.add("TCP", 8080, l.Addr())
		outer, inner := pair(t, l, "8080")
		const up, down = 1000, 300_000
		go func() {
			inner.Write(bytes.Repeat([]byte("x"), up))
			inner.CloseWrite()
		}()
		if got, err := io.ReadAll(outer); err != nil || len(got) != up {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		go func() {
			outer.Write(bytes.Repeat([]byte("x"), down))
			outer.Close()
		}()
		if got, err := io.ReadAll(inner); err != nil || len(got) != down {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		// Acknowledgements and headers are counted too.
		check := func(when string) {
			t.Helper()
			sent, err := all[0].GetTotalBytesSent()
			if err != nil || sent < up || sent > up+down/10 {
				t.Errorf("%s: %d bytes sent, %v", when, sent, err)
			}
			received, err := all[0].GetTotalBytesReceived()
			if err != nil || received < down || received > down*11/10 {
				t.Errorf("%s: %d bytes received, %v", when, received, err)
			}
			packets, err := all[0].GetTotalPacketsReceived()
			if err != nil || packets < 4 {
				t.Errorf("%s: %d packets received, %v", when, packets, err)
			}
		}
		check("mapped")
		if err := m.igd.DeletePortMapping("", 8080, "TCP"); err != nil {
			t.Fatal(err)
		}
		check("deleted")
	})
}

// A gateway that is down forwards nothing, whoever has begun it; then hosts go on where they were, and begin anew.
func TestLabNATPower(t *testing.T) {
	natLab(t, func(t *testing.T, m *labMapper) {
		echo := func(c net.Conn, patience time.Duration) error {
			c.SetDeadline(time.Now().Add(patience))
			if _, err := c.Write([]byte("x")); err != nil {
				return err
			}
			_, err := io.ReadFull(c, make([]byte, 1))
			return err
		}
		old, err := net.Dial("tcp", labPeer+":7")
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		if err := echo(old, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		l := listenInLab(t)
		m.add("TCP", 8080, l.Addr())
		outer, inner := pair(t, l, "8080")
		desk(t, "do", url.Values{"what": {"down"}})
		if peer, program := endings(outer, inner); !errors.Is(peer, syscall.ECONNRESET) || !errors.Is(program, syscall.ECONNRESET) {
			t.Errorf("a connection through a mapped port: the peer: %v; the program: %v", peer, program)
		}
		if err := echo(old, 300*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a connection while the gateway is down: %v", err)
		}
		_, err = net.DialTimeout("tcp", labPeer+":7", 300*time.Millisecond)
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("another one: %v", err)
		}
		desk(t, "do", url.Values{"what": {"reboot"}})
		if err := echo(old, 10*time.Second); err != nil {
			t.Errorf("the connection when it is up again: %v", err)
		}
		c, err := net.DialTimeout("tcp", labPeer+":7", 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := echo(c, 5*time.Second); err != nil {
			t.Errorf("a new connection: %v", err)
		}
	})
}
