package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Pinhole is a copy of one pinhole of the IPv6 firewall (WANIPv6FirewallControl:1 §2.2).
type Pinhole struct {
	ID             uint16     // UniqueID
	RemoteHost     netip.Addr // zero: any
	RemotePort     uint16     // 0: any
	InternalClient netip.Addr // zero: any
	InternalPort   uint16     // 0: any
	Protocol       uint16     // IANA number; 65535: any
	Lease          time.Duration
	Expires        time.Time // by the gateway's clock
	Packets        uint32    // that have passed
}

// anyProtocol is the wildcard of A_ARG_TYPE_Protocol.
const anyProtocol = 65535

// String writes p as "6 [2001:db8::1]:0 → [2001:db8:1::10]:8080".
func (p Pinhole) String() string {
	return fmt.Sprintf("%d %s → %s", p.Protocol, endOf(p.RemoteHost, p.RemotePort), endOf(p.InternalClient, p.InternalPort))
}

func endOf(addr netip.Addr, port uint16) string {
	if !addr.IsValid() {
		return "*:" + strconv.Itoa(int(port))
	}
	return netip.AddrPortFrom(addr, port).String()
}

// MarshalJSON writes p with the keys of Mapping where they mean the same.
func (p Pinhole) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID             uint16     `json:"id"`
		RemoteHost     netip.Addr `json:"remote_host"`
		RemotePort     uint16     `json:"remote_port"`
		InternalClient netip.Addr `json:"internal_client"`
		InternalPort   uint16     `json:"internal_port"`
		Protocol       uint16     `json:"protocol"`
		Lease          int64      `json:"lease_seconds"`
		Expires        time.Time  `json:"expires"`
		Packets        uint32     `json:"packets"`
	}{p.ID, p.RemoteHost, p.RemotePort, p.InternalClient, p.InternalPort, p.Protocol, int64(p.Lease / time.Second), p.Expires, p.Packets})
}

// pinholeKey is what identifies a pinhole.
type pinholeKey struct {
	remote, client netip.AddrPort
	protocol       uint16
}

func (p *Pinhole) key() pinholeKey {
	return pinholeKey{netip.AddrPortFrom(p.RemoteHost, p.RemotePort), netip.AddrPortFrom(p.InternalClient, p.InternalPort), p.Protocol}
}

// pinhole is one entry with its place in the agenda.
type pinhole struct {
	Pinhole
	lease int

	let  uint32 // its number at Plane.Firewall; 0: it has none
	seen uint64 // packets that have been counted there
}

func (p *pinhole) before(q *pinhole) bool {
	if !p.Expires.Equal(q.Expires) {
		return p.Expires.Before(q.Expires)
	}
	return p.ID < q.ID
}

func (p *pinhole) place() *int { return &p.lease }

// pinholes are the state of the IPv6 firewall.
type pinholes struct {
	enabled bool // FirewallEnabled
	inbound bool // InboundPinholeAllowed
	byID    map[uint16]*pinhole
	byKey   map[pinholeKey]*pinhole
	leases  agenda[*pinhole]
	last    uint16 // UniqueID given out last
	carrier *plane // nil: nothing passes
}

func (s *state) newPinholes() pinholes {
	p := &s.policy.Pinholes
	return pinholes{
		enabled: p.Firewall == nil || *p.Firewall, inbound: p.Inbound == nil || *p.Inbound,
		byID: map[uint16]*pinhole{}, byKey: map[pinholeKey]*pinhole{},
	}
}

// all are the pinholes by UniqueID.
func (p *pinholes) all() []*pinhole {
	return slices.SortedFunc(maps.Values(p.byID), func(a, b *pinhole) int { return cmp.Compare(a.ID, b.ID) })
}

// due is the pinhole that expires first, if it has expired at now.
func (p *pinholes) due(now time.Time) *pinhole {
	if p.leases.empty() || p.leases.first().Expires.After(now) {
		return nil
	}
	return p.leases.first()
}

// next is when the first pinhole expires; zero when there is none.
func (p *pinholes) next() time.Time {
	if p.leases.empty() {
		return time.Time{}
	}
	return p.leases.first().Expires
}

// newID is a UniqueID that no pinhole has: the next, so that one does not soon come back. There must be one.
func (p *pinholes) newID() uint16 {
	for {
		p.last++
		if p.last != 0 && p.byID[p.last] == nil {
			return p.last
		}
	}
}

// openPinhole adds one.
func (s *state) openPinhole(p Pinhole) *pinhole {
	p.ID = s.pinholes.newID()
	e := &pinhole{Pinhole: p, lease: -1}
	s.pinholes.byID[p.ID] = e
	s.pinholes.byKey[p.key()] = e
	s.pinholes.leases.add(e)
	s.pinholes.carrier.let(e)
	s.tellPinhole(PinholeOpened, e)
	return e
}

// extendPinhole gives a pinhole a new lease from now on.
func (s *state) extendPinhole(p *pinhole, lease time.Duration) {
	p.Lease, p.Expires = lease, s.now.Add(lease)
	s.pinholes.leases.moved(p)
	s.tellPinhole(PinholeUpdated, p)
}

// closePinhole removes one.
func (s *state) closePinhole(p *pinhole, why EventKind) {
	delete(s.pinholes.byID, p.ID)
	delete(s.pinholes.byKey, p.key())
	s.pinholes.leases.remove(p)
	s.pinholes.carrier.endLet(p)
	s.tellPinhole(why, p)
}

// closePinholes removes all, and puts the firewall back to what policy says.
func (s *state) closePinholes() {
	for _, p := range s.pinholes.all() {
		s.pinholes.carrier.endLet(p)
		s.tellPinhole(PinholeClosed, p)
	}
	carrier := s.pinholes.carrier
	s.pinholes = s.newPinholes()
	s.pinholes.carrier = carrier
}

func (s *state) tellPinhole(kind EventKind, p *pinhole) {
	c := p.Pinhole
	s.tell(Event{Event: kind, Pinhole: &c})
}
