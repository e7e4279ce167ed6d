package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// soon is an action that happens after a minute.
func soon(a ...Action) []Moment {
	return []Moment{{At: new(Duration(time.Minute)), Do: a}}
}

// What subscribers are told of what a timeline does, and what the services answer afterwards. The next event shows that nothing was
// said before it.
func TestTimelineTellsSubscribers(t *testing.T) {
	elsewhere := new(netip.MustParseAddr("198.51.100.9"))
	tests := []struct {
		name    string
		do      []Action
		service string
		want    map[string]string // the event; nil: none
		status  string            // ConnectionStatus, LastConnectionError
		ip      string
	}{
		{"address", []Action{{WANAddress: elsewhere}}, ipConnection, map[string]string{"ExternalIPAddress": "198.51.100.9"}, "Connected ERROR_NONE", "198.51.100.9"},
		{"address, silently", []Action{{WANAddress: elsewhere, Event: new(false)}}, ipConnection, nil, "Connected ERROR_NONE", "198.51.100.9"},
		{"no address", []Action{{WANAddress: new(netip.IPv4Unspecified())}}, ipConnection, map[string]string{"ExternalIPAddress": ""}, "Connected ERROR_NONE", ""},
		{"status", []Action{{Status: "Connecting"}}, ipConnection, map[string]string{"ConnectionStatus": "Connecting", "ExternalIPAddress": ""}, "Connecting ERROR_NONE", ""},
		{"status, silently", []Action{{Status: "Connecting", Event: new(false)}}, ipConnection, nil, "Connecting ERROR_NONE", ""},
		{"link", []Action{{Link: "down"}}, commonInterface, map[string]string{"PhysicalLinkStatus": "Down", "NumberOfActiveConnections": "0"}, "Disconnected ERROR_NO_CARRIER", ""},
		{"link and connection", []Action{{Link: "down"}}, ipConnection, map[string]string{"ConnectionStatus": "Disconnected", "ExternalIPAddress": ""}, "Disconnected ERROR_NO_CARRIER", ""},
		{"link, silently", []Action{{Link: "down", Event: new(false)}}, commonInterface, nil, "Disconnected ERROR_NO_CARRIER", ""},
		{"the last of two", []Action{{WANAddress: new(netip.MustParseAddr("198.51.100.8")), Event: new(false)}, {WANAddress: elsewhere}}, ipConnection, map[string]string{"ExternalIPAddress": "198.51.100.9"}, "Connected ERROR_NONE", "198.51.100.9"},
		{"link down and up", []Action{{Link: "down", Event: new(false)}, {Link: "up", Event: new(false)}}, ipConnection, nil, "Connected ERROR_NONE", "45.66.77.88"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			c := call1(t, Options{Version: 1, Clock: clock, Timeline: soon(tt.do...)})
			sub := newSubscriber(t, http.StatusOK)
			subscribe(t, c.g, tt.service+"1", sub.url)
			sub.next(t)
			clock.Advance(time.Minute)
			want := tt.want
			if want == nil { // the next change is the first that is told
				if tt.service == commonInterface {
					c.g.do(func(s *state) {
						s.act("test", Action{Link: "up", Event: new(false)})
					})
					c.g.do(func(s *state) { s.act("test", Action{Link: "down"}) })
					want = map[string]string{"PhysicalLinkStatus": "Down", "NumberOfActiveConnections": "0"}
				} else {
					c.g.do(func(s *state) { s.act("test", Action{Status: "PendingDisconnect"}) })
					want = map[string]string{"ConnectionStatus": "PendingDisconnect"}
					if tt.ip != "" {
						want["ExternalIPAddress"] = ""
					}
				}
			} else {
				_, info := c.do(ipConnection, 1, "GetStatusInfo")
				_, ip := c.do(ipConnection, 1, "GetExternalIPAddress")
				if got := info[0].Value + " " + info[1].Value; got != tt.status || ip[0].Value != tt.ip {
					t.Errorf("answers %s, %q; want %s, %q", got, ip[0].Value, tt.status, tt.ip)
				}
			}
			got := sub.next(t)
			if d := cmp.Diff(want, got.values); d != "" || got.seq != "1" {
				t.Errorf("event %s (-want +got):\n%s", got.seq, d)
			}
		})
	}
}

// life-unused-cleaned: every ten minutes, where more than 20 mappings stand, those go through which nothing has passed since the last
// time (miniupnpd's clean_ruleset_interval). One that is used or renewed in time stays.
func TestRemoveUnused(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 1, Clock: clock, Timeline: []Moment{
		{Every: Recurrence{Period: Duration(600 * time.Second)}, If: Condition{Size: Count{Over: new(20)}}, Do: []Action{{Remove: removeUnused}}},
	}})
	port := func(n int) []string { return add("NewExternalPort", fmt.Sprint(n)) }
	for n := range 20 {
		c.do(ipConnection, 1, "AddPortMapping", port(8000+n)...)
	}
	step := func(want int) {
		t.Helper()
		clock.Advance(600 * time.Second)
		if n := len(c.g.Mappings()); n != want {
			t.Errorf("%d mappings are left, want %d", n, want)
		}
	}
	use := func(n uint16) {
		c.g.do(func(s *state) { s.connections[0].mappings.get(key{"", n, "TCP"}).used.Store(true) })
	}
	step(20) // there are no more than 20
	step(20)
	c.do(ipConnection, 1, "AddPortMapping", port(8020)...)
	step(21) // each is new, or was when the cleaner first came
	use(8003)
	c.do(ipConnection, 1, "AddPortMapping", port(8020)...)
	step(2)
	for n := range 30 {
		c.do(ipConnection, 1, "AddPortMapping", port(9000+n)...)
	}
	step(30) // all new ones, and neither of the old two
}

