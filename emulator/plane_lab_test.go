package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// In a lab the mapped port of the external address itself carries bytes. The peers here are on the LAN's host too, so that it is a
// hairpin as well.

const labWAN = "45.66.77.88"

// labMapper maps ports of the lab's gateway to its host.
type labMapper struct {
	t   *testing.T
	igd *internetgateway2.WANIPConnection2
}

func newLabMapper(t *testing.T) *labMapper {
	t.Helper()
	all, err := internetgateway2.NewWANIPConnection2ClientsByURLCtx(t.Context(), &url.URL{Scheme: "http", Host: "192.168.1.1:5000", Path: "/description.xml"})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d services, %v", len(all), err)
	}
	http.DefaultClient.CloseIdleConnections()
	all[0].SOAPClient.HTTPClient.Transport = &http.Transport{DisableKeepAlives: true}
	return &labMapper{t, all[0]}
}

func (m *labMapper) add(protocol string, port uint16, internal net.Addr) {
	m.t.Helper()
	to := netip.MustParseAddrPort(internal.String())
	if err := m.igd.AddPortMapping("", port, protocol, to.Port(), to.Addr().String(), true, "", 3600); err != nil {
		m.t.Fatal(err)
	}
}

func TestLabMappedTCP(t *testing.T) {
	labtest.Host(t, lab.Options{Spec: []byte("ports")}, func(t *testing.T) {
		m := newLabMapper(t)
		if _, err := net.Dial("tcp", labWAN+":8080"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("before it is mapped: %v", err)
		}
		l, err := net.Listen("tcp", "192.168.1.10:0")
		if err != nil {
			t.Fatal(err)
		}
		m.add("TCP", 8080, l.Addr())
		outer, err := net.Dial("tcp", labWAN+":8080")
		if err != nil {
			t.Fatal(err)
		}
		inner, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if from := inner.RemoteAddr().(*net.TCPAddr).IP.String(); from != "192.168.1.1" {
			t.Errorf("the program sees %s", from)
		}
		sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		go func() {
			outer.Write(sent)
			outer.(*net.TCPConn).CloseWrite()
		}()
		if got, err := io.ReadAll(inner); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d of %d bytes, %v", len(got), len(sent), err)
		}
		inner.Write([]byte("back"))
		inner.Close()
		if got, err := io.ReadAll(outer); err != nil || string(got) != "back" {
			t.Errorf("back: %q, %v", got, err)
		}

		// A dead port behind: the peer is reset.
		l.Close()
		outer, err = net.Dial("tcp", labWAN+":8080")
		if err == nil {
			_, err = outer.Read(make([]byte, 1))
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("to a dead port: %v", err)
		}
		if err := m.igd.DeletePortMapping("", 8080, "TCP"); err != nil {
			t.Fatal(err)
		}
		if _, err := net.Dial("tcp", labWAN+":8080"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after it was deleted: %v", err)
		}
	})
}

func TestLabMappedUDP(t *testing.T) {
	labtest.Host(t, lab.Options{Spec: []byte("ports")}, func(t *testing.T) {
		m := newLabMapper(t)
		inner, err := net.ListenPacket("udp", "192.168.1.10:0")
		if err != nil {
			t.Fatal(err)
		}
		m.add("UDP", 5001, inner.LocalAddr())
		outer, err := net.Dial("udp", labWAN+":5001")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "two"} {
			outer.Write([]byte(text))
			b := make([]byte, 64)
			inner.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, from, err := inner.ReadFrom(b)
			if err != nil || string(b[:n]) != text {
				t.Fatalf("%q, %v", b[:n], err)
			}
			inner.WriteTo(b[:n], from)
			outer.SetReadDeadline(time.Now().Add(5 * time.Second))
			if n, err := outer.Read(b); err != nil || string(b[:n]) != text {
				t.Fatalf("back: %q, %v", b[:n], err)
			}
		}
		if err := m.igd.DeletePortMapping("", 5001, "UDP"); err != nil {
			t.Fatal(err)
		}
		outer.Write([]byte("x"))
		if _, err := outer.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after it was deleted: %v", err)
		}
	})
}

// An external address that moves is one of the gateway's from then on, and the old one is not.
func TestLabExternalAddress(t *testing.T) {
	labtest.Host(t, lab.Options{Spec: []byte("ports, and the address moves with the first mapping")}, func(t *testing.T) {
		m := newLabMapper(t)
		l, err := net.Listen("tcp", "192.168.1.10:0")
		if err != nil {
			t.Fatal(err)
		}
		m.add("TCP", 8080, l.Addr())
		c, err := net.Dial("tcp", "198.51.100.9:8080")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if _, err := net.Dial("tcp", labWAN+":8080"); err == nil {
			t.Error("the old address is reached")
		}
	})
}

// labPorts is a gateway whose mapped ports are open in the lab.
func labPorts(ctx context.Context, s lab.Site) (io.Closer, error) {
	o := Options{LAN: s.LAN.Addr(), HTTPPort: 5000, SSDP: "off", ExternalIP: s.WAN, Plane: Plane{Mode: PlanePorts, Forwarding: s.Forwarding, Hold: s.Hold}}
	if string(s.Spec) != "ports" {
		moved := netip.MustParseAddr("198.51.100.9")
		var first Milestone
		if err := first.UnmarshalText([]byte("AddPortMapping#1")); err != nil {
			return nil, err
		}
		o.Timeline = []Moment{{After: first, Do: []Action{{WANAddress: &moved}}}}
	}
	g, err := New(ctx, o)
	if err != nil {
		return nil, err
	}
	return g, s.Report(json.RawMessage(`"ready"`))
}
