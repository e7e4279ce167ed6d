package emulator

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Gateway is one running gateway. Its methods may be called from any goroutine, also from Options.OnEvent.
type Gateway struct {
	options Options
	dialect *dialect
	base    context.Context // of everything that it runs
	cancel  context.CancelFunc
	journal journal
	outbox  outbox
	faults  *faults     // of the state
	plane   *plane      // nil: none
	socket  *ssdpSocket // nil: SSDP is off
	socket6 *ssdpSocket // of its IPv6 address; nil: it has none
	wg      sync.WaitGroup
	close   func() error // once

	power sync.Mutex // of starting, stopping and announcing, one at a time; taken before mu

	mu          sync.Mutex // guards what follows
	presence    *presence  // the last one while it is down
	down        bool
	state       *state
	alarm       alarm
	closed      bool
	busy        bool // errands are run
	subscribers []*subscription
	slotted     time.Time // the latest slot of a notification
}

// New starts a gateway, which runs until ctx ends or Close is called; both send ssdp:byebye. The error is about an option,
// or that of the socket that could not be opened.
func New(ctx context.Context, o Options) (*Gateway, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	// The sockets outlive ctx by the moment that byebye takes.
	g := &Gateway{options: o, journal: journal{name: o.Name, w: o.Journal, tally: o.Tally}}
	g.base, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
	g.outbox.deliver = o.OnEvent
	g.dialect = newDialect(&g.options.Dialect)
	g.socket = newSSDPSocket(&g.options)
	g.socket6 = g.newSSDPSocket6()
	if h, ok := o.Net.(holder); ok && o.Stands() != o.LAN {
		if err := h.hold(o.LAN, o.Stands()); err != nil {
			g.cancel()
			return nil, err
		}
	}
	p, err := g.appear(0, generation{}, netip.AddrPortFrom(o.Stands(), o.HTTPPort), o.Dialect.Description.Ports, false)
	if err != nil {
		g.cancel()
		return nil, err
	}
	g.presence = p
	g.state = newState(&g.options, p.root)
	g.faults = g.state.faults
	g.faults.note = g.journal.add
	g.plane = newPlane(g)
	g.plane.begin()
	g.do((*state).setUp)
	g.close = sync.OnceValue(g.shutDown)
	p.serve()
	// IGD:2 must send byebye before its first alive, so that nobody keeps what it said before it was restarted; for IGD:1 it does no
	// harm.
	p.byebye()
	p.alive()
	g.do((*state).begin)
	stop := context.AfterFunc(ctx, func() { g.close() })
	context.AfterFunc(g.base, func() { stop() })
	return g, nil
}

// Close says goodbye, closes every socket and returns when all of the gateway's goroutines have ended. The error is the
// first failure to write the journal. Later calls return the same.
//
// From then on nobody changes what the gateway has: the methods that would return [ErrClosed], and those that return no error do nothing. The others
// tell what it has as before.
func (g *Gateway) Close() error { return g.close() }

func (g *Gateway) shutDown() error {
	g.quietly(g.leave)
	g.plane.close()
	g.cancel()
	g.wg.Wait()
	g.alarm.wait()
	return g.journal.failure()
}

// leave is the last of the gateway on its sockets.
func (g *Gateway) leave() {
	g.power.Lock()
	defer g.power.Unlock()
	if !g.down { // which changes by those who hold power
		g.presence.byebye()
	}
	g.mu.Lock()
	g.closed = true
	g.alarm.stop()
	g.mu.Unlock()
	if !g.down {
		g.presence.vanish()
	}
}

// allowed reports whether addr may talk to the gateway.
func (g *Gateway) allowed(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(g.options.Clients, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Name is Options.Name or what stood in for it.
func (g *Gateway) Name() string { return g.options.Name }

// Location is the URL of the description, as SSDP gives it. While the gateway is down it is where it was.
func (g *Gateway) Location() string { return g.now().location }

// SSDP is where unicast searches are answered; zero when SSDP is off. While the gateway is down it is where they were.
func (g *Gateway) SSDP() netip.AddrPort { return g.now().ssdp.addr() }

// UDN is the name of the root device, "uuid:…".
func (g *Gateway) UDN() string { return g.now().root.udn }

// now is the presence of the gateway, or the last one.
func (g *Gateway) now() *presence {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.presence
}

// note writes to the journal.
func (g *Gateway) note(kind string, peer netip.AddrPort, name string, details ...Detail) {
	g.journal.add(Entry{Time: g.options.Clock.Now(), Kind: kind, Peer: peer, Name: name, Details: details})
}