// remove: expired is for a gateway whose expired mappings linger until a cleaner comes (life-expired-lease-lingers).
func TestRemoveExpired(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{
		Version: 1, Clock: clock,
		Faults:   []Fault{{On: "table.expire", Do: Deed{Store: new(false)}}},
		Timeline: []Moment{{Every: Recurrence{Period: Duration(time.Hour)}, Do: []Action{{Remove: removeExpired}}}},
	})
	c.do(ipConnection, 1, "AddPortMapping", add("NewLeaseDuration", "60")...)
	c.do(ipConnection, 1, "AddPortMapping", add("NewExternalPort", "9000", "NewLeaseDuration", "7200")...)
	clock.Advance(59 * time.Minute)
	if n := len(c.g.Mappings()); n != 2 {
		t.Errorf("%d mappings before the cleaner comes, want 2", n)
	}
	clock.Advance(time.Minute)
	if all := c.g.Mappings(); len(all) != 1 || all[0].ExternalPort != 9000 {
		t.Errorf("the cleaner left %v", all)
	}
}

// The counters and what was set since begin anew with a reboot.
func TestRebootBeginsAnew(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 2, Clock: clock})
	c.do(ipConnection, 2, "AddPortMapping", add()...)
	c.do(ipConnection, 2, "RequestTermination")
	c.g.do(func(s *state) { s.connections[0].traffic.sent(1000) })
	clock.Advance(time.Minute)
	c.g.Reboot(Reboot{})
	clock.Advance(time.Second)
	_, info := c.do(ipConnection, 2, "GetStatusInfo")
	_, sent := c.do(commonInterface, 1, "GetTotalBytesSent")
	got := []string{info[0].Value, info[1].Value, info[2].Value, sent[0].Value}
	if d := cmp.Diff([]string{"Connected", "ERROR_NONE", "1", "0"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	sub := newSubscriber(t, http.StatusOK)
	subscribe(t, c.g, "WANIPConnection2", sub.url)
	if m := sub.next(t); m.seq != "0" || m.values["SystemUpdateID"] != "0" || m.values["PortMappingNumberOfEntries"] != "0" {
		t.Errorf("first event after a reboot: %+v", m)
	}
}

// ssdp:update names the BOOTID that comes next, and from then on it is that (UDA 1.1 §1.2.4).
func TestAnnounceUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		defer n.Close()
		router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
		host := n.Host("host", netip.MustParsePrefix("192.168.1.10/24"))
		clock := NewClock(time.Unix(1000, 0))
		g, err := New(t.Context(), Options{Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Clock: clock, Timeline: soon(
			Action{WANAddress: new(netip.MustParseAddr("198.51.100.9"))}, Action{Announce: announceUpdate}, Action{Announce: announceAlive},
		)})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		c, err := host.ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.10"), netip.MustParseAddrPort(ssdp.GroupV4))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clock.Advance(time.Minute)
		var got []string
		for range 2 * len(g.presence.targets) {
			b := make([]byte, 2048)
			k, _, err := c.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ssdp.Parse(b[:k])
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprint(m.Kind, " ", m.Head.Fields.Get("BOOTID.UPNP.ORG"), " ", m.Head.Fields.Get("NEXTBOOTID.UPNP.ORG"))
			if len(got) == 0 || got[len(got)-1] != said {
				got = append(got, said)
			}
		}
		if d := cmp.Diff([]string{"ssdp:update 1000 1060", "ssdp:alive 1060 "}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// Advance and calls, reboots and events of several goroutines at once end, and leave the gateway usable.
func TestTimelineConcurrency(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var g *Gateway
	ready := make(chan struct{})
	c := call1(t, Options{
		Version: 1, Clock: clock,
		Timeline: []Moment{
			{Every: Recurrence{Period: Duration(time.Minute)}, Do: []Action{{Link: linkDown}, {Announce: announceAlive}, {Link: linkUp}}},
			{Every: Recurrence{Milestone: Milestone{"AddPortMapping", 7}}, Do: []Action{{Reboot: &Reboot{Downtime: Duration(time.Second)}}}},
		},
		OnEvent: func(e Event) {
			<-ready
			if e.Event == Rebooted {
				g.Advance(time.Second)
			}
		},
	})
	g = c.g
	close(ready)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				clock.Advance(20 * time.Second)
			}
		})
		wg.Go(func() {
			for n := range 50 {
				g.do(func(s *state) { s.succeeded("AddPortMapping") })
				g.SetExternalIP(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}))
			}
		})
	}
	wg.Wait()
	if err := g.Reboot(Reboot{}); err != nil {
		t.Fatal(err)
	}
	if code, _ := c.do(ipConnection, 1, "AddPortMapping", add()...); code != 0 {
		t.Errorf("afterwards: error %d", code)
	}
}

// What a timeline does is told as events that others can read.
func TestPlannedEventJSON(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	g, err := New(context.Background(), Options{Name: "box", Clock: clock, Timeline: soon(Action{Announce: announceAlive})})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	b, err := json.Marshal(g.Advance(time.Hour))
	want := `[{"event":"planned","time":"2026-01-01T00:01:00Z","gateway":"box","name":"timeline[0]","action":"announce: alive"}]`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
}
