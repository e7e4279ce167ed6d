package client_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/client"
)

// lossy loses a share of what is sent.
type lossy struct {
	net.PacketConn
	share float64
	mu    sync.Mutex
	rand  *rand.Rand
}

func (l *lossy) WriteTo(b []byte, to net.Addr) (int, error) {
	l.mu.Lock()
	lost := l.rand.Float64() < l.share
	l.mu.Unlock()
	if lost {
		return len(b), nil
	}
	return l.PacketConn.WriteTo(b, to)
}

// Whatever gets lost, both sides have the path or neither has, as long as who has it reads.
func TestPunchWithLosses(t *testing.T) {
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			a := newArena(t)
			var r punched
			done, readers := make(chan struct{}), sync.WaitGroup{}
			for i := range 2 {
				go func() {
					conn := &lossy{PacketConn: a.conns[i], share: 0.4, rand: rand.New(rand.NewPCG(seed, uint64(i)))}
					r.paths[i], r.errs[i] = client.Punch(t.Context(), conn, a.node(1-i), client.PunchOptions{Net: a.victim})
					if r.errs[i] == nil {
						readers.Go(func() {
							for b := make([]byte, 100); ; {
								if _, err := r.paths[i].Read(b); err != nil {
									return
								}
							}
						})
					}
					done <- struct{}{}
				}()
			}
			<-done
			<-done
			r.close()
			readers.Wait()
			if r.errs != [2]error{} {
				t.Error(fmt.Sprint("seed ", seed, ": ", r.errs))
			}
		})
	}
}

// forgetful loses its first answer to a nomination.
type forgetful struct {
	net.PacketConn
	nominated map[[12]byte]bool
	lost      bool
}

func (f *forgetful) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := f.PacketConn.ReadFrom(b)
	m := &stun.Message{Raw: b[:n:n]}
	if err == nil && m.Decode() == nil && m.Type == stun.BindingRequest && m.Contains(stun.AttrUseCandidate) {
		f.nominated[m.TransactionID] = true
	}
	return n, from, err
}

func (f *forgetful) WriteTo(b []byte, to net.Addr) (int, error) {
	m := &stun.Message{Raw: b}
	if !f.lost && m.Decode() == nil && m.Type == stun.BindingSuccess && f.nominated[m.TransactionID] {
		f.lost = true
		return len(b), nil
	}
	return f.PacketConn.WriteTo(b, to)
}

// One lost answer does not make the two sides disagree, though nobody reads afterwards: the side that waited for long, and sends a check a second by
// now, asks again before the other one has gone. Which of the two nominates is chance, so there are many runs.
func TestPunchLateWithALoss(t *testing.T) {
	lost := 0
	for range 24 {
		synctest.Test(t, func(t *testing.T) {
			a := newArena(t)
			var r punched
			done := make(chan struct{})
			for i := range 2 {
				conn := &forgetful{PacketConn: a.conns[i], nominated: map[[12]byte]bool{}}
				go func() {
					time.Sleep(time.Duration(i) * 12 * time.Second)
					r.paths[i], r.errs[i] = client.Punch(t.Context(), conn, a.node(1-i), client.PunchOptions{Net: a.victim})
					if conn.lost {
						lost++
					}
					done <- struct{}{}
				}()
			}
			<-done
			<-done
			defer r.close()
			if r.errs != [2]error{} {
				t.Error(r.errs)
			}
		})
	}
	if lost == 0 {
		t.Error("no answer was lost")
	}
}
