package emulator

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
)

// subscriber is a callback on plain net/http.
type subscriber struct {
	url  string
	seen chan eventMessage
}

type eventMessage struct {
	sid, seq, nt, nts string
	values            map[string]string
}

func newSubscriber(t *testing.T, status int) *subscriber {
	t.Helper()
	s := &subscriber{seen: make(chan eventMessage, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "NOTIFY" {
			t.Errorf("%s: %v", r.Method, err)
		}
		m := eventMessage{r.Header.Get("SID"), r.Header.Get("SEQ"), r.Header.Get("NT"), r.Header.Get("NTS"), map[string]string{}}
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(body); err != nil {
			t.Errorf("event: %v", err)
		}
		for _, p := range doc.FindElements("/propertyset/property/*") {
			m.values[p.Tag] = p.Text()
		}
		w.WriteHeader(status)
		s.seen <- m
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL + "/cb"
	return s
}

func (s *subscriber) next(t *testing.T) eventMessage {
	t.Helper()
	select {
	case m := <-s.seen:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
		return eventMessage{}
	}
}

// gena sends one request of UDA 1.1 §4.1 over a connection of its own, as the real thing does.
func gena(t *testing.T, g *Gateway, method, service string, fields ...string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", g.presence.http.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	req := fmt.Sprintf("%s /event/%s HTTP/1.1\r\nHOST: %v\r\n", method, service, g.presence.http)
	for _, f := range fields {
		req += f + "\r\n"
	}
	if _, err := io.WriteString(c, req+"\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func subscribe(t *testing.T, g *Gateway, service, callback string) (sid string) {
	t.Helper()
	resp := gena(t, g, "SUBSCRIBE", service, "CALLBACK: <"+callback+">", "NT: upnp:event", "TIMEOUT: Second-1800")
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("SID"), "uuid:") || resp.Header.Get("TIMEOUT") != "Second-1800" {
		t.Fatalf("subscribe: %s %v", resp.Status, resp.Header)
	}
	return resp.Header.Get("SID")
}

// The evented variables are those of the protocol facts §2.3.
func TestEvents(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 2, Clock: clock})
	g := c.g
	sub := newSubscriber(t, http.StatusOK)
	sid := subscribe(t, g, "WANIPConnection2", sub.url)
	want := func(seq string, values map[string]string) {
		t.Helper()
		got := sub.next(t)
		if diff := cmp.Diff(eventMessage{sid, seq, "upnp:event", "upnp:propchange", values}, got, cmp.AllowUnexported(eventMessage{})); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	}
	want("0", map[string]string{
		"PossibleConnectionTypes": "IP_Routed", "ConnectionStatus": "Connected", "ExternalIPAddress": "45.66.77.88",
		"PortMappingNumberOfEntries": "0", "SystemUpdateID": "0",
	})
	c.do(ipConnection, 2, "AddPortMapping", add("NewLeaseDuration", "60")...)
	want("1", map[string]string{"PortMappingNumberOfEntries": "1", "SystemUpdateID": "1"})
	c.do(ipConnection, 2, "AddPortMapping", add("NewLeaseDuration", "90")...)
	want("2", map[string]string{"SystemUpdateID": "2"})
	clock.Advance(90 * time.Second)
	want("3", map[string]string{"PortMappingNumberOfEntries": "0", "SystemUpdateID": "3"})
	g.SetExternalIP(netip.MustParseAddr("198.51.100.9"))
	want("4", map[string]string{"ExternalIPAddress": "198.51.100.9"})
	if err := g.SetConnectionStatus("Disconnected"); err != nil {
		t.Fatal(err)
	}
	want("5", map[string]string{"ConnectionStatus": "Disconnected", "ExternalIPAddress": ""})
	if err := g.SetConnectionStatus("Broken"); err == nil {
		t.Error("an unknown status was taken")
	}

	// A renewal keeps the subscription beyond its first end.
	clock.Advance(1000 * time.Second)
	if resp := gena(t, g, "SUBSCRIBE", "WANIPConnection2", "SID: "+sid, "TIMEOUT: Second-3600"); resp.StatusCode != 200 || resp.Header.Get("SID") != sid || resp.Header.Get("TIMEOUT") != "Second-3600" {
		t.Errorf("renew: %s %v", resp.Status, resp.Header)
	}
	clock.Advance(3599 * time.Second)
	g.SetExternalIP(netip.MustParseAddr("198.51.100.10"))
	if err := g.SetConnectionStatus("Connected"); err != nil {
		t.Fatal(err)
	}
	want("6", map[string]string{"ConnectionStatus": "Connected", "ExternalIPAddress": "198.51.100.10"})

	clock.Advance(time.Second)
	if resp := gena(t, g, "SUBSCRIBE", "WANIPConnection2", "SID: "+sid); resp.StatusCode != 412 {
		t.Errorf("renewing a lapsed subscription: %s", resp.Status)
	}

	sid = subscribe(t, g, "WANIPConnection2", sub.url)
	if m := sub.next(t); m.seq != "0" || m.sid != sid || m.values["SystemUpdateID"] != "3" {
		t.Errorf("first event of a second subscription: %+v", m)
	}
	if resp := gena(t, g, "UNSUBSCRIBE", "WANIPConnection2", "SID: "+sid); resp.StatusCode != 200 {
		t.Errorf("unsubscribe: %s", resp.Status)
	}
	g.SetExternalIP(netip.Addr{})
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if len(sub.seen) > 0 {
		t.Errorf("event after the end: %+v", <-sub.seen)
	}
}

