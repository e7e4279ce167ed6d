package client

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// When ctx ends nothing is renewed any more, and Close still deletes.
func TestKeepContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		ctx, cancel := context.WithCancel(t.Context())
		m := gw.mapping(Request{InternalPort: 8080})
		if err := m.openOnce(ctx); err != nil {
			t.Fatal(err)
		}
		m.Keep(ctx)
		m.Keep(ctx) // a second keeper would be one too many
		time.Sleep(time.Minute)
		cancel()
		wantKinds(t, m, "mapped", "closed")
		time.Sleep(12 * time.Hour)
		if n := gw.count("AddPortMapping"); n != 1 {
			t.Errorf("%d adds", n)
		}
		if err := m.Close(t.Context()); err != nil || len(gw.table()) != 0 {
			t.Errorf("close gave %v and left %v", err, gw.table())
		}
	})
}

// Close may be called by several, at any time and again; then there is nothing to keep or wait for.
func TestCloseTogether(t *testing.T) {
	for _, found := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			gw := &fakeGateway{address: "203.0.113.7"}
			m := newMapping(Request{Protocol: "both", InternalPort: 8080}.defaults(keepLease), Options{}, func(ctx context.Context, _ *peer) (*peer, error) {
				if !found {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return gw.peer(), nil
			})
			m.Keep(t.Context())
			synctest.Wait()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			m.Keep(t.Context())
			if err := m.Wait(t.Context()); (err == nil) != found {
				t.Errorf("wait: %v", err)
			}
			for e := range m.Events() {
				if e.Kind != Mapped || !found {
					t.Errorf("event %v", e)
				}
			}
			if len(gw.table()) != 0 || len(m.Entries()) != 0 || m.Err() != nil {
				t.Errorf("left %v, %v, %v", gw.table(), m.Entries(), m.Err())
			}
		})
	}
}

// Close is bounded even when the gateway hangs, and can be tried again.
func TestCloseBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := gw.mapping(Request{InternalPort: 8080})
		if err := m.openOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		gw.plans.lock(t.Context()) // another plan hangs
		began := time.Now()
		if err := m.Close(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != closeTimeout {
			t.Errorf("took %s", d)
		}
		gw.plans.unlock()
		if err := m.Close(t.Context()); err != nil || len(gw.table()) != 0 {
			t.Errorf("the second close gave %v and left %v", err, gw.table())
		}
	})
}
