package emulator

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// voice is a gateway at its IPv6 address: a listener for HTTP and a server of SSDP, beside those of IPv4.
type voice struct {
	listener net.Listener
	ssdp     *ssdpServer
	location string // what is said of the description there
}

// server is that of SSDP; nil when there is no voice.
func (v *voice) server() *ssdpServer {
	if v == nil {
		return nil
	}
	return v.ssdp
}

// linkLocal is a Net that knows the link-local IPv6 address of the interface that holds another.
type linkLocal interface {
	linkLocal(beside netip.Addr) (netip.Addr, error)
}

// newSSDPSocket6 is the socket of the IPv6 address; nil when the gateway has none. One that should have one, where IPv6 is off, says
// so in the journal.
func (g *Gateway) newSSDPSocket6() *ssdpSocket {
	o := &g.options
	switch n, ok := o.Net.(linkLocal); {
	case !o.dual():
		return nil
	case o.Beside != nil && o.Beside.socket6 != nil:
		return o.Beside.socket6
	case ok:
		addr, err := n.linkLocal(o.LAN)
		if err == nil {
			return &ssdpSocket{net: o.Net, lan: addr, mode: o.SSDP}
		}
		g.note("ipv6.absent", netip.AddrPort{}, err.Error())
	}
	return nil
}

// speakIPv6 opens the IPv6 side of p, at the port of the IPv4 side if that is free.
func (g *Gateway) speakIPv6(p *presence) (*voice, error) {
	at := netip.AddrPortFrom(g.socket6.lan, p.http.Port())
	l, err := g.options.Net.Listen(g.base, at)
	if errors.Is(err, syscall.EADDRINUSE) {
		l, err = g.options.Net.Listen(g.base, netip.AddrPortFrom(at.Addr(), 0))
	}
	if err != nil {
		return nil, err
	}
	port := at.Port()
	if addr, ok := l.Addr().(*net.TCPAddr); ok {
		port = uint16(addr.Port)
	}
	v := &voice{listener: l}
	d := g.options.Dialect.SSDP
	d.Location = defaultTo(d.Location6, d.Location)
	host := net.JoinHostPort(at.Addr().WithZone("").String(), strconv.Itoa(int(port)))
	_, v.location = newSite(&g.options, host, p.ports, p.generation).announced(&d)
	if v.ssdp, err = g.socket6.join(g.base, p, false); err != nil {
		l.Close()
		return nil, err
	}
	v.ssdp.advertisement = func() advertisement {
		ad := p.advertisement()
		ad.location = v.location
		return ad
	}
	v.ssdp.source = netip.Addr{} // a neighbour is one by IPv4
	return v, nil
}

// alive and byebye tell all groups that the gateway is in.
func (p *presence) alive() {
	p.ssdp.alive()
	p.six.server().alive()
}

func (p *presence) byebye() {
	p.ssdp.byebye()
	p.six.server().byebye()
}

// linkLocal gives the interface one if it has none, made of the number of the host.
func (h *Host) linkLocal(beside netip.Addr) (netip.Addr, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	f := h.owner(beside)
	if f == nil {
		return netip.Addr{}, opError("listen", "bind", "ip", nil, &net.IPAddr{IP: beside.AsSlice()}, syscall.EADDRNOTAVAIL)
	}
	for _, p := range f.addrs {
		if p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
			return f.zoned(p.Addr()), nil
		}
	}
	addr := netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 13: byte(h.serial >> 16), 14: byte(h.serial >> 8), 15: byte(h.serial)})
	if f.segment.owners[addr] != nil {
		return netip.Addr{}, opError("listen", "bind", "ip", nil, &net.IPAddr{IP: addr.AsSlice()}, syscall.EADDRINUSE)
	}
	f.take(netip.PrefixFrom(addr, 64))
	return f.zoned(addr), nil
}

func (systemNet) linkLocal(beside netip.Addr) (netip.Addr, error) {
	ifi, err := interfaceOf(beside)
	if err != nil {
		return netip.Addr{}, err
	}
	addrs, err := ifi.Addrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
			return p.Addr().WithZone(ifi.Name), nil
		}
	}
	return netip.Addr{}, &net.AddrError{Err: "no link-local IPv6 address on this interface", Addr: ifi.Name}
}