func TestEventsOfTheOtherServices(t *testing.T) {
	g := call1(t, Options{Version: 2}).g
	for service, want := range map[string]map[string]string{
		"WANCommonInterfaceConfig1": {"PhysicalLinkStatus": "Up", "EnabledForInternet": "1", "NumberOfActiveConnections": "1"},
		"Layer3Forwarding1":         {"DefaultConnectionService": g.state.defaultConnection},
		"WANIPv6FirewallControl1":   {"FirewallEnabled": "1", "InboundPinholeAllowed": "1"},
	} {
		sub := newSubscriber(t, http.StatusOK)
		subscribe(t, g, service, sub.url)
		if d := cmp.Diff(want, sub.next(t).values); d != "" {
			t.Errorf("%s: first event (-want +got):\n%s", service, d)
		}
	}
}

// A publisher goes on after a delivery that failed, and tries the next callback.
func TestFailedDeliveries(t *testing.T) {
	g := call1(t, Options{}).g
	bad, good := newSubscriber(t, http.StatusInternalServerError), newSubscriber(t, http.StatusOK)
	resp := gena(t, g, "SUBSCRIBE", "WANIPConnection2", "CALLBACK: <http://127.0.0.1:1/> <"+bad.url+"><"+good.url+">", "NT: upnp:event")
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	for _, seq := range []string{"0", "1"} {
		if m := bad.next(t); m.seq != seq {
			t.Errorf("SEQ %s at the first callback, want %s", m.seq, seq)
		}
		if m := good.next(t); m.seq != seq {
			t.Errorf("SEQ %s at the second callback, want %s", m.seq, seq)
		}
		g.SetExternalIP(netip.MustParseAddr("198.51.100.9"))
	}
}

