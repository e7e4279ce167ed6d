package udpserve

import (
	"errors"
	"net"
	"strings"
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
func TestServePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &brokenConn{until: time.Now().Add(time.Second)}
		Serve(c, 100, func([]byte, net.Addr) { t.Error("something was read") })
		if c.reads > 2000 {
			t.Errorf("%d reads in a second", c.reads)
		}
	})
}

// scriptConn reads what it is told to, and has been closed then.
type scriptConn struct {
	net.PacketConn
	datagrams []string
}

func (c *scriptConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if len(c.datagrams) == 0 {
		return 0, nil, net.ErrClosed
	}
	n := copy(b, c.datagrams[0])
	c.datagrams = c.datagrams[1:]
	return n, nil, nil
}

// What is longer than it may be is dropped, and not cut.
func TestServeDropsTheLong(t *testing.T) {
	var got []string
	Serve(&scriptConn{datagrams: []string{"", "four", "fives", "sixsix", "last"}}, 4, func(b []byte, _ net.Addr) { got = append(got, string(b)) })
	if all := strings.Join(got, ","); all != ",four,last" {
		t.Errorf("got %q", all)
	}
}
