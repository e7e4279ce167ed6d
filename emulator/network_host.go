package emulator

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// Host is one machine in a Network. It is a Net to stand a gateway in, and lists its interfaces, addresses and default
// gateways for a client. Connections and sockets have the semantics of Linux where systems differ.
type Host struct {
	network *Network
	name    string
	serial  int

	// Guarded by network.mu.
	ifaces   []*iface      // lo first; index i has net.Interface.Index i+1
	gateways [2]netip.Addr // of IPv4 and IPv6
	down     bool
	dead     bool // blackholed
	closed   bool
	ports    portTable

	forwarders []forwarder // never changed in place
	crossing   []*tcpConn  // the dialled end of each connection that goes through them
}

var _ Net = (*Host)(nil)

// iface is one interface of a host. An address appears on its wire's owner table too.
type iface struct {
	host    *Host
	wire    string // name of its segment; "" is found by prefix
	segment *segment
	addrs   []netip.Prefix
	link    net.Interface
	groups  map[netip.AddrPort][]*packetConn // members, in the order of joining
}

func newLoopback(h *Host) *iface {
	f := &iface{host: h, link: net.Interface{Index: 1, MTU: 65536, Name: "lo", Flags: net.FlagUp | net.FlagLoopback | net.FlagRunning}}
	f.addrs = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 8), netip.PrefixFrom(netip.IPv6Loopback(), 128)}
	f.segment = &segment{ifaces: []*iface{f}}
	return f
}

// Name is the name that the host was added with.
func (h *Host) Name() string { return h.name }

// AddInterface adds an interface with several addresses, say one IPv4 and two IPv6. A segment name puts it on the wire
// of that name, whatever the addresses: so two homes can both be 192.168.1.0/24. An empty name finds the wire by prefix.
// It panics as Network.Host does.
func (h *Host) AddInterface(segment string, addrs ...netip.Prefix) net.Interface {
	addrs = checkAddrs(h.name, addrs)
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	return h.addInterface(segment, addrs)
}

func (h *Host) addInterface(segment string, addrs []netip.Prefix) net.Interface {
	i := len(h.ifaces)
	f := &iface{host: h, wire: segment, link: net.Interface{
		Index:        i + 1,
		MTU:          1500,
		Name:         fmt.Sprintf("eth%d", i-1),
		HardwareAddr: net.HardwareAddr{2, 0, byte(h.serial >> 16), byte(h.serial >> 8), byte(h.serial), byte(i)},
		Flags:        net.FlagUp | net.FlagBroadcast | net.FlagMulticast | net.FlagRunning,
	}}
	h.network.attach(f, addrs)
	h.ifaces = append(h.ifaces, f)
	return f.link
}

// SetAddrs replaces the addresses of an interface, as a new lease from DHCP does. Connections of an address that is
// gone hang. It panics when the host has no interface of that name, and as Network.Host does.
func (h *Host) SetAddrs(ifname string, addrs ...netip.Prefix) {
	addrs = checkAddrs(h.name, addrs)
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	i := slices.IndexFunc(h.ifaces, func(f *iface) bool { return f.link.Name == ifname })
	if i < 1 {
		panic(fmt.Sprintf("emulator: host %s has no interface %s whose addresses can be set", h.name, ifname))
	}
	h.ifaces[i].setAddrs(addrs)
}

func (f *iface) setAddrs(addrs []netip.Prefix) {
	f.segment.remove(f)
	f.host.network.attach(f, addrs)
	f.host.recheck()
}

func checkAddrs(host string, addrs []netip.Prefix) []netip.Prefix {
	addrs = slices.Clone(addrs)
	for i, p := range addrs {
		a := p.Addr()
		if !p.IsValid() || a.Is4In6() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			panic(fmt.Sprintf("emulator: %v is no address for an interface of host %s", p, host))
		}
		if slices.ContainsFunc(addrs[:i], func(q netip.Prefix) bool { return q.Addr() == a }) {
			panic(fmt.Sprintf("emulator: %v is twice on one interface of host %s", a, host))
		}
	}
	return addrs
}

// holder is a Net that can take an address beside one that it has.
type holder interface {
	hold(beside, addr netip.Addr) error
}

