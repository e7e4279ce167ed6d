package client

import (
	"context"
	"net/netip"
	"slices"
)

// consider takes one reply in: the description it names is fetched, and again when its host was not ready for that and goes on to answer.
func (s *search) consider(ctx context.Context, r reply) {
	from := r.from.Addr().Unmap()
	if !s.accepts(r.socket, from) {
		return
	}
	claims := claimsGateway(r.message.ST)
	asked := !s.target.group
	if !claims && r.message.ST != "" && !isRoot(r.message.ST) && !asked && !slices.Contains(s.gateways, from) {
		return // a television
	}
	t := trust{responder: from}
	if asked {
		t.given = []string{s.target.host}
	}
	location, quirk, err := t.location(r.message.Location)
	if err != nil {
		if claims && s.known.refuse(r.message.Location) {
			s.tell(nil, &NotGatewayError{Location: r.message.Location, Responder: from, Reason: BadLocation, Err: err})
		}
		return
	}
	e := s.known.enter(r.socket, from, location, r.message.USN, asked || slices.Contains(s.gateways, from))
	if e == nil {
		return
	}
	e.claims = e.claims || claims || asked
	s.explain(e)
	if !e.due() {
		return
	}
	c := candidate{location: location, local: r.socket.local, trust: t, server: r.message.Server, boot: r.message.BootID, link: r.socket.link, links: s.links, asked: asked,
		quirks: r.message.Forgiven}
	if quirk != "" {
		c.quirks = append(slices.Clip(c.quirks), quirk)
	}
	s.fetch(ctx, e, c)
}

// fetch reads the description of a sighting.
func (s *search) fetch(ctx context.Context, e *sighting, c candidate) {
	s.known.begin(e)
	s.wg.Go(func() {
		g, err := describe(ctx, s.o, c)
		select {
		case s.results <- result{e, g, err}:
		case <-ctx.Done():
		}
	})
}

// drain takes in the replies that are here already, so that a sibling of what is settled next is known.
func (s *search) drain(ctx context.Context) {
	for range maxDevices { // a flood must not hold up what is settled
		select {
		case r := <-s.replies:
			s.consider(ctx, r)
		default:
			return
		}
	}
}

// accepts drops answers from beyond the link: they are forged or not for us. CARP and VRRP members answer for the next hop
// with their own address, so any neighbour will do.
func (s *search) accepts(k *socket, from netip.Addr) bool {
	if !s.target.group {
		return from == s.target.addr.Addr()
	}
	return k.link.near(from) || slices.Contains(s.gateways, from)
}

// result is what became of one description.
type result struct {
	seen    *sighting
	gateway *Gateway
	err     error
}

func (s *search) settle(r result) {
	s.known.settle(r.seen, r.err)
	switch {
	case r.err == nil:
		r.gateway.recalled = s.recognise(r.gateway, r.seen.recalled)
		s.hold(r.gateway, r.seen)
	case r.seen.failure != nil:
		s.explain(r.seen)
	}
}

// explain tells why a description that claims to be of a gateway is not. What failed and claims nothing is not our business, as
// long as it does not claim it in its next answer.
func (s *search) explain(e *sighting) {
	if e.claims && e.failure != nil && !e.told {
		e.told = true
		s.tell(nil, e.failure)
	}
}

// release yields every gateway that has no sibling to wait for any more.
func (s *search) release() {
	for !s.stopped {
		g := s.next(&s.known)
		if g == nil {
			return
		}
		s.tell(g, nil)
	}
}
