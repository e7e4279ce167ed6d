package client_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"

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
