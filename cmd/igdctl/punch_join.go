package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
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

// pipe joins a path to stdin and stdout, until both sides have ended theirs, which an empty datagram tells, or ctx ends.
func (a *app) pipe(ctx context.Context, p *client.Path, in *bufio.Reader) error {
	defer outlivePipes()()
	defer context.AfterFunc(ctx, func() { p.Close() })()
	sent := make(chan error, 1) // whoever reads stdin cannot be stopped
	go func() { sent <- sendPieces(p, in) }()
	received := make(chan error, 1)
	go func() { received <- a.receivePieces(p) }()
	for range 2 {
		select {
		case <-ctx.Done():
			p.Close()
			return &saidError{ctx.Err()}
		case err := <-sent:
			if err != nil && ctx.Err() == nil {
				p.Close()
				return &localError{exit: exitLocal, err: err}
			}
		case err := <-received:
			if a.Broken() != nil {
				return a.unwritten()
			}
			if err != nil && ctx.Err() == nil {
				return &localError{exit: exitLocal, err: err}
			}
		}
	}
	if ctx.Err() != nil {
		return &saidError{ctx.Err()}
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

// receivePieces writes what comes to stdout, to the end.
func (a *app) receivePieces(p *client.Path) error {
	b := make([]byte, 64<<10)
	for {
		n, err := p.Read(b)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if _, err := a.Write(b[:n]); err != nil {
			return err
		}
	}
}

// join joins a path to a program on this computer, until ctx ends.
func (a *app) join(ctx context.Context, p *client.Path, o punchFlags) error {
	near, to, err := a.nearSide(ctx, o)
	if err != nil {
		return err
	}
	defer near.Close()
	defer context.AfterFunc(ctx, func() { near.Close(); p.Close() })()
	var mu sync.Mutex
	program := to // who gets what the peer sends: with --listen, the program that has sent last
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 64<<10)
		for {
			n, from, err := near.ReadFrom(b)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
				time.Sleep(readPause) // Windows says that a program is not there yet
				continue
			case o.listen != "":
				mu.Lock()
				program = from
				mu.Unlock()
			case from.String() != to.String():
				continue
			}
			p.Write(b[:n]) // what is lost is lost, as with any UDP
		}
	})
	b := make([]byte, 64<<10)
	for {
		n, err := p.Read(b)
		if err != nil {
			near.Close()
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
			near.WriteTo(b[:n], to) // the same
		}
	}
}

// nearSide is the socket towards the program, and where that is; nil: it is who sends.
func (a *app) nearSide(ctx context.Context, o punchFlags) (net.PacketConn, net.Addr, error) {
	var lc net.ListenConfig
	if o.listen != "" {
		conn, err := lc.ListenPacket(ctx, "udp4", net.JoinHostPort("127.0.0.1", o.listen))
		if err != nil {
			return nil, nil, &localError{exit: exitLocal, err: err}
		}
		return conn, nil, nil
	}
	to, err := net.ResolveUDPAddr("udp4", o.forward)
	if err != nil {
		return nil, nil, &localError{exit: exitLocal, err: err}
	}
	at := netip.IPv4Unspecified()
	if to.IP.IsLoopback() {
		at = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	conn, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return nil, nil, &localError{exit: exitLocal, err: err}
	}
	return conn, to, nil
}
