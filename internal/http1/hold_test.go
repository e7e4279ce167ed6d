package http1

import (
	"context"
	"net"
	"testing"
	"time"
)

// A peer that ends its own half still waits; one that resets has gone, and so has a context that ends.
func TestHold(t *testing.T) {
	for name, end := range map[string]func(*net.TCPConn, context.CancelFunc){
		"reset":   func(c *net.TCPConn, _ context.CancelFunc) { c.SetLinger(0); c.Close() },
		"context": func(_ *net.TCPConn, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			dialled, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer dialled.Close()
			accepted, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer accepted.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			silent, over := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(over)
				hold(ctx, accepted, func() { close(silent) })
			}()
			peer := dialled.(*net.TCPConn)
			peer.Write([]byte("hello"))
			peer.CloseWrite()
			<-silent
			select {
			case <-over:
				t.Fatal("a half-closed connection is over")
			case <-time.After(2 * probeEvery):
			}
			end(peer, cancel)
			select {
			case <-over:
			case <-time.After(10 * time.Second):
				t.Error("it is still held")
			}
		})
	}
}
