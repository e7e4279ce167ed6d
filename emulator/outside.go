package emulator

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// enclosed reports whether everybody whom the gateway can reach, or be reached by, is the emulator's: in memory, and in a lab.
func (g *Gateway) enclosed() bool {
	_, memory := g.options.Net.(*Host)
	return memory || g.options.Plane.Mode == PlanePorts
}

// faceInternet serves at the external addresses that the gateway has now what Policy.Internet names. LOCATION and the description say there
// what they say on the LAN. On a network where others than the emulator's are, nothing is served. It needs the gateway's lock.
func (g *Gateway) faceInternet() {
	p := g.presence
	if len(g.options.Policy.Internet) == 0 || g.options.Mute || !g.enclosed() || g.down || g.closed {
		return
	}
	var want []netip.Addr
	for _, c := range g.state.connections {
		if exact(c.address) {
			want = append(want, c.address)
		}
	}
	for addr, end := range p.outside {
		if !slices.Contains(want, addr) {
			end()
			delete(p.outside, addr)
		}
	}
	for _, addr := range want {
		if p.outside[addr] == nil {
			if p.outside == nil {
				p.outside = map[netip.Addr]func(){}
			}
			p.outside[addr] = p.faceOutside(addr)
		}
	}
}

// faceOutside serves at one external address, until end, which does not wait. What cannot be opened is noted, and tried again when the
// address has changed.
func (p *presence) faceOutside(addr netip.Addr) (end func()) {
	g := p.gateway
	ctx, cancel := context.WithCancel(p.ctx)
	failed := func(kind string, err error) {
		g.journal.add(Entry{Time: g.state.now, Kind: kind, Name: err.Error()})
	}
	all := []func(){cancel}
	if slices.Contains(g.options.Policy.Internet, exposedHTTP) {
		for _, port := range append(slices.Sorted(maps.Values(p.ports)), p.http.Port()) {
			l, err := g.options.Net.Listen(ctx, netip.AddrPortFrom(addr, port))
			if err != nil {
				failed("http.failed", err)
				continue
			}
			all = append(all, func() { l.Close() })
			p.wg.Go(func() { p.serveAt(ctx, l, &http1.Server{Handle: p.answer, Accept: g.welcome, Grace: grace}) })
		}
	}
	if slices.Contains(g.options.Policy.Internet, exposedSSDP) && p.ssdp != nil {
		c, err := p.ssdp.openBeside(ctx, addr)
		if err != nil {
			failed("ssdp.failed", err)
		} else {
			all = append(all, func() { c.Close() })
			p.wg.Go(func() { p.beside(c, addr).listen(ctx) })
		}
	}
	return func() {
		for _, end := range all {
			end()
		}
	}
}

// besideListener is a Net on which the socket of a group holds its port on all addresses.
type besideListener interface {
	listenBeside(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
}

// openBeside opens a socket for unicast searches at another address, on the port that they have on the LAN.
func (s *ssdpServer) openBeside(ctx context.Context, addr netip.Addr) (net.PacketConn, error) {
	local := netip.AddrPortFrom(addr, s.local.Port())
	if n, ok := s.socket.net.(besideListener); ok && s.group.IsValid() {
		return n.listenBeside(ctx, local)
	}
	return s.socket.net.ListenPacket(ctx, local)
}

// beside is a server that answers by unicast on c, whoever asks, as that of p does on the LAN.
func (p *presence) beside(c net.PacketConn, addr netip.Addr) *ssdpServer {
	s := p.ssdp
	o := &ssdpServer{
		speaker: s.speaker, socket: s.socket, conn: c, local: netip.AddrPortFrom(addr, s.local.Port()), searchPort: s.searchPort,
		done: make(chan struct{}),
		kick: make(chan struct{}, 1),
		rand: rand.New(rand.NewPCG(p.gateway.options.seed(), 0x77616e+uint64(p.number)<<32)), // "wan"
	}
	o.allowed = func(netip.Addr) bool { return true }
	return o
}

// listen answers until ctx ends.
func (s *ssdpServer) listen(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	defer s.wg.Wait()
	defer s.end()
	for b := make([]byte, ssdp.MaxSize+1); ; {
		n, from, err := s.conn.ReadFrom(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			if !http1.Pause(ctx, readPause) {
				return
			}
			continue
		}
		if u, ok := from.(*net.UDPAddr); ok && n <= ssdp.MaxSize {
			s.hear(netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), uint16(u.Port)), viaUnicast, b[:n])
		}
	}
}

// end lets nothing more be sent.
func (s *ssdpServer) end() {
	s.mu.Lock()
	s.left = true
	s.mu.Unlock()
	close(s.done)
}
