package emulator

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const host6 = "2001:db8:1::10"

// firewalled is an IGD:2 that hosts of IPv6 may talk to.
func firewalled(t *testing.T, o Options) caller {
	o.Version = 2
	o.Clients = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	return call1(t, o).as(host6)
}

// hole are the arguments of AddPinhole; change changes some of a good call.
func hole(change ...string) []string {
	args := []string{"RemoteHost", "", "RemotePort", "0", "InternalClient", host6, "InternalPort", "8080", "Protocol", "6", "LeaseTime", "3600"}
	for i := 0; i < len(change); i += 2 {
		for j := 0; j < len(args); j += 2 {
			if args[j] == change[i] {
				args[j+1] = change[i+1]
			}
		}
	}
	return args
}

// open adds a pinhole and gives its UniqueID.
func (c caller) open(args ...string) string {
	c.t.Helper()
	code, out := c.do(firewallControl, 1, "AddPinhole", args...)
	if code != 0 {
		c.t.Fatalf("AddPinhole: error %d", code)
	}
	return out[0].Value
}

// The codes are those of the protocol facts §2.1 for WANIPv6FirewallControl:1.
func TestPinholeCodes(t *testing.T) {
	no := false
	for _, tt := range []struct {
		name   string
		policy PinholePolicy
		args   []string
		want   int
	}{
		{"good", PinholePolicy{}, hole(), 0},
		{"remote host and port", PinholePolicy{}, hole("RemoteHost", "2001:db8:2::1", "RemotePort", "4000"), 0},
		{"shortest lease", PinholePolicy{}, hole("LeaseTime", "1"), 0},
		{"longest lease", PinholePolicy{}, hole("LeaseTime", "86400"), 0},
		{"no lease", PinholePolicy{}, hole("LeaseTime", "0"), 402},
		{"lease too long", PinholePolicy{}, hole("LeaseTime", "86401"), 402},
		{"firewall off", PinholePolicy{Firewall: &no}, hole(), 702},
		{"no pinholes allowed", PinholePolicy{Inbound: &no}, hole(), 703},
		{"unknown protocol", PinholePolicy{}, hole("Protocol", "132"), 705},
		{"protocol made known", PinholePolicy{Protocols: []uint16{132}}, hole("Protocol", "132"), 0},
		{"any port", PinholePolicy{}, hole("InternalPort", "0"), 706},
		{"any port allowed", PinholePolicy{Any: PinholeAny{InternalPort: true}}, hole("InternalPort", "0"), 0},
		{"any protocol", PinholePolicy{}, hole("Protocol", "65535"), 707},
		{"any protocol allowed", PinholePolicy{Any: PinholeAny{Protocol: true}}, hole("Protocol", "65535"), 0},
		{"any client", PinholePolicy{}, hole("InternalClient", ""), 708},
		{"any client by star", PinholePolicy{}, hole("InternalClient", "*"), 708},
		{"any client allowed", PinholePolicy{Clients: "any", Any: PinholeAny{Client: true}}, hole("InternalClient", ""), 0},
		{"another client", PinholePolicy{}, hole("InternalClient", "2001:db8:1::11"), 606},
		{"another client, another code", PinholePolicy{Else: ErrorReply{Code: 403}}, hole("InternalClient", "2001:db8:1::11"), 403},
		{"another client allowed", PinholePolicy{Clients: "any"}, hole("InternalClient", "2001:db8:1::11"), 0},
		{"low port", PinholePolicy{}, hole("InternalPort", "1023"), 606},
		{"low port allowed", PinholePolicy{Lowest: 1}, hole("InternalPort", "80"), 0},
		{"client of IPv4", PinholePolicy{Clients: "any"}, hole("InternalClient", "192.168.1.10"), 402},
		{"client is a name", PinholePolicy{Clients: "any"}, hole("InternalClient", "nas"), 402},
		{"remote host is a group", PinholePolicy{}, hole("RemoteHost", "ff02::1"), 402},
		{"too many", PinholePolicy{Capacity: CapacityPolicy{Entries: 1}}, hole("InternalPort", "9000"), 701},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := firewalled(t, Options{Policy: Policy{Pinholes: tt.policy}})
			if tt.policy.Capacity.Entries > 0 {
				c.open(hole()...)
			}
			if got, _ := c.do(firewallControl, 1, "AddPinhole", tt.args...); got != tt.want {
				t.Errorf("error %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPinholesLive(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var events []string
	c := firewalled(t, Options{Clock: clock, OnEvent: func(e Event) {
		if e.Pinhole != nil {
			events = append(events, fmt.Sprintf("%s %d %s at %s", e.Event, e.Pinhole.ID, e.Pinhole.Lease, e.Time.Format("15:04:05")))
		}
	}})
	want := func(what string, code int, action string, args ...string) {
		t.Helper()
		if got, _ := c.do(firewallControl, 1, action, args...); got != code {
			t.Errorf("%s: error %d, want %d", what, got, code)
		}
	}
	first := c.open(hole("LeaseTime", "60")...)
	second := c.open(hole("Protocol", "17", "LeaseTime", "120")...)
	if first == second {
		t.Fatalf("both have the UniqueID %s", first)
	}
	clock.Advance(30 * time.Second)
	if again := c.open(hole("LeaseTime", "60")...); again != first {
		t.Errorf("the same pinhole has the UniqueIDs %s and %s", first, again)
	}
	want("nothing has passed", 709, "CheckPinholeWorking", "UniqueID", first)
	if !c.g.PassPinhole(1, 7) || c.g.PassPinhole(9, 1) {
		t.Error("packets pass where there is a pinhole, and only there")
	}
	if _, out := c.do(firewallControl, 1, "GetPinholePackets", "UniqueID", first); len(out) != 1 || out[0].Value != "7" {
		t.Errorf("packets %v, want 7", out)
	}
	want("something has passed", 0, "CheckPinholeWorking", "UniqueID", first)
	want("update", 0, "UpdatePinhole", "UniqueID", second, "NewLeaseTime", "300")
	want("update to nothing", 402, "UpdatePinhole", "UniqueID", second, "NewLeaseTime", "0")
	want("update what is not there", 704, "UpdatePinhole", "UniqueID", "99", "NewLeaseTime", "60")
	c = c.as("2001:db8:1::11")
	want("another host's", 606, "DeletePinhole", "UniqueID", second)
	want("another host's packets", 606, "GetPinholePackets", "UniqueID", second)
	c = c.as(host6)
	clock.Advance(60 * time.Second)
	want("expired", 704, "DeletePinhole", "UniqueID", first)
	want("delete", 0, "DeletePinhole", "UniqueID", second)
	want("delete again", 704, "DeletePinhole", "UniqueID", second)
	c.g.SetFirewall(false, true)
	want("off", 702, "UpdatePinhole", "UniqueID", second, "NewLeaseTime", "60")
	if d := cmp.Diff([]string{
		"pinhole-added 1 1m0s at 00:00:00",
		"pinhole-added 2 2m0s at 00:00:00",
		"pinhole-updated 1 1m0s at 00:00:30",
		"pinhole-updated 2 5m0s at 00:00:30",
		"pinhole-expired 1 1m0s at 00:01:30",
		"pinhole-deleted 2 5m0s at 00:01:30",
	}, events); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if all := c.g.Pinholes(); len(all) != 0 {
		t.Errorf("left: %v", all)
	}
}

func TestFirewallIsEvented(t *testing.T) {
	c := firewalled(t, Options{})
	sub := newSubscriber(t, http.StatusOK)
	subscribe(t, c.g, "WANIPv6FirewallControl1", sub.url)
	sub.next(t)
	c.open(hole()...) // tells nobody
	c.g.SetFirewall(true, false)
	if d := cmp.Diff(map[string]string{"InboundPinholeAllowed": "0"}, sub.next(t).values); d != "" {
		t.Errorf("event (-want +got):\n%s", d)
	}
	c.g.SetFirewall(false, false)
	if d := cmp.Diff(map[string]string{"FirewallEnabled": "0"}, sub.next(t).values); d != "" {
		t.Errorf("event (-want +got):\n%s", d)
	}
}
