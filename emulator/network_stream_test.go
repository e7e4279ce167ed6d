package emulator_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

type halfCloser interface{ CloseWrite() error }

// step is what one end of a connection does or sees.
type step struct {
	far  bool   // the accepting end; else the dialling one
	do   string // write, read, fin, close, reset, linger0
	data string // written, or what one read gives
	want error
}

func (s step) run(t *testing.T, c net.Conn) {
	t.Helper()
	var err error
	switch s.do {
	case "write":
		_, err = c.Write([]byte(s.data))
	case "read":
		b := make([]byte, 64)
		var n int
		if n, err = c.Read(b); string(b[:n]) != s.data {
			t.Errorf("%+v: read %q", s, b[:n])
		}
	case "fin":
		err = c.(halfCloser).CloseWrite()
	case "close":
		err = c.Close()
	case "reset":
		err = c.(interface{ Reset() error }).Reset()
	case "linger0":
		err = c.(interface{ SetLinger(int) error }).SetLinger(0)
	}
	if !errors.Is(err, s.want) {
		t.Errorf("%+v: error %v", s, err)
	}
	var op *net.OpError
	if err != nil && err != io.EOF && !errors.As(err, &op) {
		t.Errorf("%+v: error %#v is not a *net.OpError", s, err)
	}
}

// endings are the ways in which a TCP connection ends, as tcp(7) and RFC 9293 §3.6 have it.
func endings() map[string][]step {
	return map[string][]step{
		"half-close": {
			{do: "write", data: "request"}, {do: "fin"}, {do: "write", data: "more", want: syscall.EPIPE},
			{far: true, do: "read", data: "request"}, {far: true, do: "read", want: io.EOF},
			{far: true, do: "write", data: "answer"}, {far: true, do: "close"},
			{do: "read", data: "answer"}, {do: "read", want: io.EOF}, {do: "close"}, {do: "close", want: net.ErrClosed},
		},
		"segments are kept": {
			{do: "write", data: "head"}, {do: "write", data: "body"},
			{far: true, do: "read", data: "head"}, {far: true, do: "read", data: "body"},
		},
		"written, then closed": {
			{do: "write", data: "last words"}, {do: "close"},
			{far: true, do: "read", data: "last words"}, {far: true, do: "read", want: io.EOF},
			{do: "read", want: net.ErrClosed}, {do: "write", data: "x", want: net.ErrClosed},
		},
		"writing to one that is gone": {
			{far: true, do: "close"}, {do: "write", data: "taken"}, {do: "write", data: "x", want: syscall.EPIPE}, {do: "read", want: io.EOF},
		},
		"reset": {
			{far: true, do: "write", data: "before"}, {far: true, do: "reset"},
			{do: "read", data: "before"}, {do: "read", want: syscall.ECONNRESET}, {do: "write", data: "x", want: syscall.ECONNRESET},
			{do: "fin", want: syscall.ENOTCONN}, {do: "close"},
		},
		"linger 0": {
			{far: true, do: "linger0"}, {far: true, do: "close"}, {do: "read", want: syscall.ECONNRESET}, {do: "close"},
		},
		"closed with bytes unread": {
			{do: "write", data: "request body"}, {far: true, do: "write", data: "413"}, {far: true, do: "close"},
			{do: "read", data: "413"}, {do: "read", want: syscall.ECONNRESET}, {do: "write", data: "x", want: syscall.ECONNRESET},
		},
		"reset after FIN": {
			{far: true, do: "fin"}, {far: true, do: "reset"}, {do: "read", want: io.EOF}, {do: "write", data: "x", want: syscall.EPIPE},
		},
	}
}

func TestStreamEndings(t *testing.T) {
	for name, steps := range endings() {
		t.Run(name, func(t *testing.T) {
			_, gateway, host := lan(t)
			near, far := pipe(t, host, gateway, "192.168.1.1:80")
			for _, s := range steps {
				if s.far {
					s.run(t, far)
				} else {
					s.run(t, near)
				}
			}
		})
	}
}

func TestStreamBlackhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		near, far := pipe(t, host, gateway, "192.168.1.1:80")
		step{do: "write", data: "there"}.run(t, near)
		gateway.Blackhole(true)
		step{do: "write", data: "held up"}.run(t, near)
		step{do: "fin"}.run(t, near)
		step{do: "read", data: "there"}.run(t, far)
		far.SetReadDeadline(time.Now().Add(time.Hour))
		step{do: "read", want: os.ErrDeadlineExceeded}.run(t, far)
		far.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Minute, func() { gateway.Blackhole(false) })
		step{do: "read", data: "held up"}.run(t, far)
		step{do: "read", want: io.EOF}.run(t, far)
	})
}

// TestStreamPowerLoss is a gateway that loses power: its clients learn of it only when it is back and they write.
func TestStreamPowerLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		near, far := pipe(t, host, gateway, "192.168.1.1:80")
		gateway.SetDown(true)
		step{do: "reset"}.run(t, far)
		step{do: "write", data: "hello?"}.run(t, near)
		near.SetReadDeadline(time.Now().Add(time.Minute))
		step{do: "read", want: os.ErrDeadlineExceeded}.run(t, near)
		near.SetReadDeadline(time.Time{})
		gateway.SetDown(false)
		step{do: "read", want: syscall.ECONNRESET}.run(t, near)
	})
}

func TestStreamAddressGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		near, far := pipe(t, host, gateway, "192.168.1.1:80")
		host.SetAddrs("eth0", prefix("192.168.1.11/24"))
		step{far: true, do: "write", data: "to the old address"}.run(t, far)
		near.SetReadDeadline(time.Now().Add(time.Minute))
		step{do: "read", want: os.ErrDeadlineExceeded}.run(t, near)
		again, _ := pipe(t, host, gateway, "192.168.1.1:81")
		if got := again.LocalAddr().(*net.TCPAddr).IP.String(); got != "192.168.1.11" {
			t.Errorf("a new connection comes from %s", got)
		}
		host.SetAddrs("eth0", prefix("192.168.1.10/24"))
		near.SetReadDeadline(time.Time{})
		step{do: "read", data: "to the old address"}.run(t, near)
	})
}

func TestStreamWriterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		near, far := pipe(t, host, gateway, "192.168.1.1:80")
		near.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := near.Write(make([]byte, 1<<20))
		if n != 64<<10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d bytes to nobody: %v", n, err)
		}
		near.SetWriteDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { far.Close() }) // with bytes unread: a reset
		if n, err := near.Write(make([]byte, 1<<20)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("wrote %d bytes: %v", n, err)
		}
	})
}

// TestStreamBytes sends random writes against random reads, while blackholes come and go, and compares every byte.
func TestStreamBytes(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			want := make([]byte, r.IntN(1<<20))
			for i := range want {
				want[i] = byte(r.Uint32())
			}
			_, gateway, host := lan(t)
			near, far := pipe(t, host, gateway, "192.168.1.1:80")
			sizes := rand.New(rand.NewPCG(seed, 2))
			var wg sync.WaitGroup
			wg.Go(func() {
				for rest := want; len(rest) > 0; {
					n := min(1+sizes.IntN(100<<10), len(rest))
					if m, err := near.Write(rest[:n]); m != n || err != nil {
						t.Errorf("seed %d: wrote %d of %d: %v", seed, m, n, err)
						return
					}
					rest = rest[n:]
				}
				near.Close()
			})
			wg.Go(func() {
				for range 5 {
					gateway.Blackhole(true)
					time.Sleep(time.Second) // fake time: the hole must open while others wait
					gateway.Blackhole(false)
				}
			})
			var got bytes.Buffer
			b := make([]byte, 70<<10)
			for {
				n, err := far.Read(b[:1+r.IntN(len(b)-1)])
				got.Write(b[:n])
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			wg.Wait()
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("seed %d: %d bytes arrived changed, of %d", seed, got.Len(), len(want))
			}
		})
	}
}

func BenchmarkNetworkRoundTrip(b *testing.B) {
	_, gateway, host := lan(b)
	near, far := pipe(b, host, gateway, "192.168.1.1:80")
	go io.Copy(far, far)
	buf := make([]byte, 1024)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		if _, err := near.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(near, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNetworkIdleHosts makes ten thousand hosts with a listener and a member of the SSDP group each.
func BenchmarkNetworkIdleHosts(b *testing.B) {
	for b.Loop() {
		n := emulator.NewNetwork()
		idleHosts(b, n, 10_000)
		n.Close()
	}
}
