package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// ssdpOptions is what the discovery part of a gateway needs to know of the rest.
type ssdpOptions struct {
	net           Net
	lan           netip.Addr
	mode          string // Options.SSDP
	seed          uint64
	allowed       func(netip.Addr) bool                                                  // who is answered
	advertisement func() advertisement                                                   // what to say now; takes locks of the gateway
	meet          func(*occasion) deed                                                   // what faults do; the same
	note          func(kind string, peer netip.AddrPort, name string, details ...Detail) // journal: "ssdp.search", "ssdp.reply", "ssdp.notify"
}

// ssdpServer answers searches and announces the gateway (UDA 1.1 §1). It has one goroutine which reads; in a group, and once an
// answer had to wait, another one which waits for what is due. The methods of a nil server do nothing.
type ssdpServer struct {
	ssdpOptions
	conn       net.PacketConn
	local      netip.AddrPort
	group      netip.AddrPort // zero when nobody is told without asking
	searchPort *uint32

	wg   sync.WaitGroup
	done chan struct{} // closed by close
	kick chan struct{} // something became due earlier than what the goroutine waits for

	speaking sync.Mutex // one set of announcements at a time: no alive in the midst of a byebye, or after the last

	mu      sync.Mutex // guards what follows; advertisement and note are called without it
	rand    *rand.Rand
	pending []pendingSend // soonest first
	running bool          // run is
	next    time.Time     // when to announce again; zero: not now
}

// startSSDP opens the socket, announces the gateway if it is in a group, and answers searches until close. In mode "off" it
// returns nil.
func startSSDP(ctx context.Context, o ssdpOptions) (*ssdpServer, error) {
	if o.mode == "off" {
		return nil, nil
	}
	s := &ssdpServer{
		ssdpOptions: o,
		done:        make(chan struct{}),
		kick:        make(chan struct{}, 1),
		rand:        rand.New(rand.NewPCG(o.seed, 0x73736470)), // "ssdp": a stream of its own
	}
	if err := s.listen(ctx); err != nil {
		return nil, fmt.Errorf("emulator: ssdp: %w", err)
	}
	s.wg.Go(s.read)
	if s.group.IsValid() {
		s.running = true
		// IGD:2 must send byebye before its first alive, so that nobody keeps what it said before it was restarted; for
		// IGD:1 it does no harm.
		s.byebye()
		s.alive()
		s.wg.Go(s.run)
	}
	return s, nil
}

func (s *ssdpServer) listen(ctx context.Context) error {
	var err error
	switch s.mode {
	case "multicast":
		s.group = groupFor(s.lan)
		s.conn, err = s.net.ListenGroup(ctx, s.lan, s.group)
	case "":
		s.conn, err = s.net.ListenPacket(ctx, netip.AddrPortFrom(s.lan, 0))
	default:
		var local netip.AddrPort
		if local, err = parseSSDPMode(s.mode); err == nil {
			s.conn, err = s.net.ListenPacket(ctx, local)
		}
	}
	if err != nil {
		return err
	}
	addr, ok := s.conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		s.conn.Close()
		return fmt.Errorf("%v is not a UDP address", s.conn.LocalAddr())
	}
	s.local = netip.AddrPortFrom(addr.AddrPort().Addr().Unmap(), uint16(addr.Port))
	if s.local.Port() != ssdp.Port {
		s.searchPort = new(uint32(addr.Port))
	}
	return nil
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

// addr is where unicast searches are answered.
func (s *ssdpServer) addr() netip.AddrPort {
	if s == nil {
		return netip.AddrPort{}
	}
	return s.local
}

// close says byebye and returns when every goroutine has ended. It is called once.
func (s *ssdpServer) close() error {
	if s == nil {
		return nil
	}
	s.byebye()
	close(s.done)
	err := s.conn.Close()
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // the network went first
	}
	return err
}

// readPause keeps a socket that fails again and again from filling a processor.
const readPause = 100 * time.Millisecond

// read receives until the socket is closed.
func (s *ssdpServer) read() {
	b := make([]byte, ssdp.MaxSize+1)
	for {
		n, from, by, err := s.receive(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			select {
			case <-s.done:
				return
			case <-time.After(readPause):
			}
			continue
		}
		if u, ok := from.(*net.UDPAddr); ok && n <= ssdp.MaxSize {
			addr := u.AddrPort()
			s.hear(netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), by, b[:n])
		}
	}
}

func (s *ssdpServer) receive(b []byte) (int, net.Addr, Via, error) {
	if !s.group.IsValid() {
		n, from, err := s.conn.ReadFrom(b)
		return n, from, viaUnicast, err
	}
	if r, ok := s.conn.(viaReader); ok {
		return r.readVia(b)
	}
	n, from, err := s.conn.ReadFrom(b)
	return n, from, viaUnknown, err
}
