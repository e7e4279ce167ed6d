package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// crashed reports whether the gateway, which hung up on an add, is not there any more.
func (p *planner) crashed(ctx context.Context, s slot, err error) bool {
	if !hungUp(err) && !refusedToConnect(err) {
		return false
	}
	_, err = p.gw.PortMapping(ctx, s.want.Key())
	return refusedToConnect(err)
}

// refusedToConnect tells whether nobody listens where the gateway did.
func refusedToConnect(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && !op.Timeout()
}

// arrived tells what an add whose answer was lost has made all the same. When that cannot be known,
// or the caller has gone, what it may have opened on the port that was wanted is removed, now or later.
func (p *planner) arrived(ctx context.Context, s slot, want PortMapping, byAny bool) (made PortMapping, ok bool) {
	if s.ownership == ours {
		return want, false // it was there before: the add must be heard
	}
	h := heldOf(want, PortMapping{}, want.Lease, time.Now())
	h.added = time.Now()
	if ctx.Err() != nil {
		p.undo(ctx, h, false)
		return want, false
	}
	back, err := p.look(ctx, slot{want: want, shown: s.shown, known: s.ownership == free})
	switch {
	case err != nil:
		h.doubt = true
		p.leave(h)
	case back.ownership == ours:
		return want, true
	case byAny:
		return p.wandered(ctx, s, want)
	}
	return want, false
}

// wandered finds what a lost AddAnyPortMapping has made on another port: it leads to us, under the text that names the port that was wanted.
func (p *planner) wandered(ctx context.Context, s slot, want PortMapping) (made PortMapping, ok bool) {
	made = want
	p.ask(ctx, "GetGenericPortMappingEntry", func(ctx context.Context) error {
		for m, err := range p.gw.PortMappings(ctx) {
			if err != nil {
				return err
			}
			if strings.EqualFold(m.Protocol, want.Protocol) && sentText(m.Description, want.Description, s.shown) && ownershipOf(m, want, s.shown) == ours {
				made.ExternalPort, ok = m.ExternalPort, true
				break
			}
		}
		return nil
	})
	return made, ok
}
