package scenarios_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"
)

// program is one on the pc that has a port, by TCP and by UDP.
type program struct {
	port string
	tcp  net.Listener
	udp  net.PacketConn
}

// run starts a program.
func (s *street) run(port string) *program {
	s.t.Helper()
	at := netip.MustParseAddrPort("192.168.1.10:" + port)
	l, err := s.pc.Listen(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	u, err := s.pc.ListenPacket(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { u.Close() })
	return &program{port, l, u}
}

// patience is how long somebody waits for what should be there at once.
const patience = 5 * time.Second

// connect opens a connection from the peer to the program by the external port of the same number; false when nothing comes of it.
func (s *street) connect(p *program) (outer, inner net.Conn, ok bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	outer, err := s.peer.Dial(ctx, "tcp", netip.Addr{}, external+":"+p.port)
	if err != nil {
		return nil, nil, false
	}
	s.t.Cleanup(func() { outer.Close() })
	inner, err = p.tcp.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { inner.Close() })
	return outer, inner, true
}

// tcp tells whether a new connection of the peer carries bytes in and out.
func (s *street) tcp(p *program) bool {
	s.t.Helper()
	outer, inner, ok := s.connect(p)
	if !ok {
		return false
	}
	defer outer.Close()
	defer inner.Close()
	return passes(outer, inner, "in") && passes(inner, outer, "out")
}

// passes tells whether a message gets from one end of a connection to the other.
func passes(from, to net.Conn, message string) bool {
	if _, err := io.WriteString(from, message); err != nil {
		return false
	}
	to.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 64)
	n, err := to.Read(b)
	return err == nil && string(b[:n]) == message
}

// udp tells whether a datagram of the peer gets to the program, and its answer back.
func (s *street) udp(p *program) bool {
	s.t.Helper()
	c, err := s.peer.Dial(s.t.Context(), "udp", netip.Addr{}, external+":"+p.port)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "in"); err != nil {
		return false
	}
	b := make([]byte, 64)
	p.udp.SetReadDeadline(time.Now().Add(patience))
	n, from, err := p.udp.ReadFrom(b)
	if err != nil || string(b[:n]) != "in" {
		return false
	}
	if _, err := p.udp.WriteTo([]byte("out"), from); err != nil {
		return false
	}
	c.SetReadDeadline(time.Now().Add(patience))
	n, err = c.Read(b)
	return err == nil && string(b[:n]) == "out"
}
