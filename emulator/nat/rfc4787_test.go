package nat

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// Table tests by the numbers of RFC 4787's requirements. Requirements 7, 10, 12, 13 and 14 (address conflicts, ALGs, ICMP, fragments)
// are not about a table that sees the ends of datagrams alone.

// REQ-1 and §4.1: what a mapping depends on.
func TestREQ1Mapping(t *testing.T) {
	for _, test := range []struct {
		is                  string
		samePort, otherAddr bool // whether another port of the same address, and another address, see the same source
	}{
		{"eim/apdf", true, true}, {"adm/apdf", true, false}, {"apdm/apdf", false, false},
		{"eim/eif,ports=random", true, true}, {"adm/eif,ports=sequential", true, false}, {"apdm/eif,ports=preserve", false, false},
		{"apdm/apdf,ports=overload", true, true}, // without collisions it looks so
		{"one-to-one", true, true}, {"open", true, true}, {"symmetric-firewall", true, true},
	} {
		t.Run(test.is, func(t *testing.T) {
			r := newRig(t, test.is)
			first := r.out(x1, y1)
			r.check("again", r.out(x1, y1), first)
			r.check("another port of the remote address", r.out(x1, y1b) == first, test.samePort)
			r.check("another remote address", r.out(x1, y2) == first, test.otherAddr)
			r.check("the first again", r.out(x1, y1), first)
		})
	}
}

// REQ-2: all sessions of one internal address have one external address.
func TestREQ2PairedPooling(t *testing.T) {
	r := newRig(t, "symmetric", func(o *Options) { o.External = append(o.External, netip.MustParseAddr("203.0.113.2")) })
	seen := map[netip.Addr]netip.Addr{}
	for i := range 200 {
		host := fmt.Sprintf("192.168.1.%d:%d", 10+i%4, 4000+i)
		got := ap(r.out(host, y1)).Addr()
		if before, ok := seen[ap(host).Addr()]; ok && before != got {
			t.Fatalf("%v had %v and has %v", host, before, got)
		}
		seen[ap(host).Addr()] = got
	}
	n := map[netip.Addr]int{}
	for _, a := range seen {
		n[a]++
	}
	r.check("hosts of 203.0.113.1", n[netip.MustParseAddr(wan)], 2)
	r.check("hosts of 203.0.113.2", n[netip.MustParseAddr("203.0.113.2")], 2)
}

// REQ-3: no port overloading, but by Overload.
func TestREQ3NoOverloading(t *testing.T) {
	for _, ports := range []string{"preserve", "sequential", "random"} {
		r := newRig(t, "full-cone,ports="+ports)
		r.differ(ports, r.out(x1, y1), r.out(x2, y1))
	}
	r := newRig(t, "full-cone")
	r.check("preserved", r.out(x1, y1), wan+":5000")
	r.check("taken", r.out(x2, y1), wan+":5001")

	r = newRig(t, "full-cone,ports=overload")
	r.check("first", r.out(x1, y1), wan+":5000")
	r.check("second", r.out(x2, y2), wan+":5000")
	r.check("from whom the first has sent to", r.in(y1, wan+":5000"), x1)
	r.check("from whom the second has sent to", r.in(y2, wan+":5000"), x2)
	r.check("from a stranger", r.in(y1b, wan+":5000"), x2)
	r.wait(4 * time.Minute)
	r.out(x1, y1)
	r.wait(2 * time.Minute)
	r.check("the second is over", r.in(y1b, wan+":5000"), x1)
}

// REQ-3a: ports below 1024 stay below, others above.
func TestREQ3aRange(t *testing.T) {
	for _, ports := range []string{"preserve", "sequential", "random"} {
		r := newRig(t, "symmetric,ports="+ports)
		for i := range 100 {
			host := fmt.Sprintf("192.168.1.%d", 10+i)
			if got := portOf(r.out(host+":500", y1)); got >= 1024 {
				t.Fatalf("%s: 500 leaves as %d", ports, got)
			}
			if got := portOf(r.out(host+":1024", y1)); got < 1024 {
				t.Fatalf("%s: 1024 leaves as %d", ports, got)
			}
		}
	}
	r := newRig(t, "full-cone", func(o *Options) { o.FirstPort, o.LastPort = 2000, 2001 })
	r.check("a pool without low ports", portOf(r.out("192.168.1.10:500", y1)), uint16(2000))
}

