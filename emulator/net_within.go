package emulator

import (
	"context"
	"net"
	"net/netip"
)

// NetWithin returns the sockets of another network of this machine: each is opened by a call of do, which calls what it is given there, as
// a Place of package lab does in the network namespace of a gateway. A dial takes do for as long as it lasts.
func NetWithin(do func(f func() error) error) Net { return netWithin{do} }

type netWithin struct{ do func(f func() error) error }

// opened is what f opens there.
func opened[T any](n netWithin, f func() (T, error)) (t T, err error) {
	err = n.do(func() error {
		var err error
		t, err = f()
		return err
	})
	return t, err
}

func (n netWithin) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	return opened(n, func() (net.Conn, error) { return systemNet{}.Dial(ctx, network, local, address) })
}

func (n netWithin) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	return opened(n, func() (net.Listener, error) { return systemNet{}.Listen(ctx, local) })
}

func (n netWithin) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	return opened(n, func() (net.PacketConn, error) { return systemNet{}.ListenPacket(ctx, local) })
}

func (n netWithin) ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error) {
	return opened(n, func() (net.PacketConn, error) { return systemNet{}.ListenGroup(ctx, local, group) })
}

func (n netWithin) listenBeside(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	return opened(n, func() (net.PacketConn, error) { return systemNet{}.listenBeside(ctx, local) })
}

func (n netWithin) linkLocal(beside netip.Addr) (netip.Addr, error) {
	return opened(n, func() (netip.Addr, error) { return systemNet{}.linkLocal(beside) })
}
