package client

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// slot is a wanted entry with what stands in its place.
type slot struct {
	want, found PortMapping
	ownership   ownership
	shown       string
	known       bool      // we have opened what stands there
	seen        time.Time // when the look at it began
}

// survey looks at every wanted entry on one port. An owned one is an *OwnedError.
func (p *planner) survey(ctx context.Context, protocols []string, port uint16) ([]slot, error) {
	var slots []slot
	for _, proto := range protocols {
		want := p.want(proto, port)
		shown := p.gw.journal.shown(ctx, want)
		if shown == "" {
			shown = want.Description
		}
		s, err := p.look(ctx, slot{want: want, shown: shown})
		if err != nil {
			return nil, err
		}
		if s.ownership == owned && p.reclaim(ctx, s) {
			s.ownership, s.found = free, PortMapping{}
		}
		if s.ownership == owned {
			return nil, &OwnedError{Wanted: s.want, Owner: s.found}
		}
		slots = append(slots, p.spare(ctx, s, true))
	}
	return slots, nil
}

// look reads what stands in the place of s.want. For a mapping that admits one remote host only, an entry for everyone
// stands there too: miniupnpd knows an entry by its port and protocol alone.
func (p *planner) look(ctx context.Context, s slot) (slot, error) {
	want := s.want
	s, err := p.lookUp(ctx, s)
	if err != nil || s.ownership != free || want.RemoteHost == "" {
		return s, err
	}
	s.want.RemoteHost = ""
	other, err := p.lookUp(ctx, s)
	if err == nil && (other.ownership == ours || other.ownership == shared) {
		other.ownership = owned
	}
	other.want = want
	return other, err
}

// lookUp reads what stands under the key of s.want.
//
// Only 714 and 713 say that nothing does. 402 and 501 mean the same on DD-WRT, Huawei and
// Linksys, but on others that the question was not liked; then the whole table is read, so that
// an entry that is visible in any way is never overwritten. A question that is not answered, while the gateway is there, is refused like that, unless it was
// answered before. Where the table is refused too, the gateway hides its entries (Netgear X6S) and the add itself must tell.
func (p *planner) lookUp(ctx context.Context, s slot) (slot, error) {
	s.found, s.ownership = PortMapping{}, free
	began, want := time.Now(), s.want
	s.seen = began
	var found PortMapping
	known, err := p.ask(ctx, "GetSpecificPortMappingEntry", func(ctx context.Context) (err error) {
		found, err = p.gw.PortMapping(ctx, want.Key())
		return err
	})
	switch code := faultCode(err); {
	case err == nil:
		s.found, s.ownership = found, p.judge(ctx, s, found)
	case code == soap.NoSuchEntryInArray:
		s.ownership, err = free, nil // the answer that the standard has for it
	case code == soap.SpecifiedArrayIndexInvalid:
		s.ownership = free
	case isDeaf(err):
		p.note(Step{Action: "GetSpecificPortMappingEntry", Outcome: "no answer", Known: known, Err: err}, want, began)
		listed, other := p.lookInList(ctx, s)
		if other == nil && listed.ownership == hidden && isHiccup(err) {
			return s, err
		}
		return listed, other
	case code == 0 && !unreadable(err):
		p.note(Step{Action: "GetSpecificPortMappingEntry", Outcome: "no answer", Err: err}, want, began)
		return s, err
	default:
		p.note(Step{Action: "GetSpecificPortMappingEntry", Outcome: "list instead", Err: err}, want, began)
		return p.lookInList(ctx, s)
	}
	p.note(Step{Action: "GetSpecificPortMappingEntry", Outcome: string(s.ownership), Err: err}, want, began)
	return s, nil
}

// unreadable reports whether the gateway answered in a way that cannot be read: there may be an
// entry. A 404 is no answer: the control URL is another one since a reboot.
func unreadable(err error) bool {
	if e, ok := errors.AsType[*soap.HTTPError](err); ok {
		return e.Status != http.StatusNotFound
	}
	if _, ok := errors.AsType[*ValueError](err); ok {
		return true
	}
	_, ok := errors.AsType[*soap.SyntaxError](err)
	return ok
}

