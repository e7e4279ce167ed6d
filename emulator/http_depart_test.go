package emulator_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// arrival is what one Read gave and when. The end of a connection is one too: "EOF", "reset" or "open" after the time given.
type arrival struct {
	After time.Duration
	Data  string
}

// told reads c until it ends, at most for d.
func told(c net.Conn, d time.Duration) (all []arrival) {
	start := time.Now()
	c.SetReadDeadline(start.Add(d))
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if n > 0 {
			all = append(all, arrival{time.Since(start), string(b[:n])})
		}
		end := ""
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			end = "EOF"
		case errors.Is(err, syscall.ECONNRESET):
			end = "reset"
		case errors.Is(err, os.ErrDeadlineExceeded):
			end = "open"
		default:
			end = err.Error()
		}
		return append(all, arrival{time.Since(start), end})
	}
}

// broken is a gateway with faults in a bubble, and a host that can talk to it. DATE stands still.
func broken(t *testing.T, faults ...emulator.Fault) (*emulator.Gateway, *emulator.Host) {
	_, gateway, host := lan(t)
	return emulator.Start(t, emulator.Options{
		Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), HTTPPort: 5000, SSDP: "off", Version: 1, UDN: testUDN,
		Clock: emulator.NewClock(time.Unix(1e9, 0)), Faults: faults,
	}), host
}

