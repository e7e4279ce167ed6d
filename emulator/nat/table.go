package nat

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Options are what a [Table] is made of.
type Options struct {
	Behaviour

	// External are the NAT's addresses outside, at least one; a Plain one has none. A host keeps the one it got as long as it has
	// mappings ("paired" pooling, REQ-2): of those that fewest hosts have, the first. Under OneToOne it keeps it for good.
	External []netip.Addr

	FirstPort, LastPort uint16 // the ports to give to mappings; 0: 1 and 65535

	Seed uint64 // of Random ports

	// MaxMappings is how many mappings there may be at a time but for static ones. There may be four times as many flows: pairs of a
	// mapping and a remote side to which it has sent, or which came in by a static one. What would need more is dropped. 0: 16384
	MaxMappings int

	MaxPerHost int // mappings of one internal address; 0: any number

	Observe func(Event) // is told each event, within the call that makes it; nil: nobody is. It must not call the table
}

// Table is the state of one NAT for one protocol. It is not safe for use by several goroutines at once. Time must not go backwards:
// an earlier time than before counts as that before.
type Table struct {
	options Options
	timeout time.Duration
	now     time.Time
	random  rand.PCG
	next    [2]uint16 // Sequential: the port to try, below 1024 and above

	internal map[inside]*mapping
	external map[end]*mapping // the newest; others of the port behind it
	flows    map[allowed]*flow
	entered  map[ends]*flow // by static mappings, by what answers them
	aging    queue

	hosts     map[netip.Addr]*host
	bound     map[netip.Addr]netip.Addr // OneToOne: the host of each external address
	pools     map[netip.Addr]*pool
	static    map[staticKey]*mapping
	reserved  map[netip.AddrPort]int // by how many static mappings
	mappings  int
	capped    bool // told since there was room
	exhausted bool
}

// end is an address and port as a key: half as long as a netip.AddrPort, and hashed at one go.
type end [18]byte

func endOf(a netip.AddrPort) (e end) {
	b := a.Addr().As16()
	copy(e[:], b[:])
	e[16], e[17] = byte(a.Port()>>8), byte(a.Port())
	return e
}

// inside is what a mapping is for: an internal end and as much of the remote one as the mapping depends on.
type inside struct{ internal, remote end }

// allowed is a permission for a remote side, as much of it as filtering looks at, to use a mapping.
type allowed struct {
	by     *mapping
	remote end
}

// ends are an internal and a remote end.
type ends struct{ internal, remote end }

// New makes a table.
func New(o Options) (*Table, error) {
	o.FirstPort, o.LastPort, o.MaxMappings = cmp.Or(o.FirstPort, 1), cmp.Or(o.LastPort, 65535), cmp.Or(o.MaxMappings, 16384)
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := o.checkExternal(o.External); err != nil {
		return nil, err
	}
	switch {
	case o.FirstPort > o.LastPort:
		return nil, fmt.Errorf("nat: ports from %d to %d are none", o.FirstPort, o.LastPort)
	case o.MaxMappings < 0 || o.MaxPerHost < 0:
		return nil, fmt.Errorf("nat: %d mappings at most, %d of a host: neither can be negative", o.MaxMappings, o.MaxPerHost)
	}
	t := &Table{
		options: o, timeout: o.Lasts(), random: *rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15),
		static: map[staticKey]*mapping{}, reserved: map[netip.AddrPort]int{}, bound: map[netip.Addr]netip.Addr{},
	}
	t.options.External = slices.Clone(o.External)
	t.clear()
	return t, nil
}

func (o *Options) checkExternal(addrs []netip.Addr) error {
	translates := o.Kind == Translating || o.Kind == OneToOne
	if translates != (len(addrs) > 0) && o.Kind != Blocking {
		return fmt.Errorf("nat: %v with %d external addresses: to translate takes some, and nothing else has any", o.Kind, len(addrs))
	}
	for i, a := range addrs {
		if !unicast(a) || slices.Contains(addrs[:i], a) {
			return fmt.Errorf("nat: external address %v is no unicast address, or is there twice", a)
		}
	}
	return nil
}

// clear forgets all but static mappings and what OneToOne has bound.
func (t *Table) clear() {
	t.internal, t.external = map[inside]*mapping{}, map[end]*mapping{}
	t.flows, t.entered = map[allowed]*flow{}, map[ends]*flow{}
	t.hosts, t.pools = map[netip.Addr]*host{}, map[netip.Addr]*pool{}
	t.aging = nil
	t.mappings, t.capped, t.exhausted = 0, false, false
	for at := range t.reserved {
		t.reserve(at)
	}
}

// Behaviour is what t was made with.
func (t *Table) Behaviour() Behaviour { return t.options.Behaviour }

// Out is what becomes of a packet from inside: as it leaves, or, when it is Hairpinned, as it reaches the host inside.
func (t *Table) Out(now time.Time, p Packet) (Packet, Verdict) {
	home := t.owns(p.Dst.Addr())
	if home && t.options.Hairpin == NoHairpin && t.check(p) == Passed {
		t.Expire(now)
		return Packet{}, HairpinRefused
	}
	out, v := t.Leave(now, p)
	if v != Passed || !home {
		return out, v
	}
	// Filters judge a hairpinned packet by its external source, because that is what the other host has sent to, if to anything.
	in, v := t.In(now, out)
	if v != Passed {
		return Packet{}, v
	}
	if t.options.Hairpin == InternalSource {
		in.Src = p.Src
	}
	return in, Hairpinned
}

