package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/igdkit/igdkit/internal/udpserve"
)

// STUNOptions say what STUN server to be, and where to stand. The zero value is one of a single address on loopback, at a free port.
type STUNOptions struct {
	Net  Net    // nil: SystemNet()
	Name string // in the journal; "": "stun"

	// Addrs are one address, or two of one family, by which the behaviour of a NAT can be told (RFC 5780 §3). They must be this Net's; the
	// second one of a Host is made if there is none. nil: 127.0.0.1.
	Addrs []netip.Addr
	// Ports are the primary and the alternate port of each address; with one address only the primary is used. 0: one that is free.
	Ports [2]uint16

	// TCP has the primary address and port take connections too (RFC 8489 §6.2.2). There CHANGE-REQUEST and RESPONSE-PORT are refused, and no fault but
	// Rewrite is played.
	TCP bool

	Classic bool // it speaks RFC 3489 to everybody: no XOR-MAPPED-ADDRESS, and the names of then for the rest
	Faults  STUNFaults
	Seed    uint64 // of Faults.Loss

	Journal io.Writer // receives each Entry as a line of JSON; nil: none. Used by one goroutine at a time
}

// STUNServer answers binding requests over UDP as RFC 8489 and RFC 5780 have them, and those of RFC 3489, which have no magic cookie, in
// their own way. It asks for no credentials and ignores those that it gets. It does not know RESPONSE-ADDRESS of RFC 3489, by which it
// could be made to send to others. It takes TCP when STUNOptions.TCP asks for it.
//
// Every request that it could read is in its journal as "stun.binding", with what became of it. Anything else it ignores.
type STUNServer struct {
	options STUNOptions
	ports   [2]uint16
	conns   [][]net.PacketConn // by address and port
	streams stunStreams
	journal journal
	losses  *losses
	waiting atomic.Int32 // replies that Faults.Delay holds back
	readers sync.WaitGroup
	once    sync.Once
	left    func() bool // ends watching the context
}

const (
	maxSTUN        = 2048 // bytes of a request; PADDING makes the long ones
	maxSTUNWaiting = 1024 // replies that are late at a time; more are lost
)

// StartSTUN starts a STUN server, which ends with ctx or Close. The error says which address or port could not be had, or which option
// makes no sense.
func StartSTUN(ctx context.Context, o STUNOptions) (*STUNServer, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	s := &STUNServer{options: o, journal: journal{name: o.Name, w: o.Journal}, losses: newLosses(o.Faults, o.Seed)}
	if err := s.listen(ctx); err != nil {
		s.closeSockets()
		return nil, fmt.Errorf("emulator: stun: %w", err)
	}
	for i := range s.conns {
		for j := range s.conns[i] {
			s.readers.Go(func() { s.serve(i, j) })
		}
	}
	if s.streams.listener != nil {
		s.readers.Go(s.acceptStreams)
	}
	s.left = context.AfterFunc(ctx, s.closeSockets)
	return s, nil
}

