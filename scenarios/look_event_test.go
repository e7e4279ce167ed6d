package scenarios_test

import (
	"bufio"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/huin/goupnp"
)

// newspaper is what a subscriber gets: the variables of one event after the other.
type newspaper struct {
	s      *street
	events chan map[string]string
}

// subscribe makes the pc a subscriber of the first WANIPConnection.
func (s *street) subscribe() *newspaper {
	s.t.Helper()
	path := ""
	s.tree().VisitServices(func(v *goupnp.Service) {
		if path == "" && strings.Contains(v.ServiceType, ":WANIPConnection:") {
			path = v.EventSubURL.Str
		}
	})
	l, err := s.pc.Listen(s.t.Context(), netip.MustParseAddrPort("192.168.1.10:4004"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	n := &newspaper{s, make(chan map[string]string, 100)}
	go n.deliver(l)
	answer := s.send(s.pc, "SUBSCRIBE "+path+" HTTP/1.1\r\nHost: 192.168.1.1\r\nConnection: close\r\nCALLBACK: <http://192.168.1.10:4004/>\r\n"+
		"NT: upnp:event\r\nTIMEOUT: Second-1800\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		s.t.Fatalf("%.60q", answer)
	}
	return n
}

// deliver takes events, until l is closed.
func (n *newspaper) deliver(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			n.events <- properties(q.Body)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
		c.Close()
	}
}

// properties are the variables of a property set (UDA 1.1 §4.3.2).
func properties(r io.Reader) map[string]string {
	var set struct {
		Property []struct {
			Variable struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"property"`
	}
	all := map[string]string{}
	if err := xml.NewDecoder(r).Decode(&set); err != nil {
		all["error"] = err.Error()
	}
	for _, p := range set.Property {
		all[p.Variable.XMLName.Local] = p.Variable.Value
	}
	return all
}

// next is a variable in the next event that has it, within a minute; "silence" when none comes.
func (n *newspaper) next(variable string) string {
	n.s.t.Helper()
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	for {
		select {
		case e := <-n.events:
			if value, ok := e[variable]; ok {
				return value
			}
		case <-timer.C:
			return "silence"
		}
	}
}
