package client

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	gossdp "github.com/koron/go-ssdp"
	"golang.org/x/net/ipv4"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// readyTarget is what the monitor is searched for, by itself.
const readyTarget = "urn:igdkit:ready"

// deaf is how long an ear that is to be closed waits for the first datagram: where a firewall swallows what this machine sends to itself, none may come.
const deaf = 2 * time.Second

// monitor hears with go-ssdp on every interface of this machine. What it drops, such as announcements that strict HTTP refuses, is missed: an
// announcement is only a hint. The error says that another program has the port for itself.
//
// In go-ssdp 0.9.2 a Close that comes before the goroutine of Start is in its loop is a race and a crash, and handlers run on after
// Close. So the monitor is closed only after it has heard something, which a search of our own makes sure of, and what comes late is dropped.
func monitor(all []link) (*ear, error) {
	e := &ear{heard: make(chan announcement, pending)}
	var closed atomic.Bool
	var once sync.Once
	ready := make(chan struct{})
	runs := func() { once.Do(func() { close(ready) }) }
	deliver := func(alive bool, nt, usn, location, server string, h http.Header, addr net.Addr) {
		runs()
		from, ok := addrPortOf(addr)
		if ok && !closed.Load() && near(all, from.Addr()) {
			e.deliver(announcement{alive: alive, nt: nt, usn: usn, location: location, server: server, boot: bootOf(h), from: from})
		}
	}
	m := &gossdp.Monitor{
		Alive:  func(a *gossdp.AliveMessage) { deliver(true, a.Type, a.USN, a.Location, a.Server, a.Header(), a.From) },
		Bye:    func(b *gossdp.ByeMessage) { deliver(false, b.Type, b.USN, "", "", b.Header(), b.From) },
		Search: func(*gossdp.SearchMessage) { runs() },
	}
	if err := m.Start(); err != nil {
		return nil, err
	}
	searchMonitor(all)
	e.end = func() {
		closed.Store(true)
		limit := time.NewTimer(deaf)
		defer limit.Stop()
		select {
		case <-ready:
		case <-limit.C:
		}
		m.Close()
	}
	return e, nil
}

// searchMonitor sends the monitor something to hear: to the group on every link, with a TTL that ends in this machine, because the port may be shared
// and then what goes to one address comes to one of those who share it; and to loopback, in case no link carries multicast. The socket is
// there already and keeps what comes, so once is enough.
func searchMonitor(all []link) {
	search := ssdp.Search{Host: ssdp.GroupV4, ST: readyTarget, MX: 1}.Append(nil)
	send := func(from, to netip.AddrPort, ifi *net.Interface) {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(from))
		if err != nil {
			return
		}
		defer c.Close()
		if ifi != nil {
			p := ipv4.NewPacketConn(c)
			if p.SetMulticastInterface(ifi) != nil || p.SetMulticastTTL(0) != nil {
				return
			}
		}
		c.WriteToUDPAddrPort(search, to) // or one of the others arrives
	}
	for _, l := range all {
		send(netip.AddrPortFrom(l.addr(), 0), netip.MustParseAddrPort(ssdp.GroupV4), &l.ifi)
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	send(netip.AddrPortFrom(loopback, 0), netip.AddrPortFrom(loopback, ssdp.Port), nil)
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