func (o STUNOptions) defaults() (STUNOptions, error) {
	if o.Net == nil {
		o.Net = SystemNet()
	}
	if o.Name == "" {
		o.Name = "stun"
	}
	if len(o.Addrs) == 0 {
		o.Addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	if len(o.Addrs) > 2 {
		return o, fmt.Errorf("emulator: stun: %d addresses: one or two make a server", len(o.Addrs))
	}
	for _, a := range o.Addrs {
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Is4() != o.Addrs[0].Is4() {
			return o, fmt.Errorf("emulator: stun: %v is no address to answer from, or of another family than the first", a)
		}
	}
	if len(o.Addrs) == 2 && o.Addrs[0] == o.Addrs[1] || o.Ports[0] != 0 && o.Ports[0] == o.Ports[1] {
		return o, errors.New("emulator: stun: the alternate address and port have to be others than the primary ones")
	}
	return o, o.Faults.check()
}

// listen opens the sockets.
func (s *STUNServer) listen(ctx context.Context) error {
	o := &s.options
	if len(o.Addrs) == 2 {
		if h, ok := o.Net.(holder); ok {
			if err := h.hold(o.Addrs[0], o.Addrs[1]); err != nil {
				return err
			}
		}
	}
	s.conns = make([][]net.PacketConn, len(o.Addrs))
	for j := range min(len(o.Addrs), len(o.Ports)) {
		if err := s.listenPort(ctx, o.Ports[j]); err != nil {
			return err
		}
	}
	return nil
}

// pairTries is how often a free port is drawn that is to be free at both addresses.
const pairTries = 20

// listenPort opens the next port of each address.
func (s *STUNServer) listenPort(ctx context.Context, port uint16) error {
	var err error
	for range pairTries {
		var opened []net.PacketConn
		at := port
		for _, a := range s.options.Addrs {
			var c net.PacketConn
			if c, err = s.options.Net.ListenPacket(ctx, netip.AddrPortFrom(a, at)); err != nil {
				break
			}
			opened = append(opened, c)
			at = portOf(c)
		}
		if err == nil && s.options.TCP && len(s.conns[0]) == 0 {
			s.streams.listener, err = s.options.Net.Listen(ctx, netip.AddrPortFrom(s.options.Addrs[0], at))
		}
		if err == nil {
			s.ports[len(s.conns[0])] = at
			for i, c := range opened {
				s.conns[i] = append(s.conns[i], c)
			}
			return nil
		}
		for _, c := range opened {
			c.Close()
		}
		if port != 0 {
			break
		}
	}
	return err
}

func portOf(c net.PacketConn) uint16 {
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok {
		return a.AddrPort().Port()
	}
	return 0
}

// Addr is where clients ask: the primary address and port.
func (s *STUNServer) Addr() netip.AddrPort { return s.at(0, 0) }

// Other is the alternate address and port; zero when there is but one address.
func (s *STUNServer) Other() netip.AddrPort {
	if len(s.conns) < 2 {
		return netip.AddrPort{}
	}
	return s.at(1, 1)
}

func (s *STUNServer) at(i, j int) netip.AddrPort {
	return netip.AddrPortFrom(s.options.Addrs[i], s.ports[j])
}

// Journal is what was asked, oldest first: at most the latest 4096 entries.
func (s *STUNServer) Journal() []Entry {
	all, _ := s.journal.after(0)
	return all
}

// Close ends the server. The error is the first failure to write Options.Journal.
func (s *STUNServer) Close() error {
	s.left()
	s.closeSockets()
	s.readers.Wait()
	return s.journal.failure()
}

func (s *STUNServer) closeSockets() {
	s.once.Do(func() {
		for _, at := range s.conns {
			for _, c := range at {
				c.Close()
			}
		}
		s.streams.close()
	})
}

// serve answers at one address and port.
func (s *STUNServer) serve(i, j int) {
	udpserve.Serve(s.conns[i][j], maxSTUN, func(b []byte, addr net.Addr) {
		from, ok := addr.(*net.UDPAddr)
		if !ok {
			return
		}
		peer := canonical(from.AddrPort())
		request, ok := readBinding(b)
		if !ok {
			return
		}
		s.send(request, peer, s.answer(request, peer, i, j), s.at(i, j))
	})
}

// send sends a reply, or not, as the faults have it.
func (s *STUNServer) send(r *binding, peer netip.AddrPort, a bindingReply, at netip.AddrPort) {
	from := s.at(a.i, a.j)
	lost := s.losses.take(r.id(), peer) || s.options.Faults.MuteOther && a.i == 1
	delay := s.options.Faults.Delay
	if delay > 0 && !lost {
		if s.waiting.Add(1) > maxSTUNWaiting {
			s.waiting.Add(-1)
			lost = true
		}
	}
	s.journal.add(Entry{Time: time.Now(), Kind: "stun.binding", Peer: peer, Details: a.details(r, at, from, peer, lost)})
	if lost {
		return
	}
	write := func() { s.conns[a.i][a.j].WriteTo(a.raw, net.UDPAddrFromAddrPort(a.to)) }
	if delay == 0 {
		write()
		return
	}
	time.AfterFunc(delay, func() {
		defer s.waiting.Add(-1)
		write()
	})
}
