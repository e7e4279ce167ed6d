package client_test

import (
	"context"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// An address that changes and a mapping that is lost are seen at once where the gateway sends events, by one subscription for all mappings, which is
// renewed and ended.
func TestEventsAreHeeded(t *testing.T) {
	for version := 1; version <= 2; version++ {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: version})
			c := client.New(client.Options{Net: h.pc, Listen: true})
			all := keepMany(t, c, 3, client.Request{})
			time.Sleep(time.Hour)
			if err := h.SetExternalIP(netip.MustParseAddr("45.66.77.99")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			for _, m := range all {
				if a := m.External().Addr().String(); a != "45.66.77.99" {
					t.Errorf("IGD:%d: the address is %s", version, a)
				}
				if e := next(t, m, client.AddressChanged); e.Previous.String() != "45.66.77.88" {
					t.Errorf("IGD:%d: %v", version, e)
				}
			}
			time.Sleep(time.Hour)
			h.lose(t, c, 10001)
			time.Sleep(time.Second)
			synctest.Wait()
			if n := len(h.table()); n != 3 {
				t.Errorf("IGD:%d: %d mappings", version, n)
			}
			time.Sleep(24 * time.Hour)
			for _, m := range all {
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
			if n := h.counts(); n[emulator.SubscriberJoined] != 1 || n[emulator.SubscriberLeft] != 1 || n[emulator.SubscriberLapsed] != 0 {
				t.Errorf("IGD:%d: %v", version, n)
			}
		})
	}
}

// lose deletes a mapping behind the back of who keeps it.
func (h *home) lose(t *testing.T, c *client.Client, port uint16) {
	t.Helper()
	g, err := c.Gateway(t.Context())
	if err == nil {
		err = g.DeletePortMapping(t.Context(), client.Key{ExternalPort: port, Protocol: "TCP"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A gateway that grants no subscription, or sends nothing, is looked at as before, and is not bothered much.
func TestEventsThatDoNotCome(t *testing.T) {
	refuse := func(d emulator.Deed) emulator.Options {
		return emulator.Options{Version: 1, Faults: []emulator.Fault{{On: "gena.subscribe", Do: d}}}
	}
	named := func(name string) emulator.Options {
		sc, err := scenarios.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		return sc.Options()[0]
	}
	for _, tt := range []struct {
		name   string
		o      emulator.Options
		joined int
	}{
		{"412", refuse(emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 412}}), 0},
		{"503", refuse(emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 503}}), 0},
		{"silence", refuse(emulator.Deed{Hang: true}), 0},
		{"hang up", refuse(emulator.Deed{Close: emulator.RST}), 0},
		{"nothing comes", named("life-subscribe-unanswered"), 1},
		{"short ones are refused", named("life-subscribe-412"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, tt.o)
				c := client.New(client.Options{Net: h.pc, Listen: true})
				m := keepMany(t, c, 1, client.Request{})[0]
				time.Sleep(24 * time.Hour)
				asked := 0
				for _, e := range h.Journal() {
					if e.Kind == "gena.subscribe" {
						asked++
					}
				}
				if n := h.counts()[emulator.SubscriberJoined]; n != tt.joined || tt.joined == 0 && asked > 20 {
					t.Errorf("asked %d times, subscribed %d times", asked, n)
				}
				if n := h.counts(); n[emulator.MappingAdded] != 1 || n[emulator.MappingDeleted] > 0 {
					t.Errorf("events %v", n)
				}
				h.lose(t, c, 10000)
				if err := h.SetExternalIP(netip.MustParseAddr("45.66.77.99")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(15*time.Minute + 5*time.Second)
				synctest.Wait()
				if n := len(h.table()); n != 1 || m.External().Addr().String() != "45.66.77.99" {
					t.Errorf("%d mappings, at %v", n, m.External())
				}
				start := time.Now()
				if err := m.Close(t.Context()); err != nil || time.Since(start) > 2*time.Second {
					t.Errorf("closed after %v: %v", time.Since(start), err)
				}
			})
		})
	}
}

// A subscription that the gateway has forgotten is a sign that it has restarted.
func TestForgottenSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		c := client.New(client.Options{Net: h.pc, Listen: true})
		all := keepMany(t, c, 2, client.Request{CheckInterval: 12 * time.Hour, Lease: 48 * time.Hour})
		time.Sleep(65 * time.Minute) // between two renewals
		if err := h.Reboot(emulator.Reboot{ByeBye: new(false), Alive: new(false), BootID: new(false)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		if n := len(h.table()); n != 2 {
			t.Errorf("%d mappings", n)
		}
		if n := h.counts()[emulator.SubscriberJoined]; n != 2 {
			t.Errorf("subscribed %d times", n)
		}
		for _, m := range all {
			m.Close(t.Context())
		}
	})
}

