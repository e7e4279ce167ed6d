package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// socket searches from one address. Its port is ephemeral: port 1900 belongs to others, and makes host firewalls ask.
type socket struct {
	conn  net.PacketConn // nil until a search goes out
	link  *link          // nil: a unicast search by the routes
	local netip.Addr     // zero when link is nil
}

// reply is one answer to a search.
type reply struct {
	socket  *socket
	from    netip.AddrPort // any port: many routers answer from another than 1900
	message *ssdp.Message
}

// searchTargets are what is searched for, most telling first. Routers that answer ssdp:all with their first device only,
// with rootdevice only, or with a service only all exist.
func searchTargets() []string {
	return []string{
		"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:service:WANIPConnection:1",
		"urn:schemas-upnp-org:service:WANIPConnection:2",
		"urn:schemas-upnp-org:service:WANPPPConnection:1",
		ssdp.RootDevice,
		ssdp.All,
	}
}

// firstTargets are what a default gateway is searched for by itself at first: nearly every one answers one of them. To the group all targets go at once:
// answers to those are spread over MX, and the first of seven comes sooner than that of three.
func firstTargets() []string { return append(searchTargets()[:2:2], ssdp.RootDevice) }

// claimsGateway tells whether an ST is that of a gateway or of one of its parts.
func claimsGateway(st string) bool {
	st = strings.ToLower(st)
	return slices.ContainsFunc([]string{":internetgatewaydevice:", ":wandevice:", ":wanconnectiondevice:", ":wanipconnection:", ":wanpppconnection:"},
		func(part string) bool { return strings.Contains(st, part) })
}

func isRoot(st string) bool { return strings.EqualFold(st, ssdp.RootDevice) }

// prepare finds out where the search may leave. What cannot be read is told and costs the rest nothing.
func (s *search) prepare() {
	all, broken := links(s.o)
	s.links = all
	for _, e := range broken {
		s.fail(e)
	}
	for i := range all {
		l := &all[i]
		for _, g := range l.gateways {
			if !slices.Contains(s.gateways, g) {
				s.gateways = append(s.gateways, g)
			}
		}
		if s.serves(l) {
			s.sockets = append(s.sockets, &socket{link: l, local: l.addr()})
		}
	}
	switch {
	case len(s.sockets) > 0 || len(s.failed) > 0:
	case s.target.group:
		s.fail(&InterfaceError{Interface: s.o.Interface, Err: ErrNoNetwork})
	default:
		s.sockets = []*socket{{}}
	}
}

// open opens the sockets. What cannot be opened is told and costs the others nothing.
func (s *search) open(ctx context.Context) {
	s.sockets = slices.DeleteFunc(s.sockets, func(k *socket) bool {
		err := s.bind(ctx, k)
		if err != nil {
			s.fail(k.failure(err))
		}
		return err != nil
	})
}

// serves tells whether the search may leave by l.
func (s *search) serves(l *link) bool {
	if !s.target.group {
		return l.prefix.Contains(s.target.addr.Addr()) || slices.Contains(l.gateways, s.target.addr.Addr())
	}
	if l.ifi.Flags&net.FlagLoopback != 0 && s.o.Interface == "" {
		return false
	}
	return l.ifi.Flags&net.FlagMulticast != 0 || len(l.gateways) > 0
}

// bind opens one socket and listens to it.
func (s *search) bind(ctx context.Context, k *socket) (err error) {
	bind := k.local
	switch {
	case bind.IsValid():
	case s.target.addr.Addr().Is6():
		bind = netip.IPv6Unspecified()
	default:
		bind = netip.IPv4Unspecified()
	}
	if k.conn, err = s.o.Net.ListenPacket(ctx, netip.AddrPortFrom(bind, 0)); err != nil {
		return err
	}
	if k.link != nil && !slices.Contains(s.searched, k.link.ifi.Name) {
		s.searched = append(s.searched, k.link.ifi.Name)
	}
	s.wg.Go(func() { s.listen(ctx, k) })
	return nil
}

