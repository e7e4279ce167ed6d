package scenarios_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outage is a row of polls that failed, by when the first and the last were.
type outage struct{ first, last time.Duration }

// polls asks for the external address each 15 s for d. In the midst of the first outage it tries what else a connection does.
func polls(t *testing.T, use string, seed uint64, d time.Duration) (all []outage) {
	t.Helper()
	const each = 15 * time.Second
	synctest.Test(t, func(t *testing.T) {
		s := play(t, use, seed)
		c := s.connections()[0]
		request := c.request("GetExternalIPAddress")
		begin, before := time.Now(), ""
		for at := time.Duration(0); at < d; at += each {
			s.sleep(at - time.Since(begin))
			a := s.ask(request)
			code := a.args["errorCode"]
			switch {
			case a.status == 200 && a.args["NewExternalIPAddress"] == external:
			case a.status != 500 || code != "501":
				t.Fatalf("after %v: %v", at, a)
			case before == "":
				all = append(all, outage{at, at})
			default:
				all[len(all)-1].last = at
			}
			if before == "" && code != "" && len(all) == 1 {
				s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
				s.ok(c.of("GetSpecificPortMappingEntry", "TCP", 8080))
				s.ok(c.at(0))
				if got := s.ok(c.request("GetStatusInfo"))["NewConnectionStatus"]; got != "Connected" {
					t.Errorf("status %s while the address cannot be read", got)
				}
				if !s.tcp(s.run("8080")) {
					t.Error("nothing passes while the address cannot be read")
				}
				s.ok(c.of("DeletePortMapping", "TCP", 8080))
			}
			before = code
		}
	})
	return all
}

// extip-intermittent: Home Assistant polls a Bouygues F@st 5688B, and now and then, 13 to 103 minutes apart, gets no address.
func TestExternalIPIntermittent(t *testing.T) {
	const day, each = 24 * time.Hour, 15 * time.Second
	one := polls(t, "extip-intermittent", 1, day)
	if most, least := int(day/(14*time.Minute)), int(day/(104*time.Minute)); len(one) < least || len(one) > most {
		t.Errorf("%d outages in a day, want %d to %d", len(one), least, most)
	}
	over := time.Duration(0) // when the one before was at the earliest
	gaps := map[time.Duration]bool{}
	for _, o := range one {
		// A minute has four polls, wherever it begins. What passes between the two polls around a gap is the gap, and up to 15 s at each end.
		if o.last-o.first != 3*each {
			t.Errorf("an outage is seen from %v to %v, want 45 s", o.first, o.last)
		}
		gap := o.first - over
		if gap < 13*time.Minute || gap > 103*time.Minute+2*each {
			t.Errorf("%v between two outages, want 13 to 103 minutes", gap)
		}
		gaps[gap.Truncate(5*time.Minute)] = true
		over = o.last
	}
	if len(gaps) < 4 {
		t.Errorf("the gaps are regular: %v", one)
	}
	if diff := cmp.Diff(one, polls(t, "extip-intermittent", 1, day), cmp.AllowUnexported(outage{})); diff != "" {
		t.Errorf("one seed, two days:\n%s", diff)
	}
	other := polls(t, "extip-intermittent", 2, day/4)
	if len(other) < 2 || cmp.Equal(one[:len(other)], other, cmp.AllowUnexported(outage{})) {
		t.Errorf("two seeds, the same morning: %v", other)
	}
	if got := polls(t, "igd1", 1, day/4); len(got) > 0 {
		t.Errorf("igd1 has outages: %v", got)
	}
	// An hour, 90 s, an hour, 90 s, …
	want := []outage{
		{time.Hour, time.Hour + 75*time.Second},
		{2*time.Hour + 90*time.Second, 2*time.Hour + 165*time.Second},
	}
	if diff := cmp.Diff(want, polls(t, "extip-intermittent: {gap: 1h, for: 90s}", 1, 3*time.Hour), cmp.AllowUnexported(outage{})); diff != "" {
		t.Errorf("with parameters (-want +got)\n%s", diff)
	}
}
