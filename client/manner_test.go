package client

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// picky is a control server that reads bytes: it answers requests whose head it accepts, and others with a refusal, or by hanging up when
// that is empty.
type picky struct {
	accepts func(head string, nth int) bool // nth counts from 1
	refusal string

	mu    sync.Mutex
	heads []string
	at    []time.Time
}

// listen serves at port 6000 of s until the test ends.
func (p *picky) listen(t *testing.T, s *stub) {
	l, err := s.host.Listen(t.Context(), netip.AddrPortFrom(s.addr, 6000))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.serve(c)
			c.Close()
		}
	}()
}

func (p *picky) serve(c net.Conn) {
	r := bufio.NewReader(c)
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		head.WriteString(line)
	}
	length := regexp.MustCompile(`(?i)content-length: (\d+)`).FindStringSubmatch(head.String())
	if length == nil {
		return
	}
	n, _ := strconv.Atoi(length[1])
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return
	}
	p.mu.Lock()
	p.heads, p.at = append(p.heads, head.String()), append(p.at, time.Now())
	nth := len(p.heads)
	p.mu.Unlock()
	if !p.accepts(head.String(), nth) {
		io.WriteString(c, p.refusal)
		return
	}
	m, _, err := soap.Parse(body, "", soap.Limits{})
	if err != nil {
		return
	}
	out, _ := connected("45.66.77.88")[m.Action].([]soap.Arg)
	answer := soap.WriteResponse(m.Service, m.Action, out)
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: "+strconv.Itoa(len(answer))+"\r\nConnection: close\r\n\r\n"+string(answer))
}

// Each rung of the ladder is what some gateway wants; it is climbed once, and remembered.
func TestManners(t *testing.T) {
	has := func(part string) func(string, int) bool {
		return func(head string, _ int) bool { return strings.Contains(head, part) }
	}
	for _, tt := range []struct {
		name    string
		accepts func(string, int) bool
		refusal string
		tries   int    // until the first answer
		quirk   string // that is told
	}{
		{"healthy", func(string, int) bool { return true }, "", 1, ""},
		{"M-POST", has("M-POST /ctl HTTP/1.1\r\n"), "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", 2, "soap-needs-mpost"},
		{"M-POST after 500", has("\r\n01-SOAPACTION: \"urn:"), "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", 2, "soap-needs-mpost"},
		{"HTTP/1.0", has("POST /ctl HTTP/1.0\r\n"), "HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n", 3, "soap-11-rejected"},
		{"spelling", has("\r\nSOAPACTION: \""), "HTTP/1.0 501 Not Implemented\r\n\r\n<html>non-script</html>", 4, "soap-header-case"},
		{"hangs up on the first", func(_ string, nth int) bool { return nth > 1 }, "", 2, "soap-drops-connections"},
		{"hangs up on HTTP/1.1", has(" HTTP/1.0\r\n"), "", 4, "soap-11-rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "router", "192.168.1.1/24")
				s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
				p := &picky{accepts: tt.accepts, refusal: tt.refusal}
				p.listen(t, s)
				g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
				if err != nil {
					t.Fatal(err)
				}
				if !g.Connected || g.External != netip.MustParseAddr("45.66.77.88") {
					t.Errorf("connected %v, address %v, %v", g.Connected, g.External, g.ProbeError)
				}
				if got := len(p.heads); got != tt.tries+1 { // the second question is put as the first was answered
					t.Errorf("%d requests, want %d:\n%s", got, tt.tries+1, strings.Join(p.heads, ""))
				}
				var want []string
				if tt.quirk != "" {
					want = []string{tt.quirk}
				}
				if diff := cmp.Diff(want, g.Quirks()); len(want)+len(g.Quirks()) > 0 && diff != "" {
					t.Errorf("quirks (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A gateway that has spoken SOAP is not asked in other manners when one action of it fails.
func TestMannerIsSettled(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		p := &picky{accepts: func(head string, _ int) bool { return !strings.Contains(head, "DeletePortMapping") }, refusal: "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}
		p.listen(t, s)
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		before := len(p.heads)
		if err := g.DeletePortMapping(t.Context(), Key{ExternalPort: 1, Protocol: "TCP"}); err == nil {
			t.Error("deleted")
		}
		if got := len(p.heads) - before; got != 1 {
			t.Errorf("%d requests, want 1", got)
		}
	})
}

// What opens another port each time it is heard is sent once, but where the answer says that it was not heard.
func TestAnyPortIsAskedOnce(t *testing.T) {
	for refusal, want := range map[string]int{
		"": 1,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello": 1,
		"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n":      4,
		"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n":      1,
		"HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n":      4,
		"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n":      1,
		"HTTP/1.1 504 No\r\nContent-Length: 0\r\n\r\n":      1,
		"HTTP/1.1 505 No\r\nContent-Length: 0\r\n\r\n":      4,
	} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			s := newStub(t, n, "router", "192.168.1.1/24")
			s.page("/desc.xml", description("uuid:router", "WANIPConnection:2", "http://192.168.1.1:6000/ctl"))
			p := &picky{accepts: func(string, int) bool { return false }, refusal: refusal}
			p.listen(t, s)
			g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
			if err != nil {
				t.Fatal(err)
			}
			if port, err := g.AddAnyPortMapping(t.Context(), rowOf(8080, "TCP", us, 8080, "x")); err == nil {
				t.Errorf("%q: opened %d", refusal, port)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			asked := 0
			for _, head := range p.heads {
				if strings.Contains(head, "#AddAnyPortMapping") {
					asked++
				}
			}
			if asked != want {
				t.Errorf("%q: asked %d times, want %d", refusal, asked, want)
			}
		})
	}
}

// Requests keep a distance once the gateway has hung up on one, and none before.
func TestSpacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		p := &picky{accepts: func(_ string, nth int) bool { return nth != 4 && nth != 6 && nth != 7 }}
		p.listen(t, s)
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			g.ExternalIP(t.Context()) // 3; 4 and again as 5; 6 and again as 7; 8
		}
		g.Status(t.Context()) // 9
		var gaps []time.Duration
		for i := 1; i < len(p.at); i++ {
			gaps = append(gaps, p.at[i].Sub(p.at[i-1]))
		}
		ms := time.Millisecond
		want := []time.Duration{0, 0, 0, 200 * ms, 200 * ms, 400 * ms, 400 * ms, 400 * ms}
		if diff := cmp.Diff(want, gaps); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
