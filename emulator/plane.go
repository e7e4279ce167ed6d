package emulator

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// Plane is how bytes get through mapped ports. What is carried follows the mapping table: a port opens within the call that maps it,
// and closes, with its connections reset, when its entry is deleted, expires, is disabled, or the gateway reboots; connections are
// reset too when the gateway's own goes down or gets another address. A renewal disturbs nothing. Mapping.Reach tells where to
// connect.
//
// In memory (Options.Net is a *Host) it is the mapped port itself on the external address, by translation: the program on the LAN
// sees the peer's true address, answers by its default gateway, and leaves from the mapped port. The address is one of the Host's, or
// else is put on the wire "internet" unless somebody has it there: see [Network.Internet].
//
// Anywhere else connections are accepted here and dialled again, so that the program sees them come from the gateway. A peer is
// connected before that is known to be possible: where a router would refuse, it is reset, and where faults drop it, it waits. By
// default a mapping has a door, a port of its own on Doors, because the mapped port of this machine may belong to the program under
// test. UDP loses what the program does not take; nobody is told.
//
// Faults on the layer forward are asked about each connection and each datagram from the Internet, and about connections that are
// open whenever bytes are to pass: then those faults act that do not count occasions. What is dropped from a connection is tried
// again after 1, 2, 4, … s, at least once a minute, as TCP does; close resets, fin or not.
type Plane struct {
	Mode  PlaneMode
	Doors netip.Addr // where doors open; zero: Options.LAN

	MaxPorts    int // doors or ports that are open at a time; further mappings have none. 0: 256
	MaxSessions int // connections, and peers by UDP, at a time; more are refused. 0: 1024

	// Stealth drops what comes from the Internet to a port that is not mapped; without it that is refused. In memory only.
	Stealth bool

	// NAT says what becomes of UDP that hosts of the LAN begin, and of what answers it: by which ports it leaves, who gets in, what
	// happens to what they send to the gateway's own address, how long mappings last. So the gateway is reached through by routers
	// behind it, and servers on the Internet are. What comes by the mapping table gets in without regard to it, and answers leave from
	// the mapped port. No fault acts on what is not mapped, and it is not counted. TCP that hosts of the LAN begin leaves from the external
	// address with the port that it has, and is let in by the mapping table only: filters are for UDP.
	// nil: only answers to what came by mapped ports get out. In memory, and with a Wire.
	NAT *nat.Behaviour

	Pool        []netip.Addr // further external addresses of NAT, beside that of the first connection: for one-to-one, or a carrier's
	Ports       PortRange    // the ports of NAT; zero: 1-65535
	MaxMappings int          // of NAT, at each connection, but for the mapping table; a nat.mappings-capped in the journal tells when there would be more. 0: 16384
	MaxPerHost  int          // of NAT, for one address inside; 0: any number

	// Wire carries UDP, in PlanePorts, as NAT, the mapping table and the faults say: then it passes neither Forwarding nor sockets.
	Wire Wire

	// Forwarding carries, in PlanePorts, as long as there is no fault on the layer forward; nil: sockets do. Then the program sees the
	// peer's true address, a peer is refused where the program refuses, mappings of all ports carry too, the journal has no
	// forward.open, and MaxSessions is its own affair.
	Forwarding Forwarding

	// Hold is called, in PlanePorts, with each external address that the gateway gets or loses: it makes it an address of this machine
	// or ends that. nil: it is one already.
	Hold func(addr netip.Addr, on bool) error

	// Power is called, in PlanePorts, with false when the gateway goes down and with true when it is up again: it stops what Forwarding, and the kernel
	// by itself, carry. nil: TCP that hosts of the LAN have begun goes on meanwhile.
	Power func(on bool) error

	// Firewall lets in, in PlanePorts, what comes by pinholes; nil: nobody does.
	Firewall Firewall
}

// PlaneMode is a kind of [Plane].
type PlaneMode string

// The kinds of plane.
const (
	PlaneAuto  PlaneMode = ""      // translation in memory, doors elsewhere
	PlaneOff   PlaneMode = "off"   // nothing is carried
	PlanePorts PlaneMode = "ports" // the mapped ports themselves on the external address, which this machine must have, as in a lab
)

func (p Plane) defaults(o Options) Plane {
	p.MaxPorts = cmp.Or(p.MaxPorts, 256)
	p.MaxSessions = cmp.Or(p.MaxSessions, 1024)
	p.Doors = cmp.Or(p.Doors, o.LAN)
	return p
}

func (p Plane) check() error {
	switch p.Mode {
	case PlaneAuto, PlaneOff, PlanePorts:
	default:
		return fmt.Errorf("emulator: there is no plane %q, only %s and %s", p.Mode, PlaneOff, PlanePorts)
	}
	if p.MaxPorts < 0 || p.MaxSessions < 0 {
		return fmt.Errorf("emulator: a plane has %d ports and %d sessions at most: neither can be negative", p.MaxPorts, p.MaxSessions)
	}
	return p.checkNAT()
}

