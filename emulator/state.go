package emulator

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// state is what a gateway knows. It has no sockets, no goroutines and no locks: each call happens at an instant that enter sets,
// and leaves behind the events of what it changed.
type state struct {
	name    string
	version int // of the connection service's standard
	policy  Policy
	rand    *rand.Rand
	now     time.Time
	events  []Event

	bootID   uint32
	mappings table
	updateID uint32 // SystemUpdateID (WANIPConnection:2 §2.3.26)
	wan      wan

	defaultConnection string // DefaultConnectionService of Layer3Forwarding:1
	connections       []string
}

// wan is the one connection to the Internet.
type wan struct {
	kind      string     // ConnectionType
	status    string     // ConnectionStatus
	lastError string     // LastConnectionError
	address   netip.Addr // zero or unspecified: none
	since     time.Time  // of the connection
}

func newState(o Options, root *device) *state {
	s := &state{
		name: o.Name, version: o.Version, policy: o.Policy,
		rand:     rand.New(rand.NewPCG(o.Seed, 0x69676469)),
		mappings: newTable(),
		now:      o.Clock.Now(),
	}
	s.bootID = bootID(s.now)
	s.wan = wan{kind: ipRouted, status: connected, lastError: noError, address: o.ExternalIP, since: s.now}
	s.connections = connectionServices(root)
	s.defaultConnection = s.connections[0]
	return s
}

// bootID is what UDA 1.1 §1.2.2 suggests: the time of the boot, in 31 bits.
func bootID(now time.Time) uint32 { return uint32(now.Unix()) & 0x7fffffff }

// enter moves the state to now: what has expired by then is gone.
func (s *state) enter(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
	for e := s.mappings.due(s.now); e != nil; e = s.mappings.due(s.now) {
		s.drop(e, MappingExpired, e.Expires)
	}
}

// next is when something expires; zero when nothing will.
func (s *state) next() time.Time { return s.mappings.next() }

// drop removes an entry.
func (s *state) drop(e *entry, why EventKind, at time.Time) {
	s.mappings.remove(e)
	s.updateID++
	s.tellMapping(why, at, e.Mapping)
}

// store adds m or overwrites its key.
func (s *state) store(m Mapping) {
	kind := MappingUpdated
	if s.mappings.put(m) {
		kind = MappingAdded
	}
	s.updateID++
	s.tellMapping(kind, s.now, m)
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

// setAddress changes the external address; the zero Addr takes it away.
func (s *state) setAddress(addr netip.Addr) {
	if addr == s.wan.address {
		return
	}
	s.wan.address = addr
	text := s.externalIP()
	s.tell(Event{Event: ExternalIPSet, ExternalIP: &text})
}

// setStatus changes the connection's status; because is its LastConnectionError.
func (s *state) setStatus(status, because string) {
	s.wan.lastError = because
	if status == s.wan.status {
		return
	}
	s.wan.status = status
	if status == connected {
		s.wan.since = s.now
	}
	s.tell(Event{Event: StatusChanged, Status: status})
}

// reboot forgets all mappings and begins again with a greater BOOTID.
func (s *state) reboot() {
	for e := range s.mappings.order.all {
		s.tellMapping(MappingDeleted, s.now, e.Mapping)
	}
	s.mappings = newTable()
	s.updateID = 0
	s.bootID = max(s.bootID+1, bootID(s.now)) & 0x7fffffff
	s.wan.status, s.wan.lastError, s.wan.since = connected, noError, s.now
	s.tell(Event{Event: Rebooted, BootID: s.bootID})
}

// externalIP is ExternalIPAddress: empty while there is none to tell (WANIPConnection:2 §2.3.13).
func (s *state) externalIP() string {
	addr := s.publicIP()
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

func (s *state) publicIP() netip.Addr {
	if s.wan.status != connected {
		return netip.Addr{}
	}
	return s.policy.externalIP(s.wan.address)
}

// uptime is Uptime in seconds: of the connection, 0 when it is down.
func (s *state) uptime() uint32 {
	if s.wan.status != connected {
		return 0
	}
	return uint32(s.now.Sub(s.wan.since) / time.Second)
}