// The status codes are those of the protocol facts §2.6.
func TestSubscriptionStatus(t *testing.T) {
	c := call1(t, Options{Version: 1})
	subscribed := func() string {
		reply := c.request("SUBSCRIBE", "/event/WANIPConnection1", http1.Fields{{Name: "CALLBACK", Value: "<http://127.0.0.1:9/>"}, {Name: "NT", Value: "upnp:event"}}, nil)
		return reply.Fields.Get("SID")
	}
	sid := subscribed()
	const nt, callback = "NT: upnp:event", "CALLBACK: <http://127.0.0.1:9/>"
	tests := []struct {
		name, method, path string
		fields             []string
		status, timeout    string
	}{
		{"good", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback}, "200", "Second-1800"},
		{"too short", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback, "TIMEOUT: Second-5"}, "200", "Second-1800"},
		{"long", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback, "TIMEOUT: second-7200"}, "200", "Second-7200"},
		{"longer than any", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback, "TIMEOUT: Second-99999999999"}, "200", "Second-86400"},
		{"infinite", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback, "TIMEOUT: infinite"}, "200", "Second-1800"},
		{"Second-infinite", "SUBSCRIBE", "WANIPConnection1", []string{nt, callback, "TIMEOUT: Second-infinite"}, "200", "Second-86400"},
		{"renew", "SUBSCRIBE", "WANIPConnection1", []string{"SID: " + sid}, "200", "Second-1800"},
		{"no callback", "SUBSCRIBE", "WANIPConnection1", []string{nt}, "412", ""},
		{"no NT", "SUBSCRIBE", "WANIPConnection1", []string{callback}, "412", ""},
		{"wrong NT", "SUBSCRIBE", "WANIPConnection1", []string{"NT: upnp:all", callback}, "412", ""},
		{"callback without brackets", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: http://127.0.0.1:9/"}, "412", ""},
		{"empty callback", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <>"}, "412", ""},
		{"callback to another host", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://127.0.0.2:9/>"}, "412", ""},
		{"one callback to another host", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://127.0.0.1:9/><http://192.0.2.1/>"}, "412", ""},
		{"callback by name", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://localhost:9/>"}, "412", ""},
		{"callback by https", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <https://127.0.0.1:9/>"}, "412", ""},
		{"callback with a user", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://a@127.0.0.1:9/>"}, "412", ""},
		{"callback to port 0", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://127.0.0.1:0/>"}, "412", ""},
		{"callback to no port", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: <http://127.0.0.1:99999/>"}, "412", ""},
		{"too many callbacks", "SUBSCRIBE", "WANIPConnection1", []string{nt, "CALLBACK: " + strings.Repeat("<http://127.0.0.1:9/>", 9)}, "412", ""},
		{"SID and NT", "SUBSCRIBE", "WANIPConnection1", []string{nt, "SID: " + sid}, "400", ""},
		{"SID and callback", "SUBSCRIBE", "WANIPConnection1", []string{callback, "SID: " + sid}, "400", ""},
		{"unknown SID", "SUBSCRIBE", "WANIPConnection1", []string{"SID: uuid:0"}, "412", ""},
		{"empty SID", "SUBSCRIBE", "WANIPConnection1", []string{"SID:"}, "412", ""},
		{"SID of another service", "SUBSCRIBE", "Layer3Forwarding1", []string{"SID: " + sid}, "412", ""},
		{"unknown service", "SUBSCRIBE", "WANIPConnection9", []string{nt, callback}, "404", ""},
		{"unsubscribe, SID and NT", "UNSUBSCRIBE", "WANIPConnection1", []string{nt, "SID: " + sid}, "400", ""},
		{"unsubscribe without SID", "UNSUBSCRIBE", "WANIPConnection1", nil, "412", ""},
		{"unsubscribe", "UNSUBSCRIBE", "WANIPConnection1", []string{"SID: " + sid}, "200", ""},
		{"unsubscribe again", "UNSUBSCRIBE", "WANIPConnection1", []string{"SID: " + sid}, "412", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var fields http1.Fields
			for _, f := range tt.fields {
				name, value, _ := strings.Cut(f, ":")
				fields = append(fields, http1.Field{Name: name, Value: strings.TrimSpace(value)})
			}
			reply := c.request(tt.method, "/event/"+tt.path, fields, nil)
			if got := strings.Fields(reply.Line)[1]; got != tt.status {
				t.Errorf("status %s, want %s", got, tt.status)
			}
			if got := reply.Fields.Get("TIMEOUT"); got != tt.timeout {
				t.Errorf("TIMEOUT %q, want %q", got, tt.timeout)
			}
		})
	}
	for range maxSubscribers {
		subscribed()
	}
	if reply := c.request("SUBSCRIBE", "/event/WANIPConnection1", http1.Fields{{Name: "CALLBACK", Value: "<http://127.0.0.1:9/>"}, {Name: "NT", Value: "upnp:event"}}, nil); !strings.Contains(reply.Line, " 503 ") {
		t.Errorf("one subscriber too many: %q", reply.Line)
	}
	if n := len(c.g.subscribers); n != maxSubscribers {
		t.Errorf("%d subscribers", n)
	}
}

func TestSEQ(t *testing.T) {
	s := &subscription{seq: 1<<32 - 1}
	s.enqueue(notification{})
	s.enqueue(notification{})
	if a, b := s.queue[0].seq, s.queue[1].seq; a != 1<<32-1 || b != 1 {
		t.Errorf("SEQ goes from %d to %d", a, b)
	}
	for range 2 * maxNotifications {
		s.enqueue(notification{})
	}
	if first, last := s.queue[0].seq, s.queue[len(s.queue)-1].seq; len(s.queue) != maxNotifications || last-first != maxNotifications-1 {
		t.Errorf("queue of %d from %d to %d", len(s.queue), first, last)
	}
}

// A subscriber that takes connections and never reads costs the gateway neither memory nor its end.
func TestStuckSubscriber(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g := call1(t, Options{Version: 1}).g
	for range 10 {
		subscribe(t, g, "WANIPConnection1", "http://"+l.Addr().String()+"/")
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range byte(2 * maxNotifications) {
		g.SetExternalIP(netip.AddrFrom4([4]byte{198, 51, 100, i}))
	}
	g.do(func(*state) {
		for _, sub := range g.subscribers {
			if len(sub.queue) > maxNotifications {
				t.Errorf("%d notifications wait", len(sub.queue))
			}
		}
	})
	start := time.Now()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Close took %v", took)
	}
}

// What a subscriber did stands in the journal before what came of it.
func TestJournalOfSubscriptions(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 1, Clock: clock})
	fields := http1.Fields{{Name: "CALLBACK", Value: "<http://127.0.0.1:9/>"}, {Name: "NT", Value: "upnp:event"}}
	reply := c.request("SUBSCRIBE", "/event/WANIPConnection1", fields, nil)
	sid := http1.Fields{{Name: "SID", Value: reply.Fields.Get("SID")}}
	c.request("UNSUBSCRIBE", "/event/WANIPConnection1", sid, nil)
	c.request("SUBSCRIBE", "/event/WANIPConnection1", fields, nil)
	clock.Advance(shortestSubscription)
	var kinds []string
	for _, e := range c.g.Journal() {
		kinds = append(kinds, e.Kind)
	}
	want := []string{
		"gena.subscribe", "state.subscribed", "gena.unsubscribe", "state.unsubscribed",
		"gena.subscribe", "state.subscribed", "state.subscription-expired",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRebootForgetsSubscribers(t *testing.T) {
	c := call1(t, Options{Version: 1})
	sub := newSubscriber(t, http.StatusOK)
	sid := subscribe(t, c.g, "WANIPConnection1", sub.url)
	sub.next(t)
	c.g.Reboot(Reboot{})
	if resp := gena(t, c.g, "SUBSCRIBE", "WANIPConnection1", "SID: "+sid); resp.StatusCode != 412 {
		t.Errorf("renewing after a reboot: %s", resp.Status)
	}
	c.g.SetExternalIP(netip.MustParseAddr("198.51.100.9"))
	c.g.Close()
	if len(sub.seen) > 0 {
		t.Errorf("event after a reboot: %+v", <-sub.seen)
	}
}

// No notification starts before the subscriber has its SID.
func TestFirstEventWaitsForTheAnswer(t *testing.T) {
	c := call1(t, Options{Version: 1})
	sub := newSubscriber(t, http.StatusOK)
	reply := c.request("SUBSCRIBE", "/event/WANIPConnection1", http1.Fields{{Name: "CALLBACK", Value: "<" + sub.url + ">"}, {Name: "NT", Value: "upnp:event"}}, nil)
	c.g.SetExternalIP(netip.MustParseAddr("198.51.100.9"))
	c.g.do(func(*state) {
		if c.g.subscribers[0].busy {
			t.Error("delivery has begun")
		}
	})
	reply.Sent()
	for _, want := range [][2]string{{"0", "45.66.77.88"}, {"1", "198.51.100.9"}} {
		if m := sub.next(t); m.seq != want[0] || m.values["ExternalIPAddress"] != want[1] {
			t.Errorf("event %+v, want %v", m, want)
		}
	}
}