func (p Plane) checkNAT() error {
	if p.NAT == nil {
		return nil
	}
	if err := p.NAT.Check(); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	for i, a := range p.Pool {
		if !a.Is4() || !exact(a) || slices.Contains(p.Pool[:i], a) {
			return fmt.Errorf("emulator: %v in the pool of external addresses is no IPv4 address, or there twice", a)
		}
	}
	if p.Ports.First > p.Ports.Last || p.MaxMappings < 0 || p.MaxPerHost < 0 {
		return fmt.Errorf("emulator: a NAT has no ports %d-%d, %d mappings at most, %d of a host", p.Ports.First, p.Ports.Last, p.MaxMappings, p.MaxPerHost)
	}
	return nil
}

// plane is what carries the bytes of a gateway's mappings.
type plane struct {
	gateway *Gateway
	options Plane
	access  access

	// Guarded by the gateway's lock.
	seen     []addressed // by connection
	sessions []*session
	sweep    time.Time // when to look for sessions that have been silent; zero: not known
	off      bool      // while the gateway is down
	over     bool      // for good
}

// access is how peers get to mapped ports. Its methods are called under the gateway's lock, but for close.
type access interface {
	admits(*entry) error        // why its client is one to whom nothing may be sent
	open(*entry) netip.AddrPort // lets peers in by an entry that carries, and tells where
	shut(*entry)
	// readdress is told that things have happened, and whether external addresses, or what is up, are among them: then old is how that was
	// before plane.seen. It reports whether what open told has changed.
	readdress(s *state, old []addressed, moved bool) bool
	count()           // brings traffic and what has been used up to date
	forget(time.Time) // what hosts of the LAN have begun
	nat() *udpNAT     // what decides about UDP; nil: nothing, sockets or Forwarding do as they do
	close()           // and waits
}

// newPlane is the plane of g, nil when there is to be none.
func newPlane(g *Gateway) *plane {
	o := g.options
	p := &plane{gateway: g, options: o.Plane}
	switch h, memory := o.Net.(*Host); {
	case o.Plane.Mode == PlaneOff:
		return nil
	case memory && o.Plane.Mode == PlaneAuto:
		p.access = newTranslation(p, h)
	default:
		p.access = newDoors(p)
	}
	return p
}

// begin takes over the mapping tables.
func (p *plane) begin() {
	if p == nil {
		return
	}
	p.gateway.do(func(s *state) {
		for _, c := range s.connections {
			c.mappings.carrier = p
		}
		s.pinholes.carrier = p
		p.readdress(s)
	})
}

func (p *plane) opened(e *entry) {
	if p.over || p.off {
		return
	}
	err := p.access.admits(e)
	e.barred = err != nil
	p.endIf(func(x *session) bool { return x.entry == e && !e.leadsTo(x.target) })
	if e.carries() {
		e.Reach = p.access.open(e)
		return
	}
	p.access.shut(e)
	e.Reach = netip.AddrPort{}
	if e.Enabled && err != nil {
		p.failed(e.String(), err)
	}
}

func (p *plane) closed(e *entry) {
	p.endIf(func(x *session) bool { return x.entry == e })
	p.access.shut(e)
}

func (p *plane) failed(what string, err error) {
	g := p.gateway
	g.journal.add(Entry{Time: g.state.now, Kind: "forward.failed", Name: what, Details: Details{{"because", err.Error()}}})
}

// readdress follows the connections to the Internet: their addresses, and whether they are up.
func (p *plane) readdress(s *state) {
	if p == nil || p.over || p.off {
		return
	}
	old, moved := p.moved(s)
	if moved {
		p.endIf((*session).cutOff)
	}
	if p.access.readdress(s, old, moved) {
		p.openAll(s)
	}
}

// addressed is what of a connection says where the gateway is.
type addressed struct {
	addr netip.Addr
	up   bool
}

// moved tells whether the connections differ from when it was last asked, and how they were then.
func (p *plane) moved(s *state) (old []addressed, moved bool) {
	now := func(c *connection) addressed { return addressed{c.address, c.status == connected} }
	if slices.EqualFunc(p.seen, s.connections, func(a addressed, c *connection) bool { return a == now(c) }) {
		return p.seen, false
	}
	old, p.seen = p.seen, nil
	for _, c := range s.connections {
		p.seen = append(p.seen, now(c))
	}
	return old, true
}

// addresses are those that the gateway has on the Internet's side with such connections: theirs, and when there is any, the pool.
func (p *plane) addresses(of []addressed) (all []netip.Addr) {
	for _, c := range of {
		if exact(c.addr) && !slices.Contains(all, c.addr) {
			all = append(all, c.addr)
		}
	}
	if len(all) == 0 {
		return nil
	}
	for _, a := range p.options.Pool {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

func (p *plane) openAll(s *state) {
	for _, c := range s.connections {
		for e := range c.mappings.order.all {
			if c.mappings.get(e.key()) == e { // of twins only the first carries
				p.opened(e)
			}
		}
	}
}

// counted is called before somebody looks at traffic, or at what has been used.
func (p *plane) counted() { p.access.count() }

// reset ends all sessions, as a reboot does.
func (p *plane) reset() { p.endIf(func(*session) bool { return true }) }

// close ends everything.
func (p *plane) close() {
	if p == nil {
		return
	}
	p.gateway.mu.Lock()
	p.over = true
	p.reset()
	p.gateway.mu.Unlock()
	p.access.close()
}
