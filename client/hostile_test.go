package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// Nobody is asked but who answered: a forged LOCATION or control URL that names a third host leads back to the forger.
func TestThirdHostIsNotAsked(t *testing.T) {
	tests := []struct {
		name  string
		build func(s *stub)
	}{
		{"LOCATION", func(s *stub) { s.announce("http://192.168.1.99:5000/desc.xml") }},
		{"controlURL", func(s *stub) {
			s.page("/lure.xml", description("uuid:forger", "WANIPConnection:1", "http://192.168.1.99:5000/ctl"))
			s.announce(s.url("/lure.xml"))
		}},
		{"URLBase", func(s *stub) {
			s.page("/lure.xml", strings.Replace(description("uuid:forger", "WANIPConnection:1", "/ctl"), "<device>",
				"<URLBase>http://192.168.1.99:5000/</URLBase><device>", 1))
			s.announce(s.url("/lure.xml"))
		}},
		{"redirect of the description", func(s *stub) {
			s.mux.HandleFunc("/lure.xml", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://192.168.1.99:5000/desc.xml", http.StatusFound)
			})
			s.announce(s.url("/lure.xml"))
		}},
		{"redirect of an action", func(s *stub) {
			s.page("/lure.xml", description("uuid:forger", "WANIPConnection:1", "/lure"))
			s.mux.HandleFunc("/lure", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://192.168.1.99:5000/ctl", http.StatusTemporaryRedirect)
			})
			s.announce(s.url("/lure.xml"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				victim := newStub(t, n, "victim", "192.168.1.99/24")
				victim.page("/desc.xml", description("uuid:victim", "WANIPConnection:1", "/ctl"))
				victim.actions("/ctl", connected("45.66.77.88"))
				forger := newStub(t, n, "forger", "192.168.1.66/24").gateway("45.66.77.88")
				tt.build(forger)
				for g, err := range Discover(t.Context(), Options{Net: newPC(n)}) {
					if err == nil {
						g.ExternalIP(t.Context()) // answered or refused, by the forger
					}
				}
				if got := victim.requests(); len(got) > 0 {
					t.Errorf("the victim was asked for %v", got)
				}
			})
		})
	}
}

// An answer from beyond the link is forged or not for us.
func TestAnswerFromBeyondTheLink(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		pc := n.Host("pc")
		pc.AddInterface("wire", netip.MustParsePrefix("192.168.1.10/24"))
		far := n.Host("far")
		far.AddInterface("wire", netip.MustParsePrefix("172.30.0.5/12"))
		s := &stub{t: t, network: n, host: far, addr: netip.MustParseAddr("172.30.0.5"), mux: http.NewServeMux(), asked: make(map[string]int)}
		s.listenGroup()
		s.announce("http://172.30.0.5:5000/desc.xml")
		found, errs := discover(t.Context(), Options{Net: pc})
		if len(found)+len(errs) > 0 {
			t.Errorf("found %v, errors %v", locations(found), errs)
		}
	})
}

// A flood of forged answers costs fifty fetches at most, twelve for each forger, and does not hide the router.
func TestFlood(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		router := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		router.wait = 500 * time.Millisecond
		var forgers []*stub
		for i := range 8 {
			f := newStub(t, n, fmt.Sprint("forger", i), fmt.Sprintf("192.168.1.%d/24", 60+i))
			f.answers = func(m *ssdp.Message, _ bool) (all []string) {
				for j := range 100 {
					all = append(all, f.reply(igd1, f.url(fmt.Sprintf("/%s/%d", strings.ReplaceAll(m.ST, ":", ""), j))))
				}
				return all
			}
			forgers = append(forgers, f)
		}
		found, _ := discover(t.Context(), Options{Net: newPC(n)})
		if diff := cmp.Diff([]string{"192.168.1.1:5000/desc.xml"}, locations(found)); diff != "" {
			t.Errorf("found (-want +got)\n%s", diff)
		}
		total := 0
		for _, f := range forgers {
			one := len(f.requests())
			if one > maxPerResponder {
				t.Errorf("one forger was asked %d times", one)
			}
			total += one
		}
		if total > maxDevices || total < maxDevices/2 {
			t.Errorf("%d descriptions were fetched", total)
		}
	})
}

// A device with a bad LOCATION is that device's fault, not the caller's.
func TestBadLocation(t *testing.T) {
	for location, want := range map[string]string{
		"desc.xml":                    "not an http URL",
		"https://192.168.1.1/":        "not an http URL",
		"file:///etc/passwd":          "not an http URL",
		"http://192.168.1.1:x/":       `invalid port ":x" after host`,
		"http://192.168.1.1\\@host/x": "net/url: invalid userinfo",
	} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			newStub(t, n, "router", "192.168.1.1/24").announce(location)
			_, err := Find(t.Context(), Options{Net: newPC(n)})
			if reasonOf(err) != BadLocation || !strings.HasSuffix(err.Error(), location+" is no gateway: bad location: "+want) {
				t.Errorf("%s: %v", location, err)
			}
			if e, ok := errors.AsType[*ArgumentError](err); ok {
				t.Errorf("%v blames the caller", e)
			}
		})
	}
}

