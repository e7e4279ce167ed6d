package emulator

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// do runs f on the state as it is now, and then does what follows from it. f must not block.
func (g *Gateway) do(f func(*state)) {
	g.mu.Lock()
	g.state.enter(g.options.Clock.Now())
	g.lapse()
	g.record() // what is over was over before f
	f(g.state)
	g.settle()
	g.mu.Unlock()
	g.outbox.flush()
}

// settle draws the consequences of what happened to the state: journal, events, subscribers, the next alarm.
func (g *Gateway) settle() {
	g.record()
	g.publish()
	if !g.closed {
		g.alarm.set(g.options.Clock, firstOf(g.state.next(), g.nextLapse()), g.ring)
	}
}

// record hands what happened to the state to the journal and to those who listen.
func (g *Gateway) record() {
	for _, e := range g.state.events {
		g.journal.add(e.entry())
		g.outbox.add(e)
	}
	g.state.events = g.state.events[:0]
}

// ring is called when something falls due.
func (g *Gateway) ring(turn int) {
	g.mu.Lock()
	g.alarm.rung(turn)
	g.mu.Unlock()
	g.do(func(*state) {})
}

// firstOf is the earlier of two times, of which zero means never.
func firstOf(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// entry is e for the journal.
func (e Event) entry() Entry {
	j := Entry{Time: e.Time, Kind: "state." + string(e.Event), Name: e.Service}
	if m := e.Mapping; m != nil {
		j.Name = m.String()
		j.Details = Details{
			{"description", m.Description},
			{"enabled", boolean(m.Enabled)},
			{"lease", fmt.Sprint(int64(m.Lease / time.Second))},
		}
	}
	if e.ExternalIP != nil {
		j.Name = *e.ExternalIP
	}
	if e.Status != "" {
		j.Name = e.Status
	}
	if e.BootID != 0 {
		j.Name = fmt.Sprint(e.BootID)
	}
	if e.Subscriber.IsValid() {
		j.Details = append(j.Details, Detail{"subscriber", e.Subscriber.String()})
	}
	return j
}

// ExternalIP is what the gateway gives as its external address; zero when it has none to give.
func (g *Gateway) ExternalIP() (addr netip.Addr) {
	g.do(func(s *state) { addr = s.publicIP() })
	return addr
}

// SetExternalIP changes the external address, and tells subscribers. The zero Addr takes it away; an IPv6 address is an error.
func (g *Gateway) SetExternalIP(addr netip.Addr) error {
	addr = addr.Unmap()
	if addr.Is6() {
		return fmt.Errorf("emulator: the external address %v is not IPv4", addr)
	}
	g.do(func(s *state) { s.setAddress(addr) })
	return nil
}

// ConnectionStatus is the status of the connection to the Internet, as GetStatusInfo gives it.
func (g *Gateway) ConnectionStatus() (status string) {
	g.do(func(s *state) { status = s.wan.status })
	return status
}

// SetConnectionStatus changes the status, and tells subscribers: Unconfigured, Connecting, Connected, PendingDisconnect,
// Disconnecting or Disconnected (WANIPConnection:1 §2.2), or Authenticating where the service is WANPPPConnection. While it
// is not Connected there is no external address.
func (g *Gateway) SetConnectionStatus(status string) error {
	if !slices.Contains(connectionStatuses(g.options.Connection), status) {
		return fmt.Errorf("emulator: %s has no connection status %q", g.options.Connection, status)
	}
	g.do(func(s *state) { s.setStatus(status, noError) })
	return nil
}

// Mappings are copies of all port mappings in the order of GetGenericPortMappingEntry.
func (g *Gateway) Mappings() (all []Mapping) {
	g.do(func(s *state) {
		for e := range s.mappings.order.all {
			all = append(all, e.Mapping)
		}
	})
	return all
}

// Reboot restarts the gateway at once: mappings and subscriptions are gone without a word, BOOTID has grown. Where
// announcements are multicast, it says byebye before and alive after.
func (g *Gateway) Reboot() {
	g.ssdp.byebye()
	g.do(func(s *state) {
		g.forgetSubscribers()
		s.reboot()
	})
	g.ssdp.alive()
}

// Advance moves the gateway's clock, which must be from NewClock. See [Clock.Advance].
func (g *Gateway) Advance(d time.Duration) { g.options.Clock.Advance(d) }