// REQ-4: even ports stay even, and odd ones odd, as long as there are any.
func TestREQ4Parity(t *testing.T) {
	for _, ports := range []string{"preserve", "sequential", "random"} {
		r := newRig(t, "symmetric,parity,ports="+ports, func(o *Options) { o.FirstPort, o.LastPort = 3000, 3099 })
		for i := range 50 {
			for _, from := range []string{"192.168.1.10:5000", "192.168.1.10:5001"} {
				if i == 49 && from == "192.168.1.10:5001" {
					break // one odd port is left
				}
				if got := portOf(r.out(from, fmt.Sprintf("198.51.100.1:%d", 1000+i))); got%2 != portOf(from)%2 {
					t.Fatalf("%s: %s leaves as %d, number %d", ports, from, got, i)
				}
			}
		}
		if got := portOf(r.out(x1, y2)); got%2 != 1 {
			t.Fatalf("%s: %d is even, but all even ones were taken", ports, got)
		}
	}
	r := newRig(t, "full-cone")
	r.out(x1, y1)
	r.check("without parity", portOf(r.out(x2, y1)), uint16(5001))
}

// REQ-5: a mapping lasts two minutes at least, and by default five (5c); the time can be set (5b). A simulated NAT may break it.
func TestREQ5Timeout(t *testing.T) {
	for is, lasts := range map[string]time.Duration{
		"full-cone": 5 * time.Minute, "rfc4787": 5 * time.Minute, "full-cone,timeout=2m": 2 * time.Minute, "symmetric,timeout=30s": 30 * time.Second,
	} {
		r := newRig(t, is)
		at := r.out(x1, y1)
		r.wait(lasts - 1)
		r.check(is+": before", r.in(y1, at), x1)
		r.wait(1)
		r.check(is+": after", r.in(y1, at), string(NoMapping))
		r.check(is+": told", r.count(Expired), 1)
		next, ok := r.Next()
		r.check(is+": nothing is left", fmt.Sprint(next, ok), fmt.Sprint(time.Time{}, false))
	}
}

// REQ-6: what leaves refreshes; 6a: what gets in may.
func TestREQ6Refresh(t *testing.T) {
	for _, test := range []struct {
		is      string
		out, in bool
	}{
		{"port-restricted", true, false}, {"port-restricted,refresh=in", false, true}, {"port-restricted,refresh=both", true, true},
		{"full-cone", true, false}, {"full-cone,refresh=in", false, true}, {"full-cone,refresh=both", true, true},
	} {
		for way, refreshes := range map[string]bool{"out": test.out, "in": test.in} {
			r := newRig(t, test.is)
			at := r.out(x1, y1)
			for range 3 {
				r.wait(4 * time.Minute)
				if way == "out" {
					r.out(x1, y1)
				} else {
					r.in(y1, at)
				}
			}
			r.check(test.is+" by "+way, r.in(y1, at) == x1 && r.count(Made) == 1, refreshes)
		}
	}
	r := newRig(t, "port-restricted,refresh=both")
	at := r.out(x1, y1)
	r.wait(4 * time.Minute)
	r.check("a stranger", r.in(y2, at), string(Filtered))
	r.wait(2 * time.Minute)
	r.check("after a stranger's packet, which was dropped", r.in(y1, at), string(NoMapping))
}

// REQ-6: a permission ages by its own traffic, the mapping by that of all.
func TestREQ6PermissionsAgeAlone(t *testing.T) {
	r := newRig(t, "port-restricted")
	at := r.out(x1, y1)
	r.wait(4 * time.Minute)
	r.check("the same port", r.out(x1, y2), at)
	r.wait(2 * time.Minute)
	r.check("to whom nothing was sent since", r.in(y1, at), string(Filtered))
	r.check("to whom something was", r.in(y2, at), x1)
}

// REQ-8 and §5: who gets in.
func TestREQ8Filtering(t *testing.T) {
	for _, mapping := range []string{"eim", "adm", "apdm", "one-to-one", "plain"} {
		for filtering, want := range map[string][3]bool{"eif": {true, true, true}, "adf": {true, true, false}, "apdf": {true, false, false}} {
			r := newRig(t, mapping+"/"+filtering)
			at := r.out(x1, y1)
			for i, from := range []string{y1, y1b, y2} {
				got := r.in(from, at)
				if got != x1 && got != string(Filtered) {
					t.Fatalf("%s/%s from %s: %s", mapping, filtering, from, got)
				}
				r.check(fmt.Sprintf("%s/%s from %s", mapping, filtering, from), got == x1, want[i])
			}
		}
	}
}