// Leave is Out for whoever looks after hairpins itself: the packet as it leaves, wherever it goes.
func (t *Table) Leave(now time.Time, p Packet) (Packet, Verdict) {
	if v := t.check(p); v != Passed {
		return Packet{}, v
	}
	t.Expire(now)
	src, v := t.leave(p)
	if v != Passed {
		return Packet{}, v
	}
	return Packet{src, p.Dst}, Passed
}

// In is what becomes of a packet from outside: as it reaches the host inside.
func (t *Table) In(now time.Time, p Packet) (Packet, Verdict) {
	if v := t.check(p); v != Passed {
		return Packet{}, v
	}
	t.Expire(now)
	dst, v := t.enter(p)
	if v != Passed {
		return Packet{}, v
	}
	return Packet{p.Src, dst}, Passed
}

// check is why p gets nowhere, whatever t remembers; Passed: it may.
func (t *Table) check(p Packet) Verdict {
	switch {
	case !valid(p):
		return Invalid
	case t.options.Kind == Blocking:
		return UDPBlocked
	}
	return Passed
}

// leave is the source that p leaves with.
func (t *Table) leave(p Packet) (netip.AddrPort, Verdict) {
	if len(t.entered) > 0 {
		if f := t.entered[ends{endOf(p.Src), endOf(p.Dst)}]; f != nil {
			if t.renews(Outbound) {
				t.renew(&f.aged)
			}
			return f.external, Passed
		}
	}
	if t.options.Stateless() {
		return t.identity(p.Src)
	}
	remote := t.options.Mapping.part(p.Dst)
	key := inside{internal: endOf(p.Src)}
	if t.options.Mapping != EndpointIndependent {
		key.remote = endOf(remote)
	}
	m := t.internal[key]
	if m == nil {
		var v Verdict
		if m, v = t.make(key, p.Src, remote); v != Passed {
			return netip.AddrPort{}, v
		}
	} else if t.renews(Outbound) {
		t.renew(&m.aged)
	}
	if v := t.permit(m, p.Dst); v != Passed {
		return netip.AddrPort{}, v
	}
	return m.external, Passed
}

// enter is where p gets to inside.
func (t *Table) enter(p Packet) (netip.AddrPort, Verdict) {
	if t.options.Kind != Plain && !t.owns(p.Dst.Addr()) {
		return netip.AddrPort{}, NotExternal
	}
	if len(t.static) > 0 {
		if s := t.staticFor(p.Dst, p.Src.Addr()); s != nil {
			return t.enterStatic(s, p)
		}
	}
	to, v := t.enterDynamic(p)
	if v != Passed && len(t.static) > 0 {
		if s := t.staticFor(netip.AddrPortFrom(p.Dst.Addr(), 0), p.Src.Addr()); s != nil {
			return t.enterStatic(s, p)
		}
		if v == NoMapping && t.reserved[p.Dst] > 0 {
			return to, OtherRemote
		}
	}
	return to, v
}

func (t *Table) enterDynamic(p Packet) (netip.AddrPort, Verdict) {
	if t.options.Stateless() {
		if t.options.Kind == Plain {
			return p.Dst, Passed
		}
		if host, ok := t.bound[p.Dst.Addr()]; ok {
			return netip.AddrPortFrom(host, p.Dst.Port()), Passed
		}
		return netip.AddrPort{}, NoMapping
	}
	newest := t.external[endOf(p.Dst)]
	if newest == nil {
		if _, bound := t.bound[p.Dst.Addr()]; bound || t.options.Kind == Plain {
			return netip.AddrPort{}, Filtered // what it would lead to is known without a mapping
		}
		return netip.AddrPort{}, NoMapping
	}
	for m := newest; m != nil; m = m.older {
		if t.admits(m, p.Src) {
			if t.renews(Inbound) {
				t.renew(&m.aged)
			}
			return m.internal, Passed
		}
	}
	if t.options.Filtering != EndpointIndependent {
		return netip.AddrPort{}, Filtered
	}
	if t.renews(Inbound) {
		t.renew(&newest.aged)
	}
	return newest.internal, Passed
}

// owns tells whether a is one of the NAT's addresses.
func (t *Table) owns(a netip.Addr) bool { return slices.Contains(t.options.External, a) }

// part is what of a remote end d looks at.
func (d Dependence) part(remote netip.AddrPort) netip.AddrPort {
	switch d {
	case EndpointIndependent:
		return netip.AddrPort{}
	case AddressDependent:
		return netip.AddrPortFrom(remote.Addr(), 0)
	}
	return remote
}

func valid(p Packet) bool {
	return p.Src.Port() != 0 && p.Dst.Port() != 0 && unicast(p.Src.Addr()) && unicast(p.Dst.Addr()) && p.Src.Addr().Is4() == p.Dst.Addr().Is4()
}

func unicast(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.Is4In6() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
