package client

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// announcement is a NOTIFY that was heard.
type announcement struct {
	alive            bool // or byebye
	nt, usn          string
	location, server string
	boot             *uint32
	from             netip.AddrPort
}

// udn is the device's name, the first part of USN.
func (a announcement) udn() string {
	udn, _, _ := strings.Cut(a.usn, "::")
	return udn
}

// ear hears announcements until it is closed. The zero value hears nothing.
type ear struct {
	heard chan announcement
	end   func()
}

func (e *ear) close() {
	if e.end != nil {
		e.end()
	}
}

// group is a Net that can join a multicast group by itself. The one of this machine leaves that to go-ssdp.
type group interface {
	ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error)
}

// listen makes an ear, when Options.Listen asks for it. What cannot be listened on is told and left: searches still work.
func (w *watch) listen(ctx context.Context) *ear {
	if !w.o.Listen {
		return new(ear)
	}
	all, _ := links(w.o)
	all = slices.DeleteFunc(all, func(l link) bool { return l.ifi.Flags&net.FlagLoopback != 0 && w.o.Interface == "" })
	if len(all) == 0 {
		return new(ear) // there is no network now
	}
	var e *ear
	var err error
	if n, ok := w.o.Net.(group); ok {
		e, err = listenGroup(ctx, all, n)
	} else {
		e, err = monitor(all)
	}
	if err != nil {
		w.o.warn("announcements are not heard, and a restart of the gateway is noticed later", err)
		return new(ear)
	}
	return e
}

// pending is how many announcements wait to be judged. More are dropped: gateways repeat what they say.
const pending = 64

func (e *ear) deliver(a announcement) {
	select {
	case e.heard <- a:
	default:
	}
}

// listenGroup hears with sockets of n, one for each address. The error is that of the last one, when there is no other.
func listenGroup(ctx context.Context, all []link, n group) (*ear, error) {
	e := &ear{heard: make(chan announcement, pending)}
	var wg sync.WaitGroup
	var sockets []net.PacketConn
	var failed error
	for _, l := range all {
		c, err := n.ListenGroup(ctx, l.addr(), netip.MustParseAddrPort(ssdp.GroupV4))
		if err != nil {
			failed = err
			continue
		}
		sockets = append(sockets, c)
		wg.Go(func() { e.read(ctx, c, all) })
	}
	e.end = func() {
		for _, c := range sockets {
			c.Close()
		}
		wg.Wait()
	}
	if len(sockets) > 0 {
		failed = nil
	}
	return e, failed
}

// read takes announcements of neighbours in until c is closed.
func (e *ear) read(ctx context.Context, c net.PacketConn, all []link) {
	receive(ctx, c, nil, func(from netip.AddrPort, m *ssdp.Message) bool {
		if m != nil && (m.Kind == ssdp.Alive || m.Kind == ssdp.ByeBye) && near(all, from.Addr()) {
			e.deliver(announcement{alive: m.Kind == ssdp.Alive, nt: m.ST, usn: m.USN, location: m.Location, server: m.Server, boot: m.BootID, from: from})
		}
		return true
	})
}
