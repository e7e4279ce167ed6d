package nat

import (
	"net/netip"
	"testing"
	"time"
)

func (r *rig) static(external, internal string, remote ...string) Static {
	r.t.Helper()
	s := Static{Internal: ap(internal)}
	if external != "" {
		s.External = ap(external)
	}
	for _, a := range remote {
		s.Remote = netip.MustParseAddr(a)
	}
	if err := r.Map(r.now, s); err != nil {
		r.t.Fatal(err)
	}
	return s
}

// What came in by a static mapping is answered from its port, whatever the NAT's own mappings are.
func TestStaticAnswersFromItsPort(t *testing.T) {
	for _, is := range []string{"full-cone", "restricted", "port-restricted", "symmetric", "apdm/apdf,ports=overload", "one-to-one/apdf"} {
		t.Run(is, func(t *testing.T) {
			r := newRig(t, is)
			r.static(wan+":8000", x1)
			r.check("in", r.in(y1, wan+":8000"), x1)
			r.check("answer", r.out(x1, y1), wan+":8000")
			r.differ("to somebody else", r.out(x1, y2), wan+":8000")
			r.check("a stranger", r.in(y1b, wan+":8000"), x1)

			for range 3 { // answers keep the flow alive
				r.wait(4 * time.Minute)
				r.check("answer", r.out(x1, y1), wan+":8000")
			}
			r.wait(5 * time.Minute)
			r.differ("after the flow", r.out(x1, y1), wan+":8000")
			r.check("in again", r.in(y1, wan+":8000"), x1)
			r.check("answer again", r.out(x1, y1), wan+":8000")
		})
	}
}

func TestStaticForOneRemoteHost(t *testing.T) {
	r := newRig(t, "port-restricted")
	only := r.static(wan+":8000", x1, "198.51.100.1")
	r.check("the remote host", r.in(y1, wan+":8000"), x1)
	r.check("another", r.in(y2, wan+":8000"), string(OtherRemote))

	r.static(wan+":8000", x2)
	r.check("the remote host, with another for anybody", r.in(y1, wan+":8000"), x1)
	r.check("anybody", r.in(y2, wan+":8000"), x2)

	if !r.Unmap(r.now, only) || r.Unmap(r.now, only) {
		t.Fatal("Unmap is to find it once")
	}
	r.check("the remote host, as anybody", r.in(y1, wan+":8000"), x2)
}

// A static mapping takes its port, from mappings that have it and for good.
func TestStaticTakesItsPort(t *testing.T) {
	r := newRig(t, "full-cone")
	r.check("before", r.out(x2, y1), wan+":5000")
	s := r.static(wan+":5000", x1)
	r.check("told", r.count(Ended), 1)
	r.check("x2 goes on by another", r.out(x2, y1), wan+":5001")
	r.check("in", r.in(y1, wan+":5000"), x1)
	r.check("what x1 sends leaves by the port that it has anyway", r.out(x1, y2), wan+":5000")
	r.Unmap(r.now, s)
	r.check("x1's own mapping remains", r.in(y2, wan+":5000"), x1)
	r.wait(6 * time.Minute)
	r.check("x2 has it again", r.out(x2, y1), wan+":5000")
}

func TestStaticOfAnyPort(t *testing.T) {
	r := newRig(t, "port-restricted")
	r.static(wan+":0", "192.168.1.30:0")
	r.static(wan+":8000", x1)
	at := r.out(x2, y1)
	r.check("a port of its own", r.in(y1, wan+":8000"), x1)
	r.check("a mapping", r.in(y1, at), x2)
	r.check("a mapping that filters", r.in(y2, at), "192.168.1.30:5000")
	r.check("any other", r.in(y1, wan+":77"), "192.168.1.30:77")
	r.check("its answer", r.out("192.168.1.30:77", y1), wan+":77")
}

// The latest way in is the way out.
func TestStaticTwoWaysIn(t *testing.T) {
	r := newRig(t, "symmetric")
	a := r.static(wan+":8000", x1)
	r.static(wan+":9000", x1)
	r.in(y1, wan+":8000")
	r.in(y1, wan+":9000")
	r.check("answer", r.out(x1, y1), wan+":9000")
	r.in(y1, wan+":8000")
	r.check("answer", r.out(x1, y1), wan+":8000")
	r.Unmap(r.now, a)
	r.differ("when that way is no more", r.out(x1, y1), wan+":8000")
	r.check("it leads nowhere", r.in(y1, wan+":8000"), string(NoMapping))
}

func TestStaticHairpin(t *testing.T) {
	r := newRig(t, "symmetric,hairpin=external")
	r.static(wan+":8000", x1)
	p, v := r.Out(r.now, Packet{ap(x2), ap(wan + ":8000")})
	r.check("there", v, Hairpinned)
	r.check("there", p.Dst, ap(x1))
	back, v := r.Out(r.now, Packet{ap(x1), p.Src})
	r.check("back", v, Hairpinned)
	r.check("back", back, Packet{ap(wan + ":8000"), ap(x2)})
}

// A pinhole: a static mapping in a firewall that translates nothing.
func TestStaticInFirewall(t *testing.T) {
	r := newRig(t, "symmetric-firewall")
	s := Static{External: netip.AddrPortFrom(netip.Addr{}, 5000), Internal: ap(x1)}
	if err := r.Map(r.now, s); err != nil {
		t.Fatal(err)
	}
	r.check("in", r.in(y1, x1), x1)
	r.check("answer", r.out(x1, y1), x1)
	r.Unmap(r.now, s)
	r.wait(5 * time.Minute)
	r.check("closed", r.in(y2, x1), string(Filtered))
}

func TestStaticRefused(t *testing.T) {
	for name, test := range map[string]struct {
		is string
		s  Static
	}{
		"blocked":           {"blocked", Static{External: ap(wan + ":1"), Internal: ap(x1)}},
		"foreign address":   {"full-cone", Static{External: ap("203.0.113.9:1"), Internal: ap(x1)}},
		"no internal end":   {"full-cone", Static{External: ap(wan + ":1")}},
		"no internal port":  {"full-cone", Static{External: ap(wan + ":1"), Internal: ap("192.168.1.10:0")}},
		"multicast remote":  {"full-cone", Static{External: ap(wan + ":1"), Internal: ap(x1), Remote: netip.MustParseAddr("224.0.0.1")}},
		"no address for it": {"one-to-one", Static{External: ap("203.0.113.9:1"), Internal: ap(x2)}},
	} {
		r := newRig(t, test.is)
		if err := r.Map(r.now, test.s); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Address is what other protocols leave by: the host's own address, if it has one.
func TestAddress(t *testing.T) {
	second := func(o *Options) { o.External = append(o.External, netip.MustParseAddr("203.0.113.2")) }
	for is, want := range map[string][2]string{
		"full-cone": {wan, "203.0.113.2"}, "one-to-one": {wan, "203.0.113.2"}, "blocked": {wan, wan}, "open": {"192.168.1.10", "192.168.1.20"},
	} {
		change := []func(*Options){second}
		if is == "open" {
			change = nil
		}
		r := newRig(t, is, change...)
		if is == "full-cone" {
			r.out(x1, y1) // which pairs the first host with the first address
		}
		for i, host := range []string{x1, x2} {
			got, ok := r.Address(ap(host).Addr())
			r.check(is+" "+host, got.String(), want[i])
			r.check(is+" "+host, ok, true)
		}
	}
	r := newRig(t, "one-to-one")
	r.out(x1, y1)
	_, ok := r.Address(ap(x2).Addr())
	r.check("none is left", ok, false)
}
