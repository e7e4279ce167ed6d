package scenarios_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// life-listed-not-forwarding: what a Technicolor CGA4131COM lists and renews each hour leads nowhere for a month, until it is deleted and
// added again.
func TestListedNotForwarding(t *testing.T) {
	for use, age := range map[string]time.Duration{
		"igd1":                                   0, // never
		"life-listed-not-forwarding":             time.Hour,
		"life-listed-not-forwarding: {age: 10m}": 10 * time.Minute,
	} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				c := s.connections()[0]
				behind := s.run("8080")
				begin := time.Now()
				both := func(ask func(protocol string) string) {
					for _, protocol := range []string{"TCP", "UDP"} {
						s.ok(ask(protocol))
					}
				}
				add := func(protocol string) string { return c.add(protocol, 8080, "192.168.1.10", 7200) }
				remove := func(protocol string) string { return c.of("DeletePortMapping", protocol, 8080) }
				both(add)
				outer, inner, ok := s.connect(behind)
				if !ok {
					t.Fatal("a peer does not get through")
				}
				// see looks at every way through, after that time.
				see := func(at time.Duration, want, old bool) {
					t.Helper()
					s.sleep(at - time.Since(begin))
					if got := s.tcp(behind); got != want {
						t.Errorf("after %v, a connection by TCP: %v", time.Since(begin), got)
					}
					if got := s.udp(behind); got != want {
						t.Errorf("after %v, by UDP: %v", time.Since(begin), got)
					}
					if got := passes(outer, inner, "again"); got != old {
						t.Errorf("after %v, an old connection carries bytes: %v", time.Since(begin), got)
					}
					for _, protocol := range []string{"TCP", "UDP"} {
						entry := s.ok(c.of("GetSpecificPortMappingEntry", protocol, 8080))
						if entry["NewInternalClient"] != "192.168.1.10" || entry["NewEnabled"] != "1" {
							t.Errorf("after %v it is listed as %v", time.Since(begin), entry)
						}
					}
					if diff := cmp.Diff([]string{"TCP 8080", "UDP 8080"}, s.listed(c)); diff != "" {
						t.Errorf("after %v listed (-want +got)\n%s", time.Since(begin), diff)
					}
				}
				const tick = 30 * time.Second // more than looking takes
				if age == 0 {
					see(3*time.Hour/2, true, true)
					both(add)
					see(3*time.Hour, true, true)
					return
				}
				s.sleep(age / 2)
				both(add) // renewing does not make it younger
				see(age-tick, true, true)
				see(age+tick, false, false)
				both(add)
				see(age+2*tick, false, false)
				s.sleep(age)
				both(add)
				see(3*age, false, false)
				both(remove)
				if got := len(s.listed(c)); got != 0 {
					t.Errorf("%d mappings are left", got)
				}
				both(add)
				cured := time.Since(begin)
				see(cured, true, false)
				see(cured+age-tick, true, false)
				see(cured+age+tick, false, false)
			})
		})
	}
}

// life-unused-cleaned: a miniupnpd with clean_ruleset_interval=600 and clean_ruleset_threshold=20 forgets what nobody uses.
func TestUnusedCleaned(t *testing.T) {
	tests := []struct {
		use   string
		many  int           // mappings
		lives time.Duration // that of an unused one; 0: until its lease is over
	}{
		{"igd1", 21, 0},
		{"life-unused-cleaned", 20, 0},
		{"life-unused-cleaned", 21, 20 * time.Minute}, // what is new counts as used, once
		{"life-unused-cleaned: {every: 180s, limit: 2}", 2, 0},
		{"life-unused-cleaned: {every: 180s, limit: 2}", 3, 6 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s with %d", tt.use, tt.many), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, tt.use, 1)
				c := s.connections()[0]
				behind := s.run("8000")
				begin := time.Now()
				var all []string
				for i := range tt.many {
					s.ok(c.add("TCP", 8000+i, "192.168.1.10", 86400))
					all = append(all, fmt.Sprint("TCP ", 8000+i))
				}
				lives := tt.lives
				if lives == 0 {
					lives = 12 * time.Hour
				}
				s.sleep(lives - 10*time.Second - time.Since(begin))
				if diff := cmp.Diff(all, s.listed(c)); diff != "" {
					t.Errorf("before %v (-want +got)\n%s", lives, diff)
				}
				if !s.tcp(behind) {
					t.Error("a peer does not get through")
				}
				s.ok(c.add("TCP", 8001, "192.168.1.10", 86400))
				s.sleep(20 * time.Second)
				if tt.lives > 0 {
					all = all[:2] // the one that is used, and the one that was renewed
				}
				if diff := cmp.Diff(all, s.listed(c)); diff != "" {
					t.Errorf("after %v (-want +got)\n%s", lives, diff)
				}
				if left := s.ok(c.of("GetSpecificPortMappingEntry", "TCP", 8000))["NewLeaseDuration"]; left != fmt.Sprint(int((24*time.Hour-time.Since(begin))/time.Second)) {
					t.Errorf("after %v, %s s of the lease of a day are left", time.Since(begin), left)
				}
				if !s.tcp(behind) {
					t.Error("the one that is used does not let a peer through")
				}
				if tt.lives > 0 {
					s.sleep(2 * tt.lives) // few enough now: nothing more is removed
					if diff := cmp.Diff(all, s.listed(c)); diff != "" {
						t.Errorf("later (-want +got)\n%s", diff)
					}
				}
			})
		})
	}
}
