package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/igdkit/igdkit/client"
)

// maxPiece is how many bytes of stdin leave in one datagram: they pass every path without fragments (RFC 8085 §3.2).
const maxPiece = 1200

// farewells is how often the end of stdin is told, because a datagram may get lost, and farewellSpacing the time between.
const (
	farewells       = 3
	farewellSpacing = 200 * time.Millisecond
)

// readPause is how long to wait after a read that has failed.
const readPause = 10 * time.Millisecond

// pipeSilence is how long the other end of a pipe may be silent: it keeps the path alive every 15 s, and some of that may get lost.
const pipeSilence = time.Minute

// silentError says that the other end of a path is gone.
type silentError struct {
	peer  netip.AddrPort
	after time.Duration
}

func (e *silentError) Error() string {
	return fmt.Sprintf("nothing has come from %v for %s", e.peer, span(e.after))
}

// pipe joins a path to stdin and stdout, until both sides have ended theirs, which an empty datagram tells, or ctx ends, or the other side is
// silent. However it ends the other side is told.
func (a *app) pipe(ctx context.Context, p *client.Path, in *bufio.Reader) error {
	defer outlivePipes()()
	err := a.joinPipe(ctx, p, in)
	if err != nil {
		sayFarewell(p) // or it would wait for more
	}
	return err
}

func (a *app) joinPipe(ctx context.Context, p *client.Path, in *bufio.Reader) error {
	sent := make(chan error, 1) // whoever reads stdin cannot be stopped
	go func() { sent <- sendPieces(p, in) }()
	received := make(chan error, 2)
	go func() { a.receivePieces(p, received) }() // to the end of the path
	for range 2 {
		select {
		case <-ctx.Done():
			return &saidError{ctx.Err()}
		case err := <-sent:
			if err != nil {
				return &localError{exit: exitLocal, err: err}
			}
		case err := <-received:
			if a.Broken() != nil {
				return a.unwritten()
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sendPieces sends stdin, and that it has ended.
func sendPieces(p *client.Path, in *bufio.Reader) error {
	b := make([]byte, maxPiece)
	for {
		n, err := in.Read(b)
		if n > 0 {
			if _, err := p.Write(b[:n]); err != nil {
				return err
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			break
		}
	}
	return sayFarewell(p)
}

// sayFarewell tells the other side that nothing more comes.
func sayFarewell(p *client.Path) error {
	for i := range farewells {
		if i > 0 {
			time.Sleep(farewellSpacing)
		}
		if _, err := p.Write(nil); err != nil {
			return err
		}
	}
	return nil
}

// receivePieces writes what comes to stdout, and reports its end. Then it reads on until the path is closed: that the other side is still there
// shows in what it sends to keep the path alive.
func (a *app) receivePieces(p *client.Path, report chan<- error) {
	b := make([]byte, 64<<10)
	ended := false
	until := time.Now().Add(pipeSilence)
	for {
		p.SetReadDeadline(until) // of a closed path the read tells
		n, err := p.Read(b)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if until = p.Heard().Add(pipeSilence); !until.After(time.Now()) {
				report <- &silentError{p.Remote(), pipeSilence}
				return
			}
			continue
		case err != nil:
			report <- &localError{exit: exitLocal, err: err}
			return
		case n == 0 && !ended:
			ended = true
			report <- nil
		case !ended:
			if _, err := a.Write(b[:n]); err != nil {
				report <- &localError{exit: exitLocal, err: err}
				return
			}
		}
		until = time.Now().Add(pipeSilence) // who reads stdout may have taken long
	}
}

// join joins a path to a program on this computer, until ctx ends.
func (a *app) join(ctx context.Context, p *client.Path, near *nearSide) error {
	defer context.AfterFunc(ctx, func() { near.close(); p.Close() })()
	var mu sync.Mutex
	program := near.to // who gets what the peer sends: with --listen, the program that has sent last
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 64<<10)
		for {
			n, from, err := near.conn.ReadFrom(b)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
				time.Sleep(readPause) // what is wrong may pass
				continue
			case near.to == nil:
				mu.Lock()
				program = from
				mu.Unlock()
			case from.String() != near.to.String():
				continue
			}
			p.Write(b[:n]) // what is lost is lost, as with any UDP
		}
	})
	b := make([]byte, 64<<10)
	for {
		n, err := p.Read(b)
		if err != nil {
			near.close()
			wg.Wait()
			if ctx.Err() != nil {
				return &saidError{ctx.Err()}
			}
			return &localError{exit: exitLocal, err: err}
		}
		mu.Lock()
		to := program
		mu.Unlock()
		if to != nil {
			near.conn.WriteTo(b[:n], to) // the same
		}
	}
}

// nearSide is the socket towards a program on this computer.
type nearSide struct {
	conn net.PacketConn
	to   net.Addr // the program; nil: it is who sends
}

// openNearSide opens what --forward and --listen need, before anything else is tried: that a port is taken is to be known before the other side
// believes that it is connected. nil: neither was given.
func (a *app) openNearSide(ctx context.Context, o punchFlags) (near *nearSide, err error) {
	here := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	near = new(nearSide)
	flag := "--listen " + o.listen
	switch {
	case o.listen != "":
		var port uint16
		if port, err = portArgument(o.listen); err != nil {
			return nil, err
		}
		near.conn, err = a.listenAt(ctx, netip.AddrPortFrom(here, port))
	case o.forward != "":
		flag = "--forward " + o.forward
		if here, near.to, err = towards(ctx, o.forward); err == nil {
			near.conn, err = a.listenAt(ctx, netip.AddrPortFrom(here, 0))
		}
	default:
		return nil, nil
	}
	switch {
	case err == nil:
		return near, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, &localError{exit: exitLocal, err: fmt.Errorf("%s: %w", flag, err)}
}

// towards gives the address of HOST:PORT, and ours when we send there.
func towards(ctx context.Context, hostPort string) (here netip.Addr, there net.Addr, err error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp4", hostPort) // sends nothing
	if err != nil {
		return here, nil, err
	}
	defer c.Close()
	return netip.MustParseAddrPort(c.LocalAddr().String()).Addr(), c.RemoteAddr(), nil
}

// close closes the socket, if there is one.
func (s *nearSide) close() {
	if s != nil {
		s.conn.Close()
	}
}
