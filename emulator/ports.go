package emulator

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// ports are where HTTP is served beside the one port that a gateway always has, by the names that DescriptionDialect gives them.
type ports map[string]uint16

// open listens at the ports that are wanted, and notes which they are. In the first presence it is any port where one cannot be had: several
// gateways can then stand at one address, and where ports below 1024 are for privileged users only. Later, clients know the ports.
func (p *presence) open(wanted ports, listen func(context.Context, netip.AddrPort) (net.Listener, error)) error {
	p.ports = ports{}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		at := netip.AddrPortFrom(p.gateway.options.Stands(), wanted[name])
		l, err := listen(p.gateway.base, at)
		if err != nil && p.number == 0 {
			l, err = listen(p.gateway.base, netip.AddrPortFrom(at.Addr(), 0))
		}
		if err != nil {
			return fmt.Errorf("emulator: listen at port %s: %w", name, err)
		}
		p.more = append(p.more, l)
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return fmt.Errorf("emulator: %v is not a TCP address", l.Addr())
		}
		p.ports[name] = uint16(addr.Port)
	}
	return nil
}

// spot is where a request arrives. Port is 0 for that which a gateway always has.
type spot struct {
	port   uint16
	target string
}

// spot is that of a request for target at a port.
func (ps ports) spot(port uint16, target string) spot {
	for _, n := range ps {
		if n == port {
			return spot{port, target}
		}
	}
	return spot{target: target}
}

// spot is where a URL of the description leads.
func (s *site) spot(text string) spot {
	var port uint64
	if u, err := url.Parse(text); err == nil {
		port, _ = strconv.ParseUint(u.Port(), 10, 16)
	}
	return s.ports.spot(uint16(port), s.target(text))
}
