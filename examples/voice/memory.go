package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// play is a call between two homes in memory.
type play struct {
	nats   [2]nat.Behaviour
	igd    bool // the routers open ports
	length time.Duration
	say    func(who string) func(format string, args ...any)
}

// outcome is what a side has of the call.
type outcome struct {
	heard *reception
	err   error
}

// run builds the homes and an Internet with a STUN server and a rendezvous, and has the two call each other.
func (p play) run(ctx context.Context) (sides [2]outcome, err error) {
	homes := [2]string{"left", "right"}
	w := emulator.World{Internet: []emulator.WorldHost{{Name: "meet"}}}
	for i, name := range homes {
		w.Homes = append(w.Homes, emulator.Home{
			Name: name, NAT: &p.nats[i], Gateway: emulator.Options{Mute: !p.igd}, Hosts: []emulator.WorldHost{{Name: name + "-phone"}},
		})
	}
	town, err := w.Start(ctx)
	if err != nil {
		return sides, err
	}
	defer town.Close()
	addrs := emulator.STUNAddrs()
	stun, err := emulator.StartSTUN(ctx, emulator.STUNOptions{Net: town.STUN, Addrs: addrs[:], Ports: [2]uint16{3478, 3479}})
	if err != nil {
		return sides, err
	}
	defer stun.Close()
	l, err := town.Host("meet").Listen(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), rendezvousPort))
	if err != nil {
		return sides, err
	}
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	go func() { served <- serveRendezvous(ctx, l) }()
	defer func() { cancel(); err = errors.Join(err, <-served) }()

	at := netip.AddrPortFrom(town.World.Internet[0].Address, rendezvousPort)
	var calls sync.WaitGroup
	for i, name := range homes {
		phone := town.Host(name + "-phone")
		c := &caller{
			network: phone, client: client.Options{Net: phone, STUN: net.JoinHostPort(addrs[0].String(), "3478")}, noIGD: !p.igd,
			rendezvous: at.String(), room: "voice", length: p.length, say: p.say(name),
		}
		calls.Go(func() {
			s := &sides[i]
			if s.heard, s.err = c.call(ctx); s.err != nil {
				c.say("%v", s.err)
			}
		})
	}
	calls.Wait()
	return sides, nil
}
