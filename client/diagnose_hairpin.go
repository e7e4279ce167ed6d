package client

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// hairpinTime is how long something to our own external address may be on its way.
const hairpinTime = 2 * time.Second

// hairpin connects to our external address from here. Gateways differ in whether they turn that round; that it does not work from within
// says nothing of the Internet.
func (d *diagnosis) hairpin(ctx context.Context, entry Entry, behind *answerer) {
	if d.stopped || ctx.Err() != nil {
		return
	}
	began := d.begin(CheckHairpin)
	e := &HairpinEvidence{To: entry.External}
	c := Check{ID: CheckHairpin, Evidence: e, Outcome: Sound}
	if !d.turns(entry.External.Addr(), behind) {
		c.Outcome, c.Problem = Skipped, ProblemNoWay
		d.tell(ctx, c, began)
		return
	}
	within, cancel := context.WithTimeout(ctx, hairpinTime)
	defer cancel()
	if c.Err = behind.hear(within, d.o, d.gateway.Local, entry.External); c.Err != nil && ctx.Err() != nil {
		return
	}
	if e.Took = time.Since(began); c.Err != nil {
		c.Outcome, c.Problem = Doubtful, ProblemNoHairpin
		// What a gateway turns round comes from it, by one of its addresses.
		if e.KeptOut = d.keptOut(ctx, entry.Protocol, behind.port, d.gateway.Responder.Unmap(), entry.External.Addr()); e.KeptOut != nil {
			c.Outcome, c.Problem = Untold, ProblemFirewallDrops
		}
	}
	e.LetIn = c.Err == nil && d.unsure
	d.tell(ctx, c, began)
}

// turns tells whether the address is one that only the gateway can answer at. It came from the gateway, which may have named
// anybody: nobody of our networks is called because of it, and nothing is called by a program that stands on loopback.
func (d *diagnosis) turns(external netip.Addr, behind *answerer) bool {
	verdict := Judge(external)
	own := slices.ContainsFunc(d.links, func(l link) bool { return l.near(external) })
	return behind.open() && !d.gateway.Local.IsLoopback() && !own && (verdict == Public || verdict == CGNAT || verdict == Private)
}

// A listenNet is a [Net] that can wait for connections too. Without it a trial by TCP has no hairpin.
type listenNet interface {
	Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error)
}

// answerer is the program behind the trial mapping.
type answerer struct {
	port    uint16
	stream  net.Listener   // nil: none
	packets net.PacketConn // nil: none
}

// listen opens a port that the system chooses, or else chooses one itself, where then nobody answers.
func (d *diagnosis) listen(ctx context.Context, protocol string) *answerer {
	local := netip.AddrPortFrom(d.gateway.Local, 0)
	h := &answerer{port: firstTrialPort + uint16(d.o.Rand.IntN(1<<16-firstTrialPort))}
	if strings.EqualFold(protocol, "udp") {
		if c, err := d.o.Net.ListenPacket(ctx, local); err == nil {
			h.packets, h.port = c, portOf(c.LocalAddr(), h.port)
		}
	} else if n, ok := d.o.Net.(listenNet); ok {
		if l, err := n.Listen(ctx, local); err == nil {
			h.stream, h.port = l, portOf(l.Addr(), h.port)
		}
	}
	return h
}

func portOf(a net.Addr, otherwise uint16) uint16 {
	at, _ := addrPortOf(a)
	return cmp.Or(at.Port(), otherwise)
}

func (h *answerer) open() bool { return h.stream != nil || h.packets != nil }

func (h *answerer) close() {
	if h.stream != nil {
		h.stream.Close()
	}
	if h.packets != nil {
		h.packets.Close()
	}
}

// hear sends a word to an address that should lead here, and returns when it has arrived.
func (h *answerer) hear(ctx context.Context, o Options, local netip.Addr, to netip.AddrPort) error {
	word := make([]byte, 16)
	for i := range word {
		word[i] = 'a' + byte(rand.IntN(26))
	}
	deadline, _ := ctx.Deadline()
	if h.packets != nil {
		return h.hearPacket(ctx, o, local, to, word, deadline)
	}
	heard := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { h.stream.Close() })
	defer stop()
	go func() { heard <- h.accept(word, deadline) }()
	c, err := o.Net.Dial(ctx, "tcp", local, to.String())
	if err == nil {
		defer c.Close()
		c.SetDeadline(deadline)
		_, err = c.Write(word)
	}
	if err != nil {
		h.stream.Close()
		<-heard
		return err
	}
	return <-heard
}

// accept reads the word from the first connection that brings it.
func (h *answerer) accept(word []byte, deadline time.Time) error {
	for {
		c, err := h.stream.Accept()
		if err != nil {
			return err
		}
		c.SetDeadline(deadline)
		b := make([]byte, len(word))
		n, _ := c.Read(b)
		c.Close()
		if slices.Equal(b[:n], word) {
			return nil
		}
	}
}

func (h *answerer) hearPacket(ctx context.Context, o Options, local netip.Addr, to netip.AddrPort, word []byte, deadline time.Time) error {
	mouth, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
	if err != nil {
		return err
	}
	defer mouth.Close()
	stop := context.AfterFunc(ctx, func() { h.packets.SetReadDeadline(time.Now()) })
	defer stop()
	h.packets.SetReadDeadline(deadline)
	if _, err := mouth.WriteTo(word, net.UDPAddrFromAddrPort(to)); err != nil {
		return err
	}
	b := make([]byte, 2*len(word))
	for {
		n, _, err := h.packets.ReadFrom(b)
		if err != nil {
			return err
		}
		if slices.Equal(b[:n], word) {
			return nil
		}
	}
}