// Every way in which something that the user calls a gateway is none has its reason, and an end in time.
func TestGatewayGivenIsNone(t *testing.T) {
	tests := []struct {
		name   string
		given  string
		build  func(s *stub)
		reason Reason
		within time.Duration
		none   bool // errors.Is ErrNoGateway
	}{
		{"closed port", "http://192.168.1.1:81/desc.xml", nil, Unreachable, 0, false},
		{"no route", "http://172.30.0.1:5000/desc.xml", nil, Unreachable, 0, false},
		{"nobody there", "http://172.30.0.1", nil, Unreachable, 0, false},
		{"no way to search it", "172.30.0.1", nil, Unreachable, 0, false},
		{"black hole", "http://192.168.1.1:5000/desc.xml", func(s *stub) { s.host.Blackhole(true) }, Silent, describeTimeout, false},
		{"silence", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, Silent, describeTimeout, false},
		{"web page", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html><body>Login</body></html>") })
		}, NotDescription, 0, false},
		{"words", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
		}, NotDescription, 0, false},
		{"nothing", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(http.ResponseWriter, *http.Request) {})
		}, NotDescription, 0, false},
		{"hangs up", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) {
				if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
					c.Close()
				}
			})
		}, HangsUp, 0, false},
		{"404", "http://192.168.1.1:5000/nowhere", nil, HTTPFailure, 0, false},
		{"endless body", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, r *http.Request) {
				for r.Context().Err() == nil {
					if _, err := w.Write(make([]byte, 4096)); err != nil {
						return
					}
				}
			})
		}, TooLarge, 0, false},
		{"endless drip", "http://192.168.1.1:5000/x", func(s *stub) {
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, r *http.Request) {
				for r.Context().Err() == nil {
					io.WriteString(w, "<root>")
					w.(http.Flusher).Flush()
					time.Sleep(time.Second)
				}
			})
		}, Slow, describeTimeout, false},
		{"deep nesting", "http://192.168.1.1:5000/x", func(s *stub) {
			s.page("/x", "<root>"+strings.Repeat("<device>", 10000))
		}, NotDescription, 0, false},
		{"another device", "http://192.168.1.1:5000/x", func(s *stub) {
			s.page("/x", description("uuid:tv", "AVTransport:1", "/ctl"))
		}, NoService, 0, true},
		{"silent to searches", "192.168.1.1", nil, Silent, 3800 * time.Millisecond, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "router", "192.168.1.1/24")
				if tt.build != nil {
					tt.build(s)
				}
				start := time.Now()
				_, err := Find(t.Context(), Options{Net: newPC(n), Gateway: tt.given})
				var not *NotGatewayError
				if !errors.As(err, &not) || not.Reason != tt.reason || not.Location != tt.given {
					t.Errorf("Find = %v, want the reason %q", err, tt.reason)
				}
				if got := errors.Is(err, ErrNoGateway); got != tt.none {
					t.Errorf("is ErrNoGateway: %v", got)
				}
				if d := time.Since(start); d > tt.within {
					t.Errorf("took %v, want at most %v", d, tt.within)
				}
			})
		})
	}
}

// The time that the user gives is what the description of the gateway named by its URL may take, shorter or longer than usual.
func TestDescriptionWithinTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, time.Minute} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			s := newStub(t, n, "router", "192.168.1.1/24")
			s.host.Blackhole(true)
			start := time.Now()
			_, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml"), Timeout: timeout})
			if reasonOf(err) != Silent || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Find = %v", err)
			}
			if took := time.Since(start); took != timeout {
				t.Errorf("took %v, want %v", took, timeout)
			}
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, o := range []Options{
		{Gateway: "https://192.168.1.1/"},
		{Gateway: "ftp://192.168.1.1/"},
		{Gateway: "http:///desc.xml"},
		{Gateway: "http://192.168.1.1:99999/"},
		{Gateway: "http://192.168.1.1:0/"},
		{Gateway: "192.168.1.1:5000"},
		{Gateway: "192.168.1.1/desc.xml"},
		{Gateway: "0.0.0.0"},
		{Gateway: "255.255.255.255"},
		{Gateway: "239.255.255.250"},
		{SSDP: "192.168.1.1"},
		{SSDP: "192.168.1.1:0"},
		{SSDP: ":1900"},
		{SSDP: "192.168.1.1:ssdp"},
	} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			o.Net = newPC(n)
			_, err := Find(t.Context(), o)
			var refused *ArgumentError
			if !errors.As(err, &refused) {
				t.Errorf("Find(Gateway %q, SSDP %q) = %v, want an ArgumentError", o.Gateway, o.SSDP, err)
			}
		})
	}
}

// What the user gave is trusted: an address is searched by unicast only, a URL is not searched at all.
func TestGatewayGiven(t *testing.T) {
	for _, given := range []string{"192.168.1.2", "http://192.168.1.2:5000/desc.xml", "HTTP://user:secret@192.168.1.2:5000/desc.xml#x"} {
		t.Run(given, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
				s := newStub(t, n, "second", "192.168.1.2/24").gateway("45.66.77.88")
				sound := s.answers
				s.answers = func(m *ssdp.Message, multicast bool) []string {
					if multicast || strings.Contains(given, "://") {
						t.Errorf("was searched: %+v", m)
					}
					return sound(m, multicast)
				}
				start := time.Now()
				g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: given})
				if err != nil {
					t.Fatal(err)
				}
				if g.Location != s.url("/desc.xml") || g.Service.ControlURL != s.url("/ctl") {
					t.Errorf("at %s, %s", g.Location, g.Service.ControlURL)
				}
				if g.Responder != s.addr || g.Local != netip.MustParseAddr("192.168.1.10") || g.Interface != "eth0" || g.DefaultRoute {
					t.Errorf("found %+v", g)
				}
				if d := time.Since(start); d != 0 {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}
