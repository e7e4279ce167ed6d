package nat

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestPortsRunOut(t *testing.T) {
	for _, ports := range []string{"preserve", "sequential", "random", "preserve,parity"} {
		r := newRig(t, "full-cone,ports="+ports, func(o *Options) { o.FirstPort, o.LastPort = 1000, 1099 })
		seen := map[string]bool{}
		for i := range 100 {
			at := r.out(fmt.Sprintf("192.168.1.10:%d", 2000+i), y1)
			if p := portOf(at); seen[at] || p < 1000 || p > 1099 {
				t.Fatalf("%s: %s is taken already, or outside the pool", ports, at)
			}
			seen[at] = true
		}
		for range 3 {
			_, v := r.Out(r.now, Packet{ap(x1), ap(y1)})
			r.check(ports, v, NoPortLeft)
		}
		r.check(ports+": told once", r.count(Exhausted), 1)
		r.check(ports+": those there are go on", len(r.out("192.168.1.10:2000", y2)) > 0, true)
		r.wait(5 * time.Minute)
		r.out(x1, y1)
		r.check(ports+": all others have expired", len(r.Mappings()), 1)
		for i := range 100 {
			r.Out(r.now, Packet{ap(fmt.Sprintf("192.168.1.10:%d", 2000+i)), ap(y1)})
		}
		r.check(ports+": told again after there were some", r.count(Exhausted), 2)
	}
}

func TestMappingsAreCapped(t *testing.T) {
	r := newRig(t, "symmetric", func(o *Options) { o.MaxMappings = 10 })
	for i := range 10 {
		r.out(fmt.Sprintf("192.168.1.10:%d", 2000+i), y1)
	}
	for range 3 {
		_, v := r.Out(r.now, Packet{ap(x1), ap(y1)})
		r.check("one too many", v, Full)
	}
	r.check("told once", r.count(Capped), 1)
	r.check("of whom", r.events[len(r.events)-1].Mapping.Internal, ap(x1))
	r.wait(5 * time.Minute)
	for i := range 11 {
		r.Out(r.now, Packet{ap(fmt.Sprintf("192.168.1.10:%d", 2000+i)), ap(y1)})
	}
	r.check("told again after there was room", r.count(Capped), 2)
}

func TestMappingsOfHostAreCapped(t *testing.T) {
	r := newRig(t, "symmetric", func(o *Options) { o.MaxPerHost = 2 })
	r.out(x1, y1)
	r.out(x1, y2)
	_, v := r.Out(r.now, Packet{ap(x1), ap(y1b)})
	r.check("a third", v, HostFull)
	r.check("told", r.count(Capped), 1)
	r.out(x2, y1)
	r.out(x2, y2)
	r.Out(r.now, Packet{ap(x2), ap(y1b)})
	r.Out(r.now, Packet{ap(x1), ap(y1b)})
	r.check("told of each host once", r.count(Capped), 2)
}

// What one mapping sends to a million places, or a million strangers send to one static mapping, is bounded too.
func TestFlowsAreCapped(t *testing.T) {
	r := newRig(t, "port-restricted", func(o *Options) { o.MaxMappings = 10 })
	r.static(wan+":8000", x2)
	var v Verdict
	for i := range 50 {
		_, v = r.Out(r.now, Packet{ap(x1), ap(fmt.Sprintf("198.51.100.1:%d", 1+i))})
		r.check(fmt.Sprint("out ", i), v.Passes(), i < 40)
	}
	r.check("in", r.in(y2, wan+":8000"), string(Full))
	r.check("told once", r.count(Capped), 1)
	r.wait(5 * time.Minute)
	for i := range 50 {
		_, v = r.In(r.now, Packet{ap(fmt.Sprintf("198.51.100.1:%d", 1+i)), ap(wan + ":8000")})
		r.check(fmt.Sprint("in ", i), v.Passes(), i < 40)
	}
}

func TestReset(t *testing.T) {
	r := newRig(t, "symmetric")
	r.static(wan+":8000", x2)
	at := r.out(x1, y1)
	r.in(y1, wan+":8000")
	r.Reset(r.now)
	r.check("told", r.count(Ended), 1)
	r.check("the mapping", r.in(y1, at), string(NoMapping))
	r.differ("the flow", r.out(x2, y1), wan+":8000")
	r.check("the static mapping", r.in(y2, wan+":8000"), x2)
	for range 100 {
		r = newRig(t, "full-cone,ports=random", func(o *Options) { o.FirstPort, o.LastPort = 8000, 8001 })
		r.static(wan+":8000", x2)
		r.Reset(r.now)
		r.check("its port stays taken", r.out(x1, y1), wan+":8001")
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	r := newRig(t, "full-cone")
	at := r.out(x1, y1)
	r.wait(4 * time.Minute)
	r.out(x2, y1)
	r.wait(-time.Hour)
	r.out(x1, y1)
	r.wait(time.Hour + 4*time.Minute)
	r.check("refreshed at the latest time that was told", r.in(y1, at), x1)
}

func TestInvalidPackets(t *testing.T) {
	r := newRig(t, "full-cone")
	for _, p := range []Packet{
		{}, {ap("192.168.1.10:0"), ap(y1)}, {ap(x1), ap("198.51.100.1:0")}, {ap(x1), ap("224.0.0.1:5")}, {ap(x1), ap("255.255.255.255:5")},
		{ap(x1), ap("0.0.0.0:5")}, {ap(x1), ap("[2001:db8::1]:5")}, {ap("[::ffff:192.168.1.10]:5"), ap(y1)},
	} {
		if _, v := r.Out(r.now, p); v != Invalid {
			t.Errorf("out %v: %v", p, v)
		}
		if _, v := r.In(r.now, p); v != Invalid {
			t.Errorf("in %v: %v", p, v)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	a := netip.MustParseAddr(wan)
	for name, o := range map[string]Options{
		"no address":         {},
		"twice":              {External: []netip.Addr{a, a}},
		"multicast":          {External: []netip.Addr{netip.MustParseAddr("224.0.0.1")}},
		"address of plain":   {Behaviour: Open(), External: []netip.Addr{a}},
		"ports":              {External: []netip.Addr{a}, FirstPort: 2, LastPort: 1},
		"cap":                {External: []netip.Addr{a}, MaxMappings: -1},
		"kind":               {External: []netip.Addr{a}, Behaviour: Behaviour{Kind: 9}},
		"timeout":            {External: []netip.Addr{a}, Behaviour: Behaviour{Timeout: -1}},
		"ports of plain":     {Behaviour: Behaviour{Kind: Plain, Ports: Random}},
		"hairpin of plain":   {Behaviour: Behaviour{Kind: Plain, Hairpin: ExternalSource}},
		"blocked with more":  {Behaviour: Behaviour{Kind: Blocking, Timeout: 1}},
		"parity of overload": {External: []netip.Addr{a}, Behaviour: Behaviour{Ports: Overload, Parity: true}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