// REQ-8: before anything was sent.
func TestREQ8Unsolicited(t *testing.T) {
	for is, want := range map[string]string{
		"full-cone": string(NoMapping), "symmetric": string(NoMapping), "blocked": string(UDPBlocked), "open": x1, "plain/adf": string(Filtered),
		"symmetric-firewall": string(Filtered),
	} {
		r := newRig(t, is)
		to := wan + ":5000"
		if r.Behaviour().Kind == Plain {
			to = x1
		}
		r.check(is, r.in(y1, to), want)
	}
	r := newRig(t, "one-to-one")
	r.check("an address that nobody has", r.in(y1, wan+":5000"), string(NoMapping))
	if a, ok := r.Bind(ap(x1).Addr()); !ok || a.String() != wan {
		t.Fatal(a, ok)
	}
	r.check("that of a host which has sent nothing", r.in(y1, wan+":5000"), x1)
	_, v := r.Out(r.now, Packet{ap(x2), ap(y1)})
	r.check("a second host", v, NoAddressLeft)
	r.check("another address", r.in(y1, "203.0.113.9:5000"), string(NotExternal))
}

// REQ-9: hairpinning; 9a: with the external source.
func TestREQ9Hairpin(t *testing.T) {
	for _, test := range []struct {
		is, src string // "": dropped
	}{
		{"full-cone", ""}, {"full-cone,hairpin=internal", x2}, {"full-cone,hairpin=external", wan + ":5001"}, {"rfc4787", wan + ":5002"},
	} {
		r := newRig(t, test.is)
		at := r.out(x1, y1)
		p, v := r.Out(r.now, Packet{ap(x2), ap(at)})
		if test.src == "" {
			r.check(test.is, v, HairpinRefused)
			continue
		}
		r.check(test.is, v, Hairpinned)
		r.check(test.is, p, Packet{ap(test.src), ap(x1)})
	}
	r := newRig(t, "full-cone,hairpin=external")
	_, v := r.Out(r.now, Packet{ap(x2), ap(wan + ":9")})
	r.check("to a port that leads nowhere", v, NoMapping)
	p, v := r.Out(r.now, Packet{ap(x2), ap(r.out(x2, y1))})
	r.check("to itself", fmt.Sprint(p, v), fmt.Sprint(Packet{ap(wan + ":5000"), ap(x2)}, Hairpinned))

	r = newRig(t, "one-to-one,hairpin=external", func(o *Options) { o.External = append(o.External, netip.MustParseAddr("203.0.113.2")) })
	at := r.out(x1, y1)
	p, v = r.Out(r.now, Packet{ap(x2), ap(at)})
	r.check("one-to-one", fmt.Sprint(p, v), fmt.Sprint(Packet{ap("203.0.113.2:5000"), ap(x1)}, Hairpinned))
}

// REQ-9: filtering is for hairpinned packets too, and looks at the external source.
func TestREQ9HairpinIsFiltered(t *testing.T) {
	for _, hairpin := range []string{"internal", "external"} {
		r := newRig(t, "port-restricted,hairpin="+hairpin)
		at1, at2 := r.out(x1, y1), r.out(x2, y1)
		_, v := r.Out(r.now, Packet{ap(x2), ap(at1)})
		r.check("before", v, Filtered)
		_, v = r.Out(r.now, Packet{ap(x1), ap(at2)})
		r.check("the other way: x2 has sent", v, Hairpinned)
		_, v = r.Out(r.now, Packet{ap(x2), ap(at1)})
		r.check("after", v, Hairpinned)
	}
}

// REQ-11: the behaviour does not change with collisions or load: only the port does.
func TestREQ11Deterministic(t *testing.T) {
	for _, is := range []string{"eim/apdf", "eim/eif,ports=sequential", "eim/adf,ports=random"} {
		r := newRig(t, is)
		for i := range 1000 {
			r.out(fmt.Sprintf("10.0.%d.%d:5000", i/250, i%250), y1)
		}
		first := r.out("10.9.9.9:5000", y1)
		r.check(is, r.out("10.9.9.9:5000", y2), first)
	}
}
