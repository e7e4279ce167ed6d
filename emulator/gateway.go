package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/igdkit/igdkit/internal/http1"
)

// Gateway is one running gateway. Its methods may be called from any goroutine, also from Options.OnEvent.
type Gateway struct {
	options    Options
	dialect    *dialect
	site       *site
	root       *device
	targets    []target
	endpoints  map[string]endpoint // by request target
	generation generation
	configID   uint32
	location   string
	http       netip.AddrPort
	journal    journal
	outbox     outbox

	listener net.Listener
	ssdp     *ssdpServer
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	close    func() error // once
	notifier notifier
	plane    *plane  // nil: none
	faults   *faults // of the state

	mu          sync.Mutex // guards what follows
	state       *state
	alarm       alarm
	closed      bool
	busy        bool // errands are run
	subscribers []*subscription
}

// New starts a gateway, which runs until ctx ends or Close is called; both send ssdp:byebye. The error is about an option,
// or that of the socket that could not be opened.
func New(ctx context.Context, o Options) (*Gateway, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	l, err := o.Net.Listen(ctx, netip.AddrPortFrom(o.LAN, o.HTTPPort))
	if err != nil {
		return nil, fmt.Errorf("emulator: listen: %w", err)
	}
	g := &Gateway{options: o, listener: l, journal: journal{name: o.Name, w: o.Journal, tally: o.Tally}}
	g.outbox.deliver = o.OnEvent
	if err := g.build(); err != nil {
		l.Close()
		return nil, err
	}
	// The sockets outlive ctx by the moment that byebye takes.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	g.cancel = cancel
	g.notifier.init(run, g)
	g.close = sync.OnceValue(g.shutDown)
	g.plane.begin()
	g.wg.Go(func() {
		srv := &http1.Server{Handle: g.serveHTTP, Accept: g.greet}
		if err := srv.Serve(run, l); err != nil {
			g.note("http.failed", netip.AddrPort{}, err.Error())
		}
	})
	g.ssdp, err = startSSDP(run, ssdpOptions{
		net: o.Net, lan: o.LAN, mode: o.SSDP, seed: o.Seed,
		allowed: g.allowed, advertisement: g.advertisement, meet: g.meet, note: g.note,
	})
	if err != nil {
		g.close()
		return nil, err
	}
	g.do(func(s *state) { s.begin() })
	stop := context.AfterFunc(ctx, func() { g.close() })
	context.AfterFunc(run, func() { stop() })
	return g, nil
}

// build makes everything that needs no more sockets.
func (g *Gateway) build() error {
	o := g.options
	addr, ok := g.listener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("emulator: %v is not a TCP address", g.listener.Addr())
	}
	g.http = addr.AddrPort()
	g.http = netip.AddrPortFrom(g.http.Addr().Unmap(), g.http.Port())
	g.dialect = newDialect(&g.options.Dialect)
	g.site = newSite(o, g.advertised(), g.generation)
	g.root = newTree(o, g.site)
	g.targets = targetsOf(g.root, o.Dialect.SSDP.Also)
	g.location = "http://" + g.advertised() + g.site.base
	g.configID = g.newConfigID()
	g.endpoints = g.newEndpoints()
	g.state = newState(o, g.root)
	g.faults = g.state.faults
	g.plane = newPlane(g)
	g.faults.note = g.journal.add
	return nil
}

// advertised is the HOST:PORT that LOCATION names.
func (g *Gateway) advertised() string {
	if g.options.Advertise != "" {
		return g.options.Advertise
	}
	host := g.http.Addr()
	if host.IsUnspecified() {
		// Reached from outside a container only when Advertise says how; from inside, loopback is right.
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return net.JoinHostPort(host.WithZone("").String(), strconv.Itoa(int(g.http.Port())))
}

// Close says goodbye, closes every socket and returns when all of the gateway's goroutines have ended. The error is the
// first failure to write the journal. Later calls return the same.
func (g *Gateway) Close() error { return g.close() }

func (g *Gateway) shutDown() error {
	err := g.ssdp.close()
	g.mu.Lock()
	g.closed = true
	g.alarm.stop()
	g.mu.Unlock()
	g.plane.close()
	g.cancel()
	g.wg.Wait()
	g.notifier.wait()
	g.alarm.wait()
	return errors.Join(err, g.journal.failure())
}

// allowed reports whether addr may talk to the gateway.
func (g *Gateway) allowed(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(g.options.Clients, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Name is Options.Name or what stood in for it.
func (g *Gateway) Name() string { return g.options.Name }

// Location is the URL of the description, as SSDP gives it.
func (g *Gateway) Location() string { return g.location }

// SSDP is where unicast searches are answered; zero when SSDP is off.
func (g *Gateway) SSDP() netip.AddrPort { return g.ssdp.addr() }

// UDN is the name of the root device, "uuid:…".
func (g *Gateway) UDN() string { return g.root.udn }

// note writes to the journal.
func (g *Gateway) note(kind string, peer netip.AddrPort, name string, details ...Detail) {
	g.journal.add(Entry{Time: g.options.Clock.Now(), Kind: kind, Peer: peer, Name: name, Details: details})
}
