package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// ssdpSocket is where the gateways that stand on one address hear searches and speak from. It is open while one of them is up.
type ssdpSocket struct {
	net  Net
	lan  netip.Addr
	mode string // Options.SSDP

	turn sync.Mutex // of opening and closing; taken before mu

	mu         sync.Mutex // guards what follows
	users      int
	members    []*ssdpServer // who listens, in the order in which they began; another slice with every change
	conn       *ssdpConn
	local      netip.AddrPort // the last one while it is closed
	group      netip.AddrPort // zero when nobody is told without asking
	searchPort *uint32
}

// ssdpConn is one opening of the socket.
type ssdpConn struct {
	net.PacketConn
	grouped bool
	closed  chan struct{} // nobody needs it any more
	ended   chan struct{} // its reader has
}

// newSSDPSocket is that of a gateway's own, or of the one that it stands beside; nil when SSDP is off.
func newSSDPSocket(o *Options) *ssdpSocket {
	switch {
	case o.SSDP == "off":
		return nil
	case o.Beside != nil:
		return o.Beside.socket
	}
	return &ssdpSocket{net: o.Net, lan: o.LAN, mode: o.SSDP}
}

// join makes a server for p, for which the socket is opened if it is not open, on another port than the last if that is wanted and
// the mode leaves the choice. The server of no socket is nil.
func (k *ssdpSocket) join(ctx context.Context, p *presence, elsewhere bool) (*ssdpServer, error) {
	if k == nil {
		return nil, nil
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.users == 0 {
		if err := k.open(ctx, elsewhere); err != nil {
			return nil, fmt.Errorf("emulator: ssdp: %w", err)
		}
	}
	k.users++
	g := p.gateway
	var source netip.Addr
	if at := g.options.Stands(); at != k.lan {
		source = at
	}
	return &ssdpServer{
		speaker: speaker{allowed: g.allowed, advertisement: p.advertisement, meet: g.meet, quietly: g.quietly, note: g.note},
		socket:  k, conn: k.conn.PacketConn, local: k.local, group: k.group, searchPort: k.searchPort, source: source,
		done: make(chan struct{}),
		kick: make(chan struct{}, 1),
		rand: rand.New(rand.NewPCG(g.options.seed(), k.stream()+uint64(p.number)<<32)),
	}, nil
}

// stream tells the chance of one family from that of the other.
func (k *ssdpSocket) stream() uint64 {
	if k.lan.Is6() {
		return 0x73737036 // "ssp6"
	}
	return 0x73736470 // "ssdp"
}

// add lets s hear searches.
func (k *ssdpSocket) add(s *ssdpServer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.members = append(slices.Clip(k.members), s)
}

// leave takes s out and closes the socket behind the last. It does not wait: what it returns is closed when the socket needs s no
// more.
func (k *ssdpSocket) leave(s *ssdpServer) <-chan struct{} {
	k.turn.Lock()
	defer k.turn.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.members = slices.DeleteFunc(slices.Clone(k.members), func(m *ssdpServer) bool { return m == s })
	k.users--
	if k.users > 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	close(k.conn.closed)
	k.conn.Close()
	return k.conn.ended
}

// open needs both locks.
func (k *ssdpSocket) open(ctx context.Context, elsewhere bool) error {
	var c net.PacketConn
	var err error
	switch k.mode {
	case "multicast":
		k.group = groupFor(k.lan)
		c, err = k.net.ListenGroup(ctx, k.lan, k.group)
	case "":
		c, err = k.openAnywhere(ctx, elsewhere)
	default:
		var local netip.AddrPort
		if local, err = parseSSDPMode(k.mode); err == nil {
			c, err = k.net.ListenPacket(ctx, local)
		}
	}
	if err != nil {
		return err
	}
	addr, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		c.Close()
		return fmt.Errorf("%v is not a UDP address", c.LocalAddr())
	}
	k.conn = &ssdpConn{c, k.group.IsValid(), make(chan struct{}), make(chan struct{})}
	k.local = netip.AddrPortFrom(addr.AddrPort().Addr().Unmap(), uint16(addr.Port))
	k.searchPort = nil
	if k.local.Port() != ssdp.Port {
		k.searchPort = new(uint32(addr.Port))
	}
	go k.read(k.conn)
	return nil
}

// openAnywhere opens the port that it had, the first time any, and elsewhere another.
func (k *ssdpSocket) openAnywhere(ctx context.Context, elsewhere bool) (net.PacketConn, error) {
	at := netip.AddrPortFrom(k.lan, k.local.Port())
	if !elsewhere {
		return k.net.ListenPacket(ctx, at)
	}
	keep, err := k.net.ListenPacket(ctx, at) // so that it is not the next one by chance
	if err == nil {
		defer keep.Close()
	}
	return k.net.ListenPacket(ctx, netip.AddrPortFrom(k.lan, 0))
}

func parseSSDPMode(mode string) (netip.AddrPort, error) {
	if port, ok := strings.CutPrefix(mode, "localhost:"); ok {
		mode = "127.0.0.1:" + port
	}
	local, err := netip.ParseAddrPort(mode)
	if err != nil {
		return local, fmt.Errorf("%q is neither an address with a port, nor multicast or off", mode)
	}
	return local, nil
}

// groupFor is the group that belongs to an address: UDA 1.1 §1.1.1 and annex A.
func groupFor(lan netip.Addr) netip.AddrPort {
	switch {
	case lan.Unmap().Is4():
		return netip.MustParseAddrPort(ssdp.GroupV4)
	case lan.IsLinkLocalUnicast():
		return netip.MustParseAddrPort("[ff02::c]:1900")
	}
	return netip.MustParseAddrPort("[ff05::c]:1900")
}

// readPause keeps a socket that fails again and again from filling a processor.
const readPause = 100 * time.Millisecond

// read receives until the socket is closed.
func (k *ssdpSocket) read(c *ssdpConn) {
	defer close(c.ended)
	b := make([]byte, ssdp.MaxSize+1)
	for {
		n, from, by, err := c.receive(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			select {
			case <-c.closed:
				return
			case <-time.After(readPause):
			}
			continue
		}
		u, ok := from.(*net.UDPAddr)
		if !ok || n > ssdp.MaxSize {
			continue
		}
		addr := netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), uint16(u.Port))
		k.mu.Lock()
		members := k.members
		k.mu.Unlock()
		for _, s := range members {
			s.hear(addr, by, b[:n])
		}
	}
}

func (c *ssdpConn) receive(b []byte) (int, net.Addr, Via, error) {
	if !c.grouped {
		n, from, err := c.ReadFrom(b)
		return n, from, viaUnicast, err
	}
	if r, ok := c.PacketConn.(viaReader); ok {
		return r.readVia(b)
	}
	n, from, err := c.ReadFrom(b)
	return n, from, viaUnknown, err
}
