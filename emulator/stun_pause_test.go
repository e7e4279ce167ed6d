package emulator

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// brokenConn fails to read for a second, and has been closed then.
type brokenConn struct {
	net.PacketConn
	until time.Time
	reads int
}

func (c *brokenConn) ReadFrom([]byte) (int, net.Addr, error) {
	if c.reads++; c.reads > 100_000 || time.Now().After(c.until) {
		return 0, nil, net.ErrClosed
	}
	return 0, nil, errors.New("broken")
}

// A socket that fails again and again does not keep a processor busy.
func TestSTUNPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &brokenConn{until: time.Now().Add(time.Second)}
		(&STUNServer{conns: [][]net.PacketConn{{c}}}).serve(0, 0)
		if c.reads > 2000 {
			t.Errorf("%d reads in a second", c.reads)
		}
	})
}
