package emulator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// presence is a gateway from one start to the next: its sockets, and what it says of itself through them. What it knows is in the
// state, which outlives it.
type presence struct {
	gateway    *Gateway
	number     int // from 0
	generation generation
	site       *site
	root       *device
	targets    []target
	endpoints  func() map[spot]endpoint // made for the first request
	configID   uint32
	location   string // where the description is
	announced  string // where SSDP says that it is

	http     netip.AddrPort // port 0: nowhere
	ports    ports
	listener net.Listener
	more     []net.Listener // at ports
	ssdp     *ssdpServer    // nil: off
	six      *voice         // of the IPv6 address; nil: there is none
	notifier notifier
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	outside map[netip.Addr]func() // what ends serving the Internet, by external address; guarded by the gateway's lock
}

// appear opens the sockets of a new presence: HTTP at an address of which port 0 is any, and at more ports. With elsewhere it is any port
// but that one, and SSDP moves as well if it has the choice.
func (g *Gateway) appear(number int, gen generation, at netip.AddrPort, more ports, elsewhere bool) (*presence, error) {
	p := &presence{gateway: g, number: number, generation: gen, http: netip.AddrPortFrom(at.Addr(), 0)}
	err := p.openHTTP(at, more, elsewhere)
	if err == nil {
		p.build()
		p.ssdp, err = g.socket.join(g.base, p, elsewhere)
	}
	if err == nil && g.socket6 != nil {
		if p.six, err = g.speakIPv6(p); errors.Is(err, syscall.EADDRNOTAVAIL) { // taken away since, or not yet known to be nobody else's
			g.note("ipv6.absent", netip.AddrPort{}, err.Error())
			err = nil
		}
	}
	if p.six != nil {
		p.more = append(p.more, p.six.listener)
	}
	if err != nil {
		if p.ssdp != nil {
			p.ssdp.leave()
		}
		for _, l := range p.listeners() {
			l.Close()
		}
		return nil, err
	}
	p.ctx, p.cancel = context.WithCancel(g.base)
	p.notifier.init(p.ctx, g)
	return p, nil
}

// openHTTP opens where HTTP is served: nowhere by a gateway that is mute.
func (p *presence) openHTTP(at netip.AddrPort, more ports, elsewhere bool) error {
	g := p.gateway
	if g.options.Mute {
		return nil
	}
	listen := g.options.Net.Listen
	if elsewhere {
		listen = g.listenElsewhere
	}
	l, err := g.listen(g.base, at, elsewhere)
	if err != nil {
		return fmt.Errorf("emulator: listen: %w", err)
	}
	p.listener = l
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("emulator: %v is not a TCP address", l.Addr())
	}
	p.http = netip.AddrPortFrom(addr.AddrPort().Addr().Unmap(), uint16(addr.Port))
	return p.open(more, listen)
}

// listeners are all for HTTP.
func (p *presence) listeners() []net.Listener {
	if p.listener == nil {
		return nil
	}
	return append(slices.Clip(p.more), p.listener)
}

// build makes everything that needs no more sockets.
func (p *presence) build() {
	o := &p.gateway.options
	p.site = newSite(o, p.advertised(), p.ports, p.generation)
	p.root = newTree(o, p.site)
	if !o.Mute {
		p.location = "http://" + p.advertised() + p.site.base
	}
	udn, location := p.site.announced(&o.Dialect.SSDP)
	p.targets, p.announced = targetsOf(p.root, udn, o.Dialect.SSDP.Also), location
	p.configID = p.newConfigID()
	p.endpoints = sync.OnceValue(p.newEndpoints)
}

// advertised is the HOST:PORT that LOCATION names.
func (p *presence) advertised() string {
	if a := p.gateway.options.Advertise; a != "" {
		return a
	}
	host := p.http.Addr()
	if host.IsUnspecified() {
		// Reached from outside a container only when Advertise says how; from inside, loopback is right.
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return net.JoinHostPort(host.WithZone("").String(), strconv.Itoa(int(p.http.Port())))
}

// grace is for what is under way when a gateway stops, such as the answer to the call that made it reboot.
const grace = 200 * time.Millisecond

// serve begins to answer.
func (p *presence) serve() {
	for _, l := range p.listeners() {
		p.wg.Go(func() { p.serveAt(p.ctx, l, &http1.Server{Handle: p.serveHTTP, Accept: p.gateway.greet, Grace: grace}) })
	}
	p.ssdp.start()
	p.six.server().start()
}

func (p *presence) serveAt(ctx context.Context, l net.Listener, srv *http1.Server) {
	// A network that is closed before the gateway has taken the listener with it.
	if err := srv.Serve(ctx, l); err != nil && !errors.Is(err, net.ErrClosed) {
		p.gateway.note("http.failed", netip.AddrPort{}, err.Error())
	}
}

// vanish closes the sockets and waits for what is under way, but not for long: Options.OnEvent may be among it, and wait for this.
func (p *presence) vanish() {
	p.cancel()
	p.ssdp.leave()
	p.six.server().leave()
	ended := make(chan struct{})
	p.gateway.wg.Go(func() {
		p.wg.Wait()
		p.ssdp.wait()
		p.six.server().wait()
		close(ended)
	})
	late := time.NewTimer(2 * grace)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
	}
}

// listen opens HTTP at an address. Where the choice is the gateway's, because the port is any or to be another, it takes the first of the
// dialect's ports that is free, from the one behind the last.
func (g *Gateway) listen(ctx context.Context, at netip.AddrPort, elsewhere bool) (net.Listener, error) {
	if !elsewhere && at.Port() != 0 {
		return g.options.Net.Listen(ctx, at)
	}
	for port := range portsAfter(g.options.Dialect.HTTP.Ports, at.Port()) {
		if l, err := g.options.Net.Listen(ctx, netip.AddrPortFrom(at.Addr(), port)); err == nil {
			return l, nil
		}
	}
	if elsewhere {
		return g.listenElsewhere(ctx, at)
	}
	return g.options.Net.Listen(ctx, at)
}

// portsAfter are the ports of ranges, those behind last first; last itself is none of them.
func portsAfter(ranges []PortRange, last uint16) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		found := false
		for range 2 {
			for _, r := range ranges {
				for port := int(r.First); port <= int(r.Last); port++ {
					switch {
					case port == int(last) && found:
						return
					case port == int(last):
						found = true
					case found && !yield(uint16(port)):
						return
					}
				}
			}
			if !found { // none of them: all are behind it
				found = true
			}
		}
	}
}

// listenElsewhere is Listen on any port but one.
func (g *Gateway) listenElsewhere(ctx context.Context, at netip.AddrPort) (net.Listener, error) {
	anywhere := netip.AddrPortFrom(at.Addr(), 0)
	l, err := g.options.Net.Listen(ctx, anywhere)
	if err != nil {
		return nil, err
	}
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || addr.Port != int(at.Port()) {
		return l, nil
	}
	defer l.Close() // while it is open, the next one is another
	return g.options.Net.Listen(ctx, anywhere)
}
