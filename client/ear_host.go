package client

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	gossdp "github.com/koron/go-ssdp"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// readyTarget is what the monitor searches for in itself.
const readyTarget = "urn:igdkit:ready"

// readyTimeout is how long the monitor has to hear itself.
const readyTimeout = 2 * time.Second

// monitor hears with go-ssdp on every interface of this machine. What it drops, such as announcements that strict HTTP refuses, is missed: an
// announcement is only a hint.
//
// In go-ssdp 0.9.2 a Close that comes before the goroutine of Start is in its loop is a race and a crash, and handlers run on after
// Close. So the monitor is closed only after it has heard a search of our own, and what comes late is dropped.
func monitor(o Options) *ear {
	e := &ear{heard: make(chan announcement, pending)}
	all, _ := links(o)
	var closed atomic.Bool
	ready := make(chan struct{}, 1)
	deliver := func(alive bool, nt, usn, location, server string, h http.Header, addr net.Addr) {
		from, ok := addr.(interface{ AddrPort() netip.AddrPort })
		if !ok || closed.Load() {
			return
		}
		source := netip.AddrPortFrom(from.AddrPort().Addr().Unmap(), from.AddrPort().Port())
		if near(all, source.Addr()) {
			e.deliver(announcement{alive: alive, nt: nt, usn: usn, location: location, server: server, boot: bootOf(h), from: source})
		}
	}
	m := &gossdp.Monitor{
		Alive: func(a *gossdp.AliveMessage) { deliver(true, a.Type, a.USN, a.Location, a.Server, a.Header(), a.From) },
		Bye:   func(b *gossdp.ByeMessage) { deliver(false, b.Type, b.USN, "", "", b.Header(), b.From) },
		Search: func(s *gossdp.SearchMessage) {
			if s.Type == readyTarget {
				select {
				case ready <- struct{}{}:
				default:
				}
			}
		},
	}
	if err := m.Start(); err != nil {
		return e // another program has the port for itself
	}
	started := make(chan struct{})
	go func() {
		defer close(started)
		awaitMonitor(ready)
	}()
	e.end = func() {
		closed.Store(true)
		<-started
		m.Close()
	}
	return e
}

// awaitMonitor searches this machine until the monitor has heard it.
func awaitMonitor(ready <-chan struct{}) {
	c, err := net.Dial("udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(ssdp.Port)))
	if err != nil {
		time.Sleep(readyTimeout)
		return
	}
	defer c.Close()
	search := ssdp.Search{Host: ssdp.GroupV4, ST: readyTarget, MX: 1}.Append(nil)
	limit := time.NewTimer(readyTimeout)
	defer limit.Stop()
	for {
		c.Write(search)
		again := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ready:
			again.Stop()
			return
		case <-limit.C:
			again.Stop()
			return
		case <-again.C:
		}
	}
}

// bootOf reads BOOTID.UPNP.ORG.
func bootOf(h http.Header) *uint32 {
	n, err := strconv.ParseUint(h.Get("BOOTID.UPNP.ORG"), 10, 32)
	if err != nil {
		return nil
	}
	boot := uint32(n)
	return &boot
}