// onlyVPN tells whether every interface that was searched leads into a VPN.
func (s *search) onlyVPN() bool {
	other := func(k *socket) bool { return k.link == nil || kindOf(k.link.ifi) != VPNInterface }
	return len(s.sockets) > 0 && !slices.ContainsFunc(s.sockets, other)
}

func (s *search) close() {
	for _, k := range s.sockets {
		if k.conn != nil {
			k.conn.Close()
		}
	}
}

// send sends one burst. Unicast goes first: a stateful firewall on this machine then lets the gateway's answers in.
func (s *search) send(b burst) {
	var failures []*InterfaceError
	for _, k := range s.sockets {
		if !s.target.group {
			if err := s.ask(k, s.target.addr, burst{bare: b.bare, few: b.few}); err != nil {
				failures = append(failures, k.failure(err))
			}
			continue
		}
		if s.o.SSDP == "" {
			for _, g := range k.link.gateways {
				if g.Is4() && !s.known.answers(g) {
					// A gateway without a unicast ear is asked by multicast too. What this machine keeps in is another matter: multicast may be all that goes out.
					if err, kept := errors.AsType[*OutboundError](s.ask(k, netip.AddrPortFrom(g, ssdp.Port), burst{bare: b.bare, few: b.few})); kept {
						s.fail(k.failure(err))
					}
				}
			}
		}
		if k.link.ifi.Flags&net.FlagMulticast != 0 {
			if err := s.ask(k, s.target.addr, b); err != nil {
				s.fail(k.failure(err))
			}
		}
	}
	if len(failures) == len(s.sockets) {
		s.unsent = failures[0] // to the one host that is searched there is no way: nobody will answer
		return
	}
	for _, e := range failures {
		s.fail(e)
	}
}

// ask sends one M-SEARCH for each search target.
func (s *search) ask(k *socket, to netip.AddrPort, b burst) error {
	targets := searchTargets()
	if b.few && !to.Addr().IsMulticast() {
		targets = firstTargets()
	}
	return k.ask(s.o.Trace, to, targets, b)
}

func (k *socket) ask(trace io.Writer, to netip.AddrPort, targets []string, b burst) error {
	mans := []string{ssdp.Discover}
	if b.bare {
		mans = append(mans, strings.Trim(ssdp.Discover, `"`))
	}
	addr := net.UDPAddrFromAddrPort(to)
	host := netip.AddrPortFrom(to.Addr().WithZone(""), to.Port()).String() // a zone means nothing to others (RFC 4007 §11.2)
	for _, st := range targets {
		for _, man := range mans {
			b := ssdp.Search{Host: host, ST: st, MX: b.mx, MAN: man}.Append(nil)
			traceDatagram(trace, '>', to, b)
			if _, err := k.conn.WriteTo(b, addr); err != nil {
				return outbound(addr.String(), err)
			}
		}
	}
	return nil
}

// failure is an error of this socket.
func (k *socket) failure(err error) *InterfaceError {
	e := &InterfaceError{Local: k.local, Err: err}
	if k.link != nil {
		e.Interface = k.link.ifi.Name
	}
	return e
}

// listen reads answers until the socket is closed.
func (s *search) listen(ctx context.Context, k *socket) {
	err := receive(ctx, k.conn, s.o.Trace, func(from netip.AddrPort, m *ssdp.Message) bool {
		if m == nil || m.Kind != ssdp.SearchReply {
			return true
		}
		select {
		case s.replies <- reply{k, from, m}:
			return true
		case <-ctx.Done():
			return false
		}
	})
	if err == nil {
		return
	}
	select {
	case s.broken <- k.failure(err):
	case <-ctx.Done():
	}
}

// traceDatagram dumps one datagram, in the form of http1.Transport's trace.
func traceDatagram(w io.Writer, direction byte, peer netip.AddrPort, datagram []byte) {
	if w == nil {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%c %v udp, %d bytes\n", direction, peer, len(datagram))
	for line := range bytes.Lines(datagram) {
		b.WriteByte(direction)
		b.WriteByte(' ')
		b.Write(bytes.TrimRight(line, "\r\n"))
		b.WriteByte('\n')
	}
	w.Write(b.Bytes())
}
