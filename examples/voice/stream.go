package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// tooQuiet is how long nothing comes until a side takes the other for gone.
const tooQuiet = 2 * time.Second

// goodbyes are sent so often, because each may be lost.
const goodbyes = 3

// talk sends a stream of that length to the other end of path and hears what comes from there, until both sides have said goodbye.
func talk(ctx context.Context, path net.Conn, length time.Duration) (sent uint32, heard *reception, err error) {
	heard = new(reception)
	listened := make(chan error, 1)
	go func() { listened <- listen(ctx, path, heard) }()
	sent, err = speak(ctx, path, length)
	return sent, heard, errors.Join(err, <-listened)
}

// speak sends a packet every 20 ms. One that is late does not make the others late.
func speak(ctx context.Context, path net.Conn, length time.Duration) (sent uint32, err error) {
	s := newSource()
	begin := time.Now()
	packets := int(length / interval)
	due := time.NewTimer(0)
	defer due.Stop()
	for i := range packets + goodbyes {
		due.Reset(time.Until(begin.Add(time.Duration(i) * interval)))
		select {
		case <-due.C:
		case <-ctx.Done():
			return s.sent, context.Cause(ctx)
		}
		b := []byte(nil)
		if i < packets {
			b = s.next()
		} else {
			b = s.goodbye(time.Now())
		}
		if _, err := path.Write(b); errors.Is(err, net.ErrClosed) {
			return s.sent, err // anything else may pass, and is a loss until then
		}
	}
	return s.sent, nil
}

// listen counts what comes, until the other side says goodbye or is quiet for too long. Its error is that of the path, or ctx's.
func listen(ctx context.Context, path net.Conn, r *reception) error {
	defer context.AfterFunc(ctx, func() { path.SetReadDeadline(time.Unix(1, 0)) })()
	begin := time.Now()
	b := make([]byte, 1500)
	for {
		path.SetReadDeadline(time.Now().Add(tooQuiet))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := path.Read(b)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return context.Cause(ctx) // nil when it is the silence
		case err != nil:
			return err
		}
		if p, ok := parseRTP(b[:n]); ok {
			r.add(p, time.Since(begin))
		} else if ssrc, told, ok := parseGoodbye(b[:n]); ok && r.ended(ssrc, told) {
			return nil
		}
	}
}