// hold adds addr to the interface that has beside, unless it is there already.
func (h *Host) hold(beside, addr netip.Addr) error {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	f := h.owner(beside)
	switch {
	case f == nil:
		return opError("listen", "bind", "ip", nil, &net.IPAddr{IP: beside.AsSlice()}, syscall.EADDRNOTAVAIL)
	case f.holds(addr):
		return nil
	case f.segment.owners[addr] != nil:
		return opError("listen", "bind", "ip", nil, &net.IPAddr{IP: addr.AsSlice()}, syscall.EADDRINUSE)
	}
	f.take(netip.PrefixFrom(addr, f.bits(addr)))
	return nil
}

// take adds an address that nobody on the wire has. network.mu is held.
func (f *iface) take(p netip.Prefix) {
	f.addrs = append(slices.Clip(f.addrs), p)
	f.segment.owners[p.Addr()] = f
}

// SetDefaultGateway sets the next hop for what no prefix covers, one for each family. The zero Addr removes both.
func (h *Host) SetDefaultGateway(addr netip.Addr) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	switch {
	case !addr.IsValid():
		h.gateways = [2]netip.Addr{}
	case addr.Unmap().Is4():
		h.gateways[0] = addr.Unmap()
	default:
		h.gateways[1] = addr
	}
}

// SetDown pulls the host's cables, or plugs them in again. Its interfaces are no longer listed, it cannot send, others
// find nobody at its addresses; connections hang, and go on when the host is up again.
func (h *Host) SetDown(down bool) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	h.down = down
	h.recheck()
}

// Blackhole makes everything that the host sends and should receive vanish, or ends that. Nobody is told: dialling
// hangs, datagrams are lost, what is written to connections arrives when it ends. The host's own loopback goes on.
func (h *Host) Blackhole(on bool) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	h.dead = on
	h.recheck()
}

// Close takes the host off the network: its addresses are free, its sockets closed, and its peers are not told.
func (h *Host) Close() error {
	n := h.network
	n.mu.Lock()
	if h.closed {
		n.mu.Unlock()
		return nil
	}
	h.closed, h.down = true, true
	h.recheck()
	for _, f := range h.ifaces[1:] {
		f.segment.remove(f)
	}
	if i := slices.Index(n.hosts, h); i >= 0 {
		n.hosts = slices.Delete(n.hosts, i, i+1)
	}
	n.mu.Unlock()
	h.closeSockets()
	return nil
}

// Interfaces lists the interfaces that are up, lo first.
func (h *Host) Interfaces() ([]net.Interface, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	var up []net.Interface
	for _, f := range h.ifaces {
		if f.up() {
			up = append(up, f.link)
		}
	}
	return up, nil
}

// Addrs lists the addresses of ifi with their prefix lengths.
func (h *Host) Addrs(ifi net.Interface) ([]netip.Prefix, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	f, err := h.iface(ifi)
	if err != nil {
		return nil, err
	}
	return slices.Clone(f.addrs), nil
}

// DefaultGateways lists the default gateways that are reached by ifi, IPv4 first.
func (h *Host) DefaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	f, err := h.iface(ifi)
	if err != nil {
		return nil, err
	}
	var gateways []netip.Addr
	for _, g := range h.gateways {
		if g.IsValid() && f.up() && f.bits(g) >= 0 {
			gateways = append(gateways, g)
		}
	}
	return gateways, nil
}

func (h *Host) iface(ifi net.Interface) (*iface, error) {
	if ifi.Index < 1 || ifi.Index > len(h.ifaces) {
		return nil, &net.OpError{Op: "route", Net: "ip+net", Err: errors.New("no such network interface")}
	}
	return h.ifaces[ifi.Index-1], nil
}

func (f *iface) loopback() bool { return f.link.Index == 1 }

func (f *iface) up() bool { return f.loopback() || !f.host.down }

// bits is the length of the longest prefix of f that covers addr, or -1.
func (f *iface) bits(addr netip.Addr) int {
	bits := -1
	for _, p := range f.addrs {
		if p.Bits() > bits && p.Contains(addr.WithZone("")) {
			bits = p.Bits()
		}
	}
	return bits
}

// holds tells whether addr is one of f's own. All of 127/8 is lo's.
func (f *iface) holds(addr netip.Addr) bool {
	if f.loopback() {
		return addr.IsLoopback()
	}
	return slices.ContainsFunc(f.addrs, func(p netip.Prefix) bool { return p.Addr() == addr.WithZone("") })
}
