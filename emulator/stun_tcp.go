package emulator

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// stunStreams are the TCP connections of a STUN server.
type stunStreams struct {
	listener net.Listener // nil: it takes none

	mu    sync.Mutex
	ended bool
	open  map[net.Conn]struct{}
}

const (
	maxSTUNStreams = 64               // at a time; more are closed at once
	stunStreamIdle = 40 * time.Second // after which a connection is closed: a client is done in 39.5 s (RFC 8489 §6.2.2)
)

// add tells whether c may stay.
func (s *stunStreams) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || len(s.open) >= maxSTUNStreams {
		return false
	}
	if s.open == nil {
		s.open = map[net.Conn]struct{}{}
	}
	s.open[c] = struct{}{}
	return true
}

func (s *stunStreams) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

func (s *stunStreams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.listener != nil {
		s.listener.Close()
	}
	for c := range s.open {
		c.Close()
	}
}

// acceptStreams takes connections until the listener is closed.
func (s *STUNServer) acceptStreams() {
	for {
		c, err := s.streams.listener.Accept()
		if err != nil {
			return
		}
		if !s.streams.add(c) {
			c.Close()
			continue
		}
		s.readers.Go(func() {
			defer c.Close()
			defer s.streams.remove(c)
			s.serveStream(c)
		})
	}
}

// serveStream answers one request after the other. What is none ends the connection, because nobody can tell where the next one begins.
func (s *STUNServer) serveStream(c net.Conn) {
	remote, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	peer, b := canonical(remote.AddrPort()), make([]byte, maxSTUN)
	for {
		c.SetDeadline(time.Now().Add(stunStreamIdle))
		if _, err := io.ReadFull(c, b[:stunHeader]); err != nil {
			return
		}
		size := stunHeader + int(binary.BigEndian.Uint16(b[2:4]))
		if size > maxSTUN {
			return
		}
		if _, err := io.ReadFull(c, b[stunHeader:size]); err != nil {
			return
		}
		request, ok := readBinding(b[:size])
		if !ok {
			return
		}
		if _, err := c.Write(s.answerStream(request, peer)); err != nil {
			return
		}
	}
}

// answerStream is the answer to a request that came by TCP, which nothing can answer but the same connection.
func (s *STUNServer) answerStream(r *binding, peer netip.AddrPort) []byte {
	a := s.answer(r, peer, 0, 0)
	if a.i != 0 || a.j != 0 || a.to != peer {
		a = s.refuse(r, peer, 0, 0, stun.CodeBadRequest, nil)
	}
	details := append(a.details(r, s.at(0, 0), s.at(0, 0), peer, false), Detail{"by", "tcp"})
	s.journal.add(Entry{Time: time.Now(), Kind: "stun.binding", Peer: peer, Details: details})
	return a.raw
}