// callbackOf is the URL that the gateway was told last, with the name of the subscription.
func (h *home) callbackOf(t *testing.T) (u *url.URL, sid string) {
	t.Helper()
	for _, e := range h.Journal() {
		if e.Kind != "gena.subscribe" {
			continue
		}
		for _, d := range e.Details {
			switch d.Name {
			case "CALLBACK":
				u, _ = url.Parse(strings.Trim(d.Value, "<>"))
			case "sid":
				sid = d.Value
			}
		}
	}
	if u == nil || sid == "" {
		t.Fatal("nobody subscribed")
	}
	return u, sid
}

// notify sends an event from a host, and gives the status line of the answer, "" when there is none.
func notify(t *testing.T, from *emulator.Host, at *url.URL, head, body string) string {
	t.Helper()
	c, err := from.Dial(t.Context(), "tcp", netip.Addr{}, at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(c, "NOTIFY "+at.Path+" HTTP/1.1\r\nHOST: "+at.Host+"\r\n"+head+"\r\n"+body)
	b, _ := io.ReadAll(c)
	line, _, _ := strings.Cut(string(b), "\r\n")
	return line
}

// Nobody but the gateway can say anything at the place where events come in, and nothing that is said there takes much room, time or goes far.
func TestForgedEvents(t *testing.T) {
	const body = `<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0"><e:property><ExternalIPAddress>6.6.6.6</ExternalIPAddress></e:property></e:propertyset>`
	head := func(sid, seq string) string {
		return "CONTENT-TYPE: text/xml\r\nCONTENT-LENGTH: 143\r\nConnection: close\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: " + sid + "\r\nSEQ: " + seq + "\r\n"
	}
	if len(body) != 143 {
		t.Fatal(len(body))
	}
	synctest.Test(t, func(t *testing.T) {
		calls := newCallCount()
		h := newHome(t, emulator.Options{Version: 1, Journal: calls})
		forger := h.host("forger", "192.168.1.66/24")
		c := client.New(client.Options{Net: h.pc, Listen: true})
		m := keepMany(t, c, 1, client.Request{CheckInterval: 48 * time.Hour, Lease: 96 * time.Hour})[0]
		defer func() { m.Close(context.Background()) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		at, sid := h.callbackOf(t)
		if len(at.Path) < 20 || at.Hostname() != "192.168.1.10" {
			t.Errorf("the callback is %s", at)
		}
		guessed := *at
		guessed.Path = "/"
		before := calls.now()
		for _, tt := range []struct {
			name string
			from *emulator.Host
			at   *url.URL
			head string
			body string
			want string
		}{
			{"another host", forger, at, head(sid, "2"), body, ""},
			{"another path", h.router, &guessed, head(sid, "2"), body, "HTTP/1.1 404 Not Found"},
			{"another subscription", h.router, at, head("uuid:1", "2"), body, "HTTP/1.1 412 Precondition Failed"},
			{"none", h.router, at, strings.Replace(head(sid, "2"), "SID: "+sid, "X: y", 1), body, "HTTP/1.1 412 Precondition Failed"},
			{"no event", h.router, at, strings.Replace(head(sid, "2"), "upnp:event", "upnp:other", 1), body, "HTTP/1.1 412 Precondition Failed"},
			{"no XML", h.router, at, head(sid, "2"), strings.Repeat("x", len(body)), "HTTP/1.1 400 Bad Request"},
			{"too much", h.router, at, strings.Replace(head(sid, "2"), "LENGTH: 143", "LENGTH: 100000000", 1), strings.Repeat("x", 1<<20), "HTTP/1.1 413 Request Entity Too Large"},
			{"nothing more", h.router, at, head(sid, "2"), body[:50], "HTTP/1.1 408 Request Timeout"},
			{"an old one", h.router, at, head(sid, "0"), body, "HTTP/1.1 200 OK"},
		} {
			start := time.Now()
			if got := notify(t, tt.from, tt.at, tt.head, tt.body); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("%s: took %v", tt.name, took)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if by, total := calls.since(before); total > 0 {
			t.Errorf("the gateway was asked: %v", by)
		}
		// Even the gateway is not believed: it is asked, seldom however often it says something new.
		for seq := range 600 {
			if got := notify(t, h.router, at, head(sid, []string{"7", "9"}[seq%2]), strings.Replace(body, "6.6.6.6", "6.6.6."+[]string{"7", "8"}[seq%2], 1)); got != "HTTP/1.1 200 OK" {
				t.Fatalf("%d: %s", seq, got)
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		by, _ := calls.since(before)
		if n := by["GetExternalIPAddress"]; n < 1 || n > 8 || m.External().Addr().String() != "45.66.77.88" {
			t.Errorf("asked %d times, at %v", n, m.External())
		}
	})
}