// lookInList looks for s.want in the whole table, under any remote host.
func (p *planner) lookInList(ctx context.Context, s slot) (slot, error) {
	began := time.Now()
	s.ownership = free
	known, cause := p.ask(ctx, "GetGenericPortMappingEntry", func(ctx context.Context) error {
		for m, err := range p.gw.PortMappings(ctx) {
			if err != nil {
				return err
			}
			if m.ExternalPort != s.want.ExternalPort || !strings.EqualFold(m.Protocol, s.want.Protocol) {
				continue
			}
			s.found, s.ownership = m, p.judge(ctx, s, m)
			if s.ownership == owned {
				break
			}
		}
		return nil
	})
	if cause != nil && s.ownership == free {
		if faultCode(cause) == 0 && !unreadable(cause) && (!isDeaf(cause) || isHiccup(cause)) {
			p.note(Step{Action: "GetGenericPortMappingEntry", Outcome: "no answer", Err: cause}, s.want, began)
			return s, cause
		}
		s.ownership = hidden
	}
	p.note(Step{Action: "GetGenericPortMappingEntry", Outcome: string(s.ownership), Known: known, Err: cause}, s.want, began)
	return s, nil
}

// slotFresh is how long what stands in the place of an entry of ours may have been read before it is renewed: what another program puts there meanwhile
// would be overwritten, by gateways that allow that.
const slotFresh = 5 * time.Second

// lookAt looks at an entry that was opened before.
func (p *planner) lookAt(ctx context.Context, h held) (slot, error) {
	want, shown := p.wantOf(h)
	return p.look(ctx, slot{want: want, shown: shown, known: h.known(time.Now())})
}

// known tells whether what stands in the place of h is known to be it: we opened it, or found it to be ours, on the gateway that is there, and it has not ended.
func (h held) known(now time.Time) bool {
	return !h.Shared && (!h.doubt || !h.added.IsZero()) && (h.ends.IsZero() || now.Before(h.ends))
}

// wantOf is what an entry that was opened before should be, and the description that it was shown under.
func (p *planner) wantOf(h held) (want PortMapping, shown string) {
	want = p.want(h.Protocol, h.External.Port())
	want.InternalClient = h.Internal.Addr().String()
	if h.Shared {
		return want, want.Description
	}
	return want, h.Description
}

// addressFresh is how long the external address that was read is not asked for again when a mapping is opened.
const addressFresh = 5 * time.Second

// address reads the external address, unless that was done since. 0.0.0.0 is that the gateway has none, the zero Addr without an error that it does
// not tell; it may open ports all the same.
func (p *planner) address(ctx context.Context, since time.Time) (netip.Addr, error) {
	began := time.Now()
	r := p.gw.readings
	a, err := r.address, error(nil)
	fresh := !r.addressed.IsZero() && !r.addressed.Before(since)
	known := fresh
	if !fresh {
		known, err = p.ask(ctx, "GetExternalIPAddress", func(ctx context.Context) (err error) {
			a, err = p.gw.ExternalIP(ctx)
			return err
		})
		if err == nil && Judge(a) == None {
			a = netip.IPv4Unspecified()
		}
	}
	step := Step{Action: "GetExternalIPAddress", Known: known, Err: err}
	switch {
	case isDeaf(err):
		a, step.Outcome, err = netip.Addr{}, "no answer", nil
	case err != nil && faultCode(err) == 0 && !unreadable(err):
		step.Outcome = "no answer"
	case err != nil || !a.IsValid():
		a, err, step.Outcome = netip.Addr{}, nil, string(Unknown)
	case a.IsUnspecified():
		step.Outcome = string(None)
	default:
		step.Outcome = a.String()
	}
	if !fresh && err == nil {
		r.address, r.addressed = a, began
	}
	p.note(step, PortMapping{}, began)
	return a, err
}
