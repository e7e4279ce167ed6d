package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// story is a journal: a client that is refused, tries again with a permanent lease, and again after the reboot.
func story() []Entry {
	at := func(d time.Duration) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(d) }
	client := netip.MustParseAddrPort("192.168.1.10:5000")
	add := func(d time.Duration, lease string, code int) Entry {
		status := 200
		if code != 0 {
			status = 500
		}
		return Entry{Time: at(d), Kind: "soap.call", Peer: client, Name: "AddPortMapping", Status: status, Code: code,
			Details: Details{{"NewExternalPort", "8080"}, {"NewLeaseDuration", lease}}}
	}
	all := []Entry{
		{Time: at(0), Kind: "ssdp.search", Peer: client, Name: "urn:schemas-upnp-org:service:WANIPConnection:1", Details: Details{{"via", "multicast"}}},
		{Time: at(1), Kind: "http.request", Peer: client, Name: "GET /description.xml", Status: 200},
		{Time: at(2), Kind: "fault", Peer: client, Name: "add-lease-725"},
		add(3, "3600", 725),
		add(4, "0", 0),
		{Time: at(4), Kind: "state.mapping-added", Name: "TCP 8080 → 192.168.1.10:80"},
		{Time: at(time.Hour), Kind: "state.reboot", Name: "7"},
		add(time.Hour+30*time.Second, "0", 0),
		{Time: at(time.Hour + 31*time.Second), Kind: "gena.subscribe", Peer: client, Name: "urn:schemas-upnp-org:service:WANIPConnection:1", Status: 200},
	}
	for i := range all {
		all[i].Seq = uint64(i + 1)
	}
	return all
}

