package emulator

import (
	"net/netip"
	"slices"
	"sync"
)

// Network is a network in memory: hosts with interfaces and addresses of their own, wires between them, TCP, UDP and
// multicast. It needs no privilege and no port of this machine, and no goroutine: ten thousand idle hosts are cheap.
//
// It is made for testing/synctest: whoever waits in it is durably blocked, and deadlines are package time's. It works
// outside a bubble as well. Everything is delivered at once and in order, so what a seeded test does is repeatable;
// only a full queue loses datagrams.
//
// Hosts whose prefixes overlap share a wire. Only a Gateway that stands on a host carries something from wire to wire: see
// [Plane]. Any other destination that no prefix of a host covers is unreachable, as from behind a gateway whose uplink is down.
type Network struct {
	// mu guards the topology and the socket tables of every host. It is taken before the lock of a socket, never
	// after, and nobody waits while holding it.
	mu     sync.Mutex
	hosts  []*Host
	ranges []addressRange
	named  map[string]*segment
	serial int // of the host added last
	closed bool

	late    agenda[*delivery] // datagrams that a forwarder delays
	lateSeq uint64
}

// NewNetwork returns a network without hosts.
func NewNetwork() *Network { return &Network{} }

// Host adds a host. Each prefix, an address with the length of its network ("192.168.1.10/24"), becomes an interface
// of its own: eth0, eth1, … A host has the loopback interface lo too, which reaches nobody else.
// Host panics when an address is not usable or another host of the same wire holds it: both are mistakes in a test.
func (n *Network) Host(name string, addrs ...netip.Prefix) *Host {
	n.mu.Lock()
	n.serial++
	h := &Host{network: n, name: name, serial: n.serial}
	h.ifaces = []*iface{newLoopback(h)}
	n.hosts = append(n.hosts, h)
	n.mu.Unlock()
	for _, p := range addrs {
		h.AddInterface("", p)
	}
	return h
}

// Close closes every socket of every host. Nothing can be opened afterwards.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	hosts := slices.Clone(n.hosts)
	n.mu.Unlock()
	// The wires go first: nobody hears how others end, so that everybody ends in the same way.
	for _, h := range hosts {
		h.cutWires()
	}
	for _, h := range hosts {
		h.closeSockets()
	}
	return nil
}
