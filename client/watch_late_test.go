package client_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// lateNet is a host whose connections are refused until a time, and on which every answer takes a while.
type lateNet struct {
	*emulator.Host
	answer time.Duration

	mu      sync.Mutex
	until   time.Time
	refused int
	dialled int // connections that were made
}

func (n *lateNet) refuse(until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.until, n.dialled = until, 0
}

func (n *lateNet) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	n.mu.Lock()
	refuses := time.Now().Before(n.until)
	if refuses {
		n.refused++
	} else {
		n.dialled++
	}
	n.mu.Unlock()
	if refuses {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	c, err := n.Host.Dial(ctx, network, local, address)
	if err != nil {
		return nil, err
	}
	return &lateConn{Conn: c, after: n.answer}, nil
}

type lateConn struct {
	net.Conn
	after time.Duration
}

func (c *lateConn) Read(b []byte) (int, error) {
	time.Sleep(c.after)
	c.after = 0
	return c.Conn.Read(b)
}

// A gateway may announce itself before it serves its description, and a busy one answers late: the mapping is back within a second of the first
// announcement all the same.
func TestLateGatewayIsRepaired(t *testing.T) {
	for name, tt := range map[string]struct {
		answer  time.Duration
		refuses time.Duration // after the announcement
		reboot  emulator.Reboot
	}{
		"answers after 150 ms":        {answer: 150 * time.Millisecond},
		"answers after 150 ms, moved": {answer: 150 * time.Millisecond, reboot: emulator.Reboot{NewPorts: true}},
		"refuses for 300 ms":          {refuses: 300 * time.Millisecond},
		"refuses for 300 ms, moved":   {refuses: 300 * time.Millisecond, reboot: emulator.Reboot{NewPorts: true}},
		"refuses for 700 ms":          {refuses: 700 * time.Millisecond},
		"refuses for 300 ms, is slow": {answer: 50 * time.Millisecond, refuses: 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				late := &lateNet{Host: h.pc, answer: tt.answer}
				m := client.Keep(t.Context(), client.Request{InternalPort: 8000}, client.Options{Net: late, Listen: true})
				defer m.Close(t.Context())
				if err := m.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				tt.reboot.Downtime = emulator.Duration(3 * time.Second)
				late.refuse(time.Now().Add(3*time.Second + tt.refuses))
				if err := h.Reboot(tt.reboot); err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * time.Second)
				alive := time.Now()
				for len(h.table()) == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				took := time.Since(alive)
				late.mu.Lock()
				t.Logf("back after %v, by %d connections, %d refused", took, late.dialled, late.refused)
				late.mu.Unlock()
				if took > time.Second {
					t.Errorf("back %v after the first announcement", took)
				}
			})
		})
	}
}