func TestExpectations(t *testing.T) {
	for _, tt := range []struct {
		name   string
		expect Expectation
		seen   int      // when it is not met; -1: it is
		near   []uint64 // entries
		differ []string // of the nearest
	}{
		{"a call", Expectation{Calls: "AddPortMapping"}, -1, nil, nil},
		{"a call by pattern", Expectation{Calls: "*PortMapping", Exactly: new(3)}, -1, nil, nil},
		{"the retry", Expectation{Calls: "AddPortMapping", With: map[string]Test{"NewLeaseDuration": Equals("0")}, AtLeast: new(2)}, -1, nil, nil},
		{"search", Expectation{Searches: "*:WANIPConnection:*", With: map[string]Test{"via": Equals("multicast")}}, -1, nil, nil},
		{"request", Expectation{Requests: "GET *", Status: new(200)}, -1, nil, nil},
		{"subscription", Expectation{Subscribes: "*"}, -1, nil, nil},
		{"change", Expectation{Changes: "mapping-added", Client: netip.Addr{}}, -1, nil, nil},
		{"the trap was met", Expectation{Faults: "add-lease-725"}, -1, nil, nil},
		{"never", Expectation{Calls: "ForceTermination", Exactly: new(0)}, -1, nil, nil},
		{"after a reboot", Expectation{Calls: "AddPortMapping", Code: new(0), After: Occurrence{"reboot", 1}, Within: Duration(time.Minute)}, -1, nil, nil},
		{"after an action", Expectation{Changes: "reboot", After: Occurrence{"AddPortMapping", 1}}, -1, nil, nil},
		{"after a fault", Expectation{Calls: "AddPortMapping", After: Occurrence{"add-lease-725", 1}, Exactly: new(3)}, -1, nil, nil},

		{"nothing of the kind", Expectation{Changes: "external-ip", After: Occurrence{"DeletePortMapping", 1}}, 0, []uint64{6, 7},
			[]string{"the change is mapping-added, not external-ip", "it came before DeletePortMapping"}},
		{"another value", Expectation{Calls: "AddPortMapping", With: map[string]Test{"NewLeaseDuration": Equals("3600")}, Code: new(0)}, 0, []uint64{4, 5, 8},
			[]string{"the error answered is 725, not none"}},
		{"another bound", Expectation{Calls: "AddPortMapping", With: map[string]Test{"NewExternalPort": {Below: new(int64(1024))}}}, 0, []uint64{4, 5, 8},
			[]string{"NewExternalPort is 8080, which is to be below 1024"}},
		{"the nearest first", Expectation{Calls: "AddPortMapping", With: map[string]Test{"NewLeaseDuration": Equals("60"), "NewRemoteHost": Equals("")}, Code: new(725)}, 0, []uint64{4, 5, 8},
			[]string{"NewLeaseDuration is 3600, not 60"}},
		{"another client", Expectation{Requests: "*", Client: netip.MustParseAddr("192.168.1.11")}, 0, []uint64{2},
			[]string{"it came from 192.168.1.10, not 192.168.1.11"}},
		{"too late", Expectation{Calls: "AddPortMapping", After: Occurrence{"reboot", 1}, Within: Duration(10 * time.Second)}, 0, []uint64{8, 4, 5},
			[]string{"it came 30s after reboot, not within 10s"}},
		{"not often enough", Expectation{Requests: "GET *", AtLeast: new(2)}, 1, nil, nil},
		{"too often", Expectation{Calls: "AddPortMapping", AtMost: new(1)}, 3, []uint64{5, 8}, nil},
		{"although never", Expectation{Faults: "*", Exactly: new(0)}, 1, []uint64{3}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := NewTally(tt.expect)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range story() {
				tally.Note(e)
			}
			unmet := tally.Unmet()
			if tt.seen < 0 {
				if len(unmet) > 0 {
					t.Errorf("not met: %v", unmet[0])
				}
				return
			}
			if len(unmet) != 1 {
				t.Fatalf("%d are not met", len(unmet))
			}
			var near []uint64
			for _, n := range unmet[0].Near {
				near = append(near, n.Entry.Seq)
			}
			if diff := cmp.Diff(tt.near, near); diff != "" || unmet[0].Seen != tt.seen {
				t.Errorf("saw %d, want %d; near (-want +got):\n%s", unmet[0].Seen, tt.seen, diff)
			}
			if tt.differ != nil {
				if diff := cmp.Diff(tt.differ, unmet[0].Near[0].Differs); diff != "" {
					t.Errorf("differs (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestExpectationsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct {
		expect Expectation
		want   string
	}{
		{Expectation{}, "emulator: expectation 1: counts nothing: give one of calls, searches, requests, subscribes, changes and faults"},
		{Expectation{Calls: "a", Faults: "b"}, "emulator: expectation 1: faults: cannot be counted together with calls: one at a time"},
		{Expectation{Calls: "a", Exactly: new(1), AtMost: new(1)}, "emulator: expectation 1: exactly: goes neither with at-least nor with at-most"},
		{Expectation{Calls: "a", AtLeast: new(2), AtMost: new(1)}, "emulator: expectation 1: at-least: is 2, more than at-most 1"},
		{Expectation{Calls: "a", AtLeast: new(0)}, "emulator: expectation 1: at-least: is 0, which is always true"},
		{Expectation{Calls: "a", Exactly: new(-1)}, "emulator: expectation 1: exactly: is -1, which is no number of times"},
		{Expectation{Searches: "a", Code: new(0)}, "emulator: expectation 1: code: is about calls"},
		{Expectation{Calls: "a", Within: 1}, "emulator: expectation 1: within: needs after"},
	} {
		if _, err := NewTally(tt.expect); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

func TestExpectationInWords(t *testing.T) {
	for want, e := range map[string]Expectation{
		"calls AddPortMapping, at least once": {Calls: "AddPortMapping"},
		"calls AddPortMapping with NewLeaseDuration 0 and NewRemoteHost not empty from 10.0.0.1 answered without error, exactly 2 times": {
			Calls: "AddPortMapping", With: map[string]Test{"NewLeaseDuration": Equals("0"), "NewRemoteHost": {Empty: new(false)}},
			Client: netip.MustParseAddr("10.0.0.1"), Code: new(0), Exactly: new(2),
		},
		"requests * answered by HTTP status 404, never":              {Requests: "*", Status: new(404), Exactly: new(0)},
		"calls * answered by error 725, at most once":                {Calls: "*", Code: new(725), AtMost: new(1)},
		"searches ssdp:all after reboot#2, within 10s, 1 to 3 times": {Searches: "ssdp:all", After: Occurrence{"reboot", 2}, Within: Duration(10 * time.Second), AtLeast: new(1), AtMost: new(3)},
	} {
		if got := e.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What is not met can be sent and read again, entries and all.
func TestUnmetAsJSON(t *testing.T) {
	tally, err := NewTally(Expectation{Calls: "AddPortMapping", Code: new(501)}, Expectation{Changes: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range story()[:4] {
		tally.Note(e)
	}
	want := tally.Unmet()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got []Unmet
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.IgnoreUnexported(NearMiss{})); diff != "" {
		t.Errorf("%s (-sent +read):\n%s", text, diff)
	}
	if text, err := json.Marshal(want[1]); err != nil || string(text) != `{"expectation":"changes x, at least once","seen":0,"near":[]}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestTallyBeginsAgain(t *testing.T) {
	tally, err := NewTally(Expectation{Calls: "*", After: Occurrence{"reboot", 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range story() {
		tally.Note(e)
	}
	if unmet := tally.Unmet(); unmet != nil {
		t.Errorf("not met: %v", unmet)
	}
	tally.Reset()
	tally.Note(story()[4])
	if unmet := tally.Unmet(); len(unmet) != 1 || unmet[0].Seen != 0 || len(unmet[0].Near) != 1 {
		t.Errorf("after Reset: %v", unmet)
	}
}

// Waiting sees what was before and what comes, and ends with its context.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{}
		write := func(at time.Duration, kind string) {
			time.AfterFunc(at, func() { g.journal.add(Entry{Kind: kind}) }) // fake
		}
		write(0, "state.reboot")
		write(time.Second, "state.external-ip")
		write(2*time.Second, "state.reboot")
		write(3*time.Second, "state.reboot")
		start := time.Now()
		e, err := g.Await(t.Context(), Expectation{Changes: "reboot", AtLeast: new(2)})
		if took := time.Since(start); err != nil || e.Seq != 3 || took != 2*time.Second {
			t.Errorf("entry %d after %v: %v", e.Seq, took, err)
		}
		if e, err := g.Await(t.Context(), Expectation{Changes: "external-ip"}); err != nil || e.Seq != 2 {
			t.Errorf("what was before: entry %d, %v", e.Seq, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = g.Await(ctx, Expectation{Changes: "reboot", AtLeast: new(4)})
		unmet, ok := errors.AsType[*UnmetError](err)
		if !ok || unmet.Unmet[0].Seen != 3 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the end: %v", err)
		}
		if got, want := err.Error(), "emulator: expected changes reboot, at least 4 times; saw 3: context deadline exceeded"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
