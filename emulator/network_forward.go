package emulator

import (
	"context"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// The protocols that are mapped, as PortMappingProtocol has them (WANIPConnection:1 §2.2).
const (
	tcp = "TCP"
	udp = "UDP"
)

// packet is the first of a TCP connection, or a datagram, on its way from host to host.
type packet struct {
	protocol string // "TCP" or "UDP"
	src, dst netip.AddrPort
	size     int // of the datagram
}

// forwarder decides about what arrives at a host from its wires, whether it is for the host or for somebody behind it. This is
// where a NAT sits. No lock of the network is held while it thinks.
type forwarder interface {
	forward(p packet, by string) decision // by is the name of the interface it came in by
}

// decision is what becomes of a packet.
type decision struct {
	fate  fate
	to    packet        // passedOn: with its addresses from here on
	delay time.Duration // passedOn: after which it goes on
	watch watcher       // passedOn: of the TCP connection, if there will be one; nil: nobody
}

type fate int

const (
	notMine     fate = iota // the host takes it, if it is for the host
	passedOn                // to where the host's routes lead
	refused                 // as by a closed port
	unreachable             // as by a router that knows no way
	vanished
)

// watcher follows a TCP connection through a forwarder. No lock of the network or of the connection is held in its calls.
type watcher interface {
	begun(crossing)
	passing(inward bool, bytes int) // about to be sent; inward from the end that dialled
	ended()
}

// maxHops is how many forwarders a packet may pass, as a TTL bounds it.
const maxHops = 8

// waypoint is a forwarder that a connection needs.
type waypoint struct {
	host *Host
	addr netip.Addr // of the host's, by which it is translated; zero: it is not
}

// waypointOf is h as p comes to it and q leaves it.
func waypointOf(h *Host, p, q packet) waypoint {
	for _, addr := range []netip.Addr{p.dst.Addr(), q.src.Addr()} {
		if h.owner(addr) != nil {
			return waypoint{h, addr}
		}
	}
	return waypoint{host: h}
}

// holds tells whether what goes through w gets through.
func (w waypoint) holds() bool {
	return !w.host.down && !w.host.dead && (!w.addr.IsValid() || w.host.owner(w.addr) != nil)
}

// arrival is where a packet ended up.
type arrival struct {
	packet                // as the receiver sees it
	local  netip.AddrPort // the source as the sender sees it
	host   *Host
	via    []waypoint
	watch  []watcher
	delay  time.Duration
}

// addForwarder puts f behind those that h has: several gateways may stand on one host, and the first to take a packet has it.
func (h *Host) addForwarder(f forwarder) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	h.forwarders = append(slices.Clip(h.forwarders), f)
}

func (h *Host) removeForwarder(f forwarder) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	h.forwarders = slices.DeleteFunc(slices.Clone(h.forwarders), func(o forwarder) bool { return o == f })
}

// travel takes p from h to whoever gets it, along the routes of h and of the forwarders on the way. local is as in route. The
// errors are those of a sender who waits for an answer: ETIMEDOUT is none. network.mu is held; it is open while forwarders think.
func (h *Host) travel(p packet, local netip.Addr) (arrival, error) {
	r, err := h.route(local, p.dst.Addr())
	if err != nil {
		return arrival{}, err
	}
	a := arrival{packet: p, local: netip.AddrPortFrom(r.source, p.src.Port())}
	a.src = a.local
	for range maxHops {
		if r.silent() {
			return a, syscall.ETIMEDOUT
		}
		a.host = r.to.host
		if r.from == r.to { // to itself
			a.dst = netip.AddrPortFrom(r.dst, a.dst.Port())
			return a, nil
		}
		a.src = netip.AddrPortFrom(r.to.zoned(a.src.Addr().WithZone("")), a.src.Port())
		a.dst = netip.AddrPortFrom(r.to.zoned(r.dst.WithZone("")), a.dst.Port())
		d := a.host.decide(a.packet, r.to.link.Name)
		switch d.fate {
		case notMine:
			if a.host.owner(a.dst.Addr()) == nil {
				return a, syscall.ENETUNREACH
			}
			return a, nil
		case refused:
			return a, syscall.ECONNREFUSED
		case unreachable:
			return a, syscall.ENETUNREACH
		case vanished:
			return a, syscall.ETIMEDOUT
		}
		a.via = append(a.via, waypointOf(a.host, a.packet, d.to))
		if d.watch != nil {
			a.watch = append(a.watch, d.watch)
		}
		a.delay += d.delay
		a.packet = d.to
		if r, err = a.host.onward(a.packet); err != nil {
			return a, err
		}
	}
	return a, syscall.EHOSTUNREACH
}

// decide asks the forwarders of h. network.mu is held, and open while they think.
func (h *Host) decide(p packet, by string) decision {
	all := h.forwarders
	if len(all) == 0 {
		return decision{}
	}
	h.network.mu.Unlock()
	defer h.network.mu.Lock()
	for _, f := range all {
		if d := f.forward(p, by); d.fate != notMine {
			return d
		}
	}
	return decision{}
}

// answers tells whether what a's host sends back comes to the forwarder that a came by: a host without a default gateway hears
// from the Internet and cannot answer. network.mu is held.
func (a *arrival) answers() bool {
	if len(a.via) == 0 {
		return true
	}
	last := a.via[len(a.via)-1].host
	if last == a.host {
		return true
	}
	back, err := a.host.route(a.dst.Addr(), a.src.Addr())
	return err == nil && back.to.host == last
}

// wait lets the time pass that forwarders hold a back. network.mu is held, and open meanwhile.
func (a *arrival) wait(ctx context.Context, n *Network) error {
	if a.delay <= 0 {
		return nil
	}
	n.mu.Unlock()
	defer n.mu.Lock()
	select {
	case <-time.After(a.delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// crossing is a TCP connection in the hands of a forwarder.
type crossing struct{ c *tcpConn }

// reset ends the connection: each side reads a reset.
func (x crossing) reset() {
	l := x.c.link
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range []*tcpConn{x.c, x.c.peer} {
		if !end.closed {
			end.hearReset()
		}
	}
}

// hold stops everything on the connection, or lets it go on if nothing else stops it.
func (x crossing) hold(on bool) {
	n := x.c.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	x.c.link.held = on
	x.c.block(!x.c.reaches())
}
