package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/client"
)

// network is where a side of the call stands: this machine, or a host in memory.
type network interface {
	Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error)
	ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
}

// caller is one of the two sides.
type caller struct {
	network network
	client  client.Options // with the STUN server
	noIGD   bool           // the router is not asked for a port

	rendezvous string // HOST:PORT
	room       string
	length     time.Duration        // of what it says
	say        func(string, ...any) // to the user
}

// punchTime is enough: both sides begin when they are introduced.
const punchTime = 5 * time.Second

// call talks to whoever comes to the same room.
func (c *caller) call(ctx context.Context) (*reception, error) {
	conn, err := c.network.ListenPacket(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), 0))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c.say("finding out how others get here…")
	here, err := client.Reach(ctx, conn, client.ReachOptions{Options: c.client, NoIGD: c.noIGD})
	if err != nil {
		return nil, err
	}
	defer c.leave(here)
	for _, failure := range here.Failures {
		c.say("%v", failure)
	}
	c.say("%s", planned(here))
	there, err := c.meet(ctx, here)
	if err != nil {
		return nil, fmt.Errorf("rendezvous %s: %w", c.rendezvous, err)
	}
	c.say("the other is %v", there.Peer)
	path, err := client.Punch(ctx, conn, there.Peer, client.PunchOptions{
		Self: here.Node, Key: there.Key, Timeout: punchTime, Net: c.client.Net,
		KeepAlive: -1, // the voice does it
	})
	if err != nil {
		return nil, notConnected(err, here.Node, there.Peer)
	}
	defer path.Close()
	c.say("connected to %v (%s)", path.Remote(), path.Method())
	sent, heard, err := talk(ctx, path, c.length)
	if err != nil {
		return heard, err
	}
	c.say("sent %d packets; %v", sent, heard)
	if heard.received == 0 {
		return heard, errors.New("the path is open, and nothing came by it")
	}
	return heard, nil
}

// planned is what Reach has found out, in a sentence.
func planned(r *client.Reachability) string {
	switch r.Plan {
	case client.PublicPlan:
		return fmt.Sprintf("anybody can call %v: there is no NAT", r.Address)
	case client.IGDPlan:
		return fmt.Sprintf("anybody can call %v, which the router has opened", r.Address)
	case client.MappedPlan:
		return fmt.Sprintf("anybody can call %v, as this NAT is", r.Address)
	case client.PunchPlan:
		return fmt.Sprintf("who is called from here at the same time can call %v", r.Address)
	case client.RelayPlan:
		return "nobody can call here but who can be called from here"
	}
	return "nobody could say how others get here"
}

// notConnected says what stood between the two.
func notConnected(err error, here, there client.Node) error {
	if e, ok := errors.AsType[*client.PunchError](err); !ok || e.Reason != client.NeedsRelay {
		return err
	}
	return fmt.Errorf("%w (here %v, there %v): one sends to each from another port, and the other lets in only ports that it knows; "+
		"a router that opens a port would help, on either side, or a relay", err, here.NAT, there.NAT)
}

// meet waits for the other. Meanwhile the NAT must not forget us.
func (c *caller) meet(ctx context.Context, here *client.Reachability) (introduction, error) {
	conn, err := c.network.Dial(ctx, "tcp4", netip.Addr{}, c.rendezvous)
	if err != nil {
		return introduction{}, err
	}
	defer conn.Close()
	met := make(chan struct{})
	refreshed := make(chan struct{})
	go func() {
		defer close(refreshed)
		ticker := time.NewTicker(client.RefreshInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = here.Refresh() // what is lost may get there the next time
			case <-met:
				return
			}
		}
	}()
	defer func() { close(met); <-refreshed }()
	return meet(ctx, conn, hello{c.room, here.Node})
}

// leave gives the port back. The router may have gone: it gets two seconds.
func (c *caller) leave(here *client.Reachability) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := here.Close(ctx); err != nil {
		c.say("the port stays open on the router: %v", err)
	}
}