func connect(t testing.TB, h *emulator.Host) net.Conn {
	t.Helper()
	c, err := h.Dial(t.Context(), "tcp", netip.Addr{}, "192.168.1.1:5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

const (
	getDescription = "GET /description.xml HTTP/1.1\r\nHost: 192.168.1.1:5000\r\n\r\n"
	wanIP          = "urn:schemas-upnp-org:service:WANIPConnection:1"
)

// post is a control request as bytes.
func post(action, args string) string {
	body := `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">` +
		`<s:Body><u:` + action + ` xmlns:u="` + wanIP + `">` + args + `</u:` + action + `></s:Body></s:Envelope>`
	return fmt.Sprintf("POST /control/WANIPConnection1 HTTP/1.1\r\nHost: 192.168.1.1:5000\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n"+
		"SOAPAction: \"%s#%s\"\r\n\r\n%s", len(body), wanIP, action, body)
}

// truth is the answer of a gateway without faults, in its head with the empty line and its body.
func truth(t *testing.T, request string) (head, body string) {
	_, h := broken(t)
	c := connect(t, h)
	io.WriteString(c, request)
	all := told(c, time.Second)
	if len(all) != 2 || all[1].Data != "open" {
		t.Fatalf("without faults: %v", all)
	}
	head, body, _ = strings.Cut(all[0].Data, "\r\n\r\n")
	return head + "\r\n\r\n", body
}

func text(s string) emulator.Setting { return emulator.Setting{Text: &s} }

func raw(s string) *emulator.Bytes { return new(emulator.Bytes(s)) }

func during(d time.Duration) emulator.Span { return emulator.Span{Min: d, Max: d} }

// Each verb and edit on its layer, seen as segments on the wire.
func TestHTTPFaults(t *testing.T) {
	type set = map[string]emulator.Setting
	const second, minute = time.Second, time.Minute
	longer := func(head, body string, by int) string {
		n := len(body)
		return strings.Replace(head, fmt.Sprintf("Content-Length: %d", n), fmt.Sprintf("Content-Length: %d", n+by), 1)
	}
	at := func(d time.Duration, data string) arrival { return arrival{d, data} }
	const gap = 20 * time.Millisecond
	tests := []struct {
		name string
		on   emulator.Layer
		do   emulator.Deed
		want func(head, body string) []arrival
	}{
		{"close", "tcp.accept", emulator.Deed{Close: emulator.FIN}, func(_, _ string) []arrival { return []arrival{at(0, "EOF")} }},
		{"reset", "tcp.accept", emulator.Deed{Close: emulator.RST}, func(_, _ string) []arrival { return []arrival{at(0, "reset")} }},
		{"hang", "tcp.accept", emulator.Deed{Hang: true}, func(_, _ string) []arrival { return []arrival{at(10*time.Minute, "EOF")} }},
		{"delay", "tcp.accept", emulator.Deed{Delay: during(second)}, func(head, body string) []arrival { return []arrival{at(second, head+body), at(31*second, "EOF")} }},
		{"late close", "tcp.accept", emulator.Deed{Delay: during(second), Close: emulator.FIN}, func(_, _ string) []arrival { return []arrival{at(second, "EOF")} }},

		{"drop", "http.request", emulator.Deed{Drop: true}, func(_, _ string) []arrival { return []arrival{at(0, "EOF")} }},
		{"close", "http.request", emulator.Deed{Close: emulator.FIN}, func(_, _ string) []arrival { return []arrival{at(0, "EOF")} }},
		{"reset", "http.request", emulator.Deed{Close: emulator.RST}, func(_, _ string) []arrival { return []arrival{at(0, "reset")} }},
		{"hang", "http.request", emulator.Deed{Hang: true}, func(_, _ string) []arrival { return []arrival{at(10*time.Minute, "EOF")} }},
		{"delay", "http.request", emulator.Deed{Delay: during(second)}, func(head, body string) []arrival { return []arrival{at(second, head+body), at(31*second, "EOF")} }},
		{"late reset", "http.request", emulator.Deed{Delay: during(second), Close: emulator.RST}, func(_, _ string) []arrival { return []arrival{at(second, "reset")} }},
		{"status", "http.request", emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 503}}, func(_, _ string) []arrival {
			return []arrival{at(0, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), at(30*second, "EOF")}
		}},
		{"status with a page", "http.request", emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 501, Reason: "no way", Body: "<p>"}}, func(_, _ string) []arrival {
			return []arrival{at(0, "HTTP/1.1 501 no way\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"), at(30*second, "EOF")}
		}},

		{"set", "http.head", emulator.Deed{Set: set{"Server": text("x/1"), "ext": text("1"), "X-Y": text(""), "Z": text("z")}}, func(head, body string) []arrival {
			head = regexp.MustCompile(`Server: [^\r]*`).ReplaceAllString(head, "Server: x/1")
			head = strings.Replace(head, "Ext:\r\n", "Ext: 1\r\n", 1)
			return []arrival{at(0, strings.TrimSuffix(head, "\r\n")+"X-Y:\r\nZ: z\r\n\r\n"+body), at(30*second, "EOF")}
		}},
		{"start line", "http.head", emulator.Deed{Set: set{"start-line": text("http/1.0 200OK")}}, func(head, body string) []arrival {
			return []arrival{at(0, strings.Replace(head, "HTTP/1.1 200 OK", "http/1.0 200OK", 1)+body), at(30*second, "EOF")}
		}},
		{"rename", "http.head", emulator.Deed{Rename: map[string]string{"content-LENGTH": "content-length"}}, func(head, body string) []arrival {
			return []arrival{at(0, strings.Replace(head, "Content-Length", "content-length", 1)+body), at(30*second, "EOF")}
		}},
		{"no length ends the connection", "http.head", emulator.Deed{Remove: []string{"Content-Length"}}, func(head, body string) []arrival {
			return []arrival{at(0, strings.Replace(head, fmt.Sprintf("Content-Length: %d\r\n", len(body)), "", 1)+body), at(0, "EOF")}
		}},
		{"an end that is announced", "http.head", emulator.Deed{Set: set{"Connection": text("close")}}, func(head, body string) []arrival {
			return []arrival{at(0, strings.TrimSuffix(head, "\r\n")+"Connection: close\r\n\r\n"+body), at(0, "EOF")}
		}},
		{"chunks", "http.head", emulator.Deed{Set: set{"Transfer-Encoding": text("chunked")}, Remove: []string{"Content-Length"}}, func(head, body string) []arrival {
			head = strings.Replace(head, fmt.Sprintf("Content-Length: %d\r\n", len(body)), "Transfer-Encoding: chunked\r\n", 1)
			for ; len(body) > 1024; body = body[1024:] {
				head += "400\r\n" + body[:1024] + "\r\n"
			}
			return []arrival{at(0, head+fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)), at(30*second, "EOF")}
		}},
		{"bytes", "http.head", emulator.Deed{Prefix: raw("\r\n"), Replace: []emulator.Replacement{{Find: ": ", Text: new(":")}}}, func(head, body string) []arrival {
			return []arrival{at(0, "\r\n"+strings.ReplaceAll(head, ": ", ":")+body), at(30*second, "EOF")}
		}},
		{"delay", "http.head", emulator.Deed{Delay: during(second)}, func(head, body string) []arrival { return []arrival{at(second, head+body), at(31*second, "EOF")} }},
		{"split", "http.head", emulator.Deed{Split: []int{8, 4}}, func(head, body string) []arrival {
			return []arrival{at(0, head[:8]), at(gap, head[8:12]), at(2*gap, head[12:]+body), at(2*gap+30*second, "EOF")}
		}},
		{"instead of the answer", "http.head", emulator.Deed{Delay: during(second), Close: emulator.RST}, func(_, _ string) []arrival { return []arrival{at(second, "reset")} }},
		{"drop", "http.head", emulator.Deed{Drop: true}, func(_, _ string) []arrival { return []arrival{at(0, "EOF")} }},
		{"hang", "http.head", emulator.Deed{Hang: true}, func(_, _ string) []arrival { return []arrival{at(10*time.Minute, "EOF")} }},

		{"replace", "http.body", emulator.Deed{Replace: []emulator.Replacement{{Find: "<root", Hex: raw("<R\xff")}, {Find: "</root>", Text: new("")}}}, func(head, body string) []arrival {
			return []arrival{at(0, longer(head, body, -9)+strings.Replace(strings.Replace(body, "<root", "<R\xff", 1), "</root>", "", 1)), at(30*second, "EOF")}
		}},
		{"prefix and suffix", "http.body", emulator.Deed{Prefix: raw("\xef\xbb\xbf"), Suffix: raw(" \n")}, func(head, body string) []arrival {
			return []arrival{at(0, longer(head, body, 5)+"\xef\xbb\xbf"+body+" \n"), at(30*second, "EOF")}
		}},
		{"truncate", "http.body", emulator.Deed{Truncate: new(10)}, func(head, body string) []arrival { return []arrival{at(0, head+body[:10]), at(0, "EOF")} }},
		{"truncate to nothing and reset", "http.body", emulator.Deed{Truncate: new(0), Close: emulator.RST}, func(head, _ string) []arrival {
			return []arrival{at(0, head), at(0, "reset")}
		}},
		{"truncate and hang", "http.body", emulator.Deed{Truncate: new(10), Hang: true}, func(head, body string) []arrival {
			return []arrival{at(0, head+body[:10]), at(10*time.Minute, "EOF")}
		}},
		{"truncate beyond the end", "http.body", emulator.Deed{Truncate: new(1 << 30)}, func(head, body string) []arrival { return []arrival{at(0, head+body), at(30*second, "EOF")} }},
		{"close behind", "http.body", emulator.Deed{Close: emulator.FIN}, func(head, body string) []arrival { return []arrival{at(0, head+body), at(0, "EOF")} }},
		{"split", "http.body", emulator.Deed{Split: []int{5}}, func(head, body string) []arrival {
			return []arrival{at(0, head), at(gap, body[:5]), at(2*gap, body[5:]), at(2*gap+30*second, "EOF")}
		}},
		{"delay", "http.body", emulator.Deed{Delay: during(second)}, func(head, body string) []arrival {
			return []arrival{at(0, head), at(second, body), at(31*second, "EOF")}
		}},
		{"drip", "http.body", emulator.Deed{Delay: during(minute), Truncate: new(25), Drip: &emulator.Drip{Bytes: 10, Every: during(second)}}, func(head, body string) []arrival {
			return []arrival{at(0, head), at(minute+second, body[:10]), at(minute+2*second, body[10:20]), at(minute+3*second, body[20:25]), at(minute+3*second, "EOF")}
		}},
		{"split and drip", "http.body", emulator.Deed{Truncate: new(9), Split: []int{5}, Drip: &emulator.Drip{Bytes: 2, Every: during(second)}}, func(head, body string) []arrival {
			return []arrival{at(0, head), at(gap, body[:5]), at(gap+second, body[5:7]), at(gap+2*second, body[7:9]), at(gap+2*second, "EOF")}
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.on)+"/"+tt.name, func(t *testing.T) {
			var head, body string
			synctest.Test(t, func(t *testing.T) { head, body = truth(t, getDescription) })
			synctest.Test(t, func(t *testing.T) {
				g, h := broken(t, emulator.Fault{Name: "it", On: tt.on, Do: tt.do})
				c := connect(t, h)
				io.WriteString(c, getDescription)
				if d := cmp.Diff(tt.want(head, body), told(c, time.Hour)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				if !acted(g, "it") {
					t.Error("the journal does not have the fault")
				}
			})
		})
	}
}

// acted reports whether the journal of g has the fault.
func acted(g *emulator.Gateway, name string) bool {
	for _, e := range g.Journal() {
		if e.Kind == "fault" && e.Name == name {
			return true
		}
	}
	return false
}
