package emulator

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// state is what a gateway knows. It has no sockets, no goroutines and no locks: each call happens at an instant that enter sets,
// and leaves behind the events of what it changed.
type state struct {
	name     string
	version  int // of the connection service's standard
	policy   *Policy
	lan      []netip.Prefix // whose hosts can be mapped to
	link     []netip.Prefix // whose hosts are on the gateway's own link
	initial  []InitialMapping
	emptied  bool // by a reboot
	rand     *rand.Rand
	now      time.Time
	events   []Event
	faults   *faults
	searched map[bool]time.Time // when the last search came by IPv4 (true) and by IPv6 (false), while faults are about searches
	hushed   map[hushed]bool    // since the subscribers were last told

	timeline timeline
	errands  []errand

	bootID      uint32
	connections []*connection // one or more

	defaultConnection string              // DefaultConnectionService of Layer3Forwarding:1
	services          []connectionService // what it may be
	pinholes          pinholes
}

func newState(o *Options, root *device) *state {
	s := &state{
		name: o.Name, version: o.Version, policy: &o.Policy, lan: o.Clients, link: clientsOf(o.LAN), initial: o.Mappings,
		rand: rand.New(rand.NewPCG(o.seed(), 0x69676469)),
		now:  o.Clock.Now(), timeline: newTimeline(o), searched: map[bool]time.Time{},
	}
	s.faults = newFaults(o.seed(), o.Faults, s.now)
	for i, w := range o.WAN {
		c := newConnection(i, w, s.now)
		c.told = s.externalIP(c)
		s.connections = append(s.connections, c)
	}
	s.pinholes = s.newPinholes()
	s.bootID = bootID(s.now)
	s.serve(root)
	return s
}

// bootID is what UDA 1.1 §1.2.2 suggests: the time of the boot, in 31 bits.
func bootID(now time.Time) uint32 { return uint32(now.Unix()) & 0x7fffffff }

// nextBootID is greater than the last.
func (s *state) nextBootID() uint32 { return max(s.bootID+1, bootID(s.now)) & 0x7fffffff }

// enter moves the state to now: what has fallen due by then has happened, each at its own time.
func (s *state) enter(now time.Time) {
	for at, happen := s.soonest(now); happen != nil; at, happen = s.soonest(now) {
		s.step(at)
		happen()
	}
	s.step(now)
}

// soonest is what has fallen due first by now; nil when nothing has.
func (s *state) soonest(now time.Time) (at time.Time, happen func()) {
	if e := s.due(now); e != nil {
		at, happen = e.Expires, func() { s.expire(e) }
	}
	if p := s.pinholes.due(now); p != nil && (happen == nil || p.Expires.Before(at)) {
		at, happen = p.Expires, func() { s.closePinhole(p, PinholeExpired) }
	}
	if p := s.timeline.due(now); p != nil && (happen == nil || p.at.Before(at)) {
		at, happen = p.at, func() { s.carryOut(p) }
	}
	if c := s.learning(now); c != nil && (happen == nil || c.late.Before(at)) {
		at, happen = c.late, func() { s.learn(c) }
	}
	return at, happen
}

// step moves the state to a time, unless it is there already.
func (s *state) step(to time.Time) {
	if to.After(s.now) {
		s.now = to
	}
}

// due is the mapping that expires first of all connections', if it has expired by now.
func (s *state) due(now time.Time) (first *entry) {
	for _, c := range s.connections {
		if e := c.mappings.due(now); e != nil && (first == nil || e.Expires.Before(first.Expires)) {
			first = e
		}
	}
	return first
}

// next is when something falls due; zero when nothing will.
func (s *state) next() time.Time {
	at := firstOf(s.timeline.next(), s.pinholes.next())
	for _, c := range s.connections {
		at = firstOf(firstOf(at, c.mappings.next()), c.late)
	}
	return at
}

// drop removes an entry.
func (s *state) drop(e *entry, why EventKind, at time.Time) {
	c := s.connections[e.WAN]
	if c.mappings.get(e.key()) == e { // a duplicate leaves the one that faults know
		s.faults.forget(e.WAN, e.key())
	}
	c.mappings.remove(e)
	c.updateID++
	s.tellMapping(why, at, e.Mapping)
}

// remove drops an entry because somebody asked for that.
func (s *state) remove(c *connection, e *entry) {
	if s.policy.Conflict.AfterDelete.For > 0 {
		c.deleted[portKey{e.ExternalPort, e.Protocol}] = s.now
	}
	s.drop(e, MappingDeleted, s.now)
}

// store adds m to the connection that it names, or puts it in the place of over. Nobody called for it.
func (s *state) store(m Mapping, over *entry) { s.storeFor(netip.Addr{}, m, over) }

// storeFor is store for a caller.
func (s *state) storeFor(asker netip.Addr, m Mapping, over *entry) {
	c := s.connections[m.WAN]
	kind := MappingUpdated
	if over == nil {
		kind = MappingAdded
		over = c.mappings.addFor(asker, m)
		over.added = s.now
	} else {
		over.asker = asker
		if over.InternalClient != m.InternalClient { // another mapping in its place
			s.faults.forget(m.WAN, m.key())
			over.added = s.now
		}
		c.mappings.replace(over, m)
	}
	over.used.Store(true) // a cleaner takes a new mapping, or a renewed one, for used
	c.updateID++
	s.tellMapping(kind, s.now, over.Mapping)
}

func (s *state) tellMapping(kind EventKind, at time.Time, m Mapping) {
	s.tell(Event{Event: kind, Time: at, Mapping: &m})
}

func (s *state) tell(e Event) {
	e.Gateway = s.name
	if e.Time.IsZero() {
		e.Time = s.now
	}
	s.events = append(s.events, e)
}
