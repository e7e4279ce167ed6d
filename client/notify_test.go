package client

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
)

// eventOf is a NOTIFY at the path of c, spelled as some gateway does.
func eventOf(c *callback, sid, seq, variable, value string) *http1.Request {
	return &http1.Request{
		Head:   http1.Head{Fields: http1.Fields{{Name: "Nt", Value: "upnp:event"}, {Name: "nts", Value: "upnp:propchange"}, {Name: "Sid", Value: sid}, {Name: "seq", Value: seq}}},
		Method: "NOTIFY", Target: "http://192.168.1.10:80" + c.path,
		Body: fmt.Appendf(nil, "<propertyset><property><%s>%s</%[1]s></property></propertyset>", variable, value),
	}
}

// collected is a callback whose news are written down.
func collected() (*callback, *[]string) {
	var all []string
	c := newCallback(nil, nil, func(n news) {
		all = append(all, fmt.Sprintf("%v gap=%v", n.values, n.gap))
	})
	c.path = "/secret"
	return c, &all
}

// Events that are quicker than the answer to the SUBSCRIBE are heard when it comes, and those of others not.
func TestEarlyEvents(t *testing.T) {
	c, got := collected()
	for i, sid := range []string{"uuid:a", "uuid:b", "uuid:a"} {
		if status := c.take(eventOf(c, sid, strconv.Itoa(i/2), eventedEntries, strconv.Itoa(i))); status != 200 {
			t.Errorf("event %d: %d", i, status)
		}
	}
	for range 100 {
		c.take(eventOf(c, "uuid:c", "0", eventedEntries, "9"))
	}
	if len(c.early) > maxEarly {
		t.Errorf("%d events are kept", len(c.early))
	}
	if len(*got) > 0 {
		t.Errorf("heard %v", *got)
	}
	c.expect("uuid:a")
	want := []string{"map[PortMappingNumberOfEntries:0] gap=false", "map[PortMappingNumberOfEntries:2] gap=false"}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Error(diff)
	}
}

// SEQ tells what was missed and what came twice; it goes on from 1 after the greatest.
func TestEventOrder(t *testing.T) {
	most := strconv.Itoa(math.MaxUint32)
	for _, tt := range []struct {
		name string
		next uint32
		seqs []string
		want string // of each: heard, gap or nothing
	}{
		{"in order", 0, []string{"0", "1", "2"}, "heard heard heard"},
		{"twice", 0, []string{"0", "1", "1", "0", "2"}, "heard heard - - heard"},
		{"one is missing", 0, []string{"0", "2", "3"}, "heard gap heard"},
		{"the first is missing", 0, []string{"1", "2"}, "gap heard"},
		{"beyond the greatest", math.MaxUint32, []string{most, "1", "2"}, "heard heard heard"},
		{"none is told", 0, []string{"", "x", "-1", "1"}, "heard heard heard gap"},
	} {
		c, got := collected()
		c.sid, c.next, c.begun = "uuid:a", tt.next, tt.next > 0
		var said []string
		for _, seq := range tt.seqs {
			before := len(*got)
			c.take(eventOf(c, "uuid:a", seq, eventedStatus, "Connected"))
			switch {
			case len(*got) == before:
				said = append(said, "-")
			case strings.Contains((*got)[before], "gap=true"):
				said = append(said, "gap")
			default:
				said = append(said, "heard")
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(said, " ")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestGrantedSubscription(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Second-1800": 30 * time.Minute, "second-300": 5 * time.Minute, " Second-7200 ": 2 * time.Hour, "1800": 30 * time.Minute, "Second-infinite": 24 * time.Hour,
		"infinite": 24 * time.Hour, "Second-0": 30 * time.Second, "Second-4294967295": 30 * time.Minute, "Second-99999999": 24 * time.Hour, "": 30 * time.Minute, "Second--1": 30 * time.Minute,
	} {
		if got := grantedSubscription(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// What an event can bring about: a look when the address or the state is another one, entries are gone, or something was missed.
func TestLearn(t *testing.T) {
	g := &Gateway{External: netip.MustParseAddr("45.66.77.88")}
	first := map[string]string{eventedAddress: "45.66.77.88", eventedStatus: "Connected", eventedEntries: "3"}
	for _, tt := range []struct {
		name string
		n    news
		look bool
	}{
		{"the same", news{gateway: g, values: first}, false},
		{"more entries", news{gateway: g, values: map[string]string{eventedEntries: "4"}}, false},
		{"fewer entries", news{gateway: g, values: map[string]string{eventedEntries: "2"}}, true},
		{"nonsense", news{gateway: g, values: map[string]string{eventedEntries: "-1"}}, false},
		{"another address", news{gateway: g, values: map[string]string{eventedAddress: "45.66.77.99"}}, true},
		{"none", news{gateway: g, values: map[string]string{eventedAddress: ""}}, true},
		{"another state", news{gateway: g, values: map[string]string{eventedStatus: "Connecting"}}, true},
		{"a gap", news{gateway: g, gap: true}, true},
		{"another gateway", news{gateway: new(Gateway), gap: true}, false},
	} {
		w := newWatch(New(Options{}))
		w.followed, w.values = g, map[string]string{}
		if w.learn(news{gateway: g, values: first}); w.called.pace != nil {
			t.Fatal("the first event calls for a look")
		}
		if w.learn(tt.n); (w.called.pace != nil) != tt.look {
			t.Errorf("%s: %v", tt.name, !tt.look)
		}
		w.soon.Stop()
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0"><e:property><ExternalIPAddress>6.6.6.6</ExternalIPAddress></e:property></e:propertyset>`), "0")
	f.Add([]byte(`<propertyset><property><ConnectionStatus>Connected</ConnectionStatus><PortMappingNumberOfEntries> 7 `), "4294967295")
	f.Fuzz(func(t *testing.T, body []byte, seq string) {
		c, _ := collected()
		c.tell = func(n news) {
			for name, value := range n.values {
				if len(value) > maxEventValue || len(n.values) > 3 {
					t.Errorf("%s is %d bytes of %d values", name, len(value), len(n.values))
				}
			}
		}
		c.sid = "uuid:a"
		req := eventOf(c, "uuid:a", seq, "x", "y")
		req.Body = body
		if status := c.take(req); status != 200 && status != 400 {
			t.Errorf("answered %d", status)
		}
	})
}
