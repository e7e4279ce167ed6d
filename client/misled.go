package client

import "context"

// misled is the error for an add that was accepted in the place of s, where s.found is shown, which is not ours.
//
// What is certainly the gateway's making is removed. Of the rest nobody knows: once, another program may have been faster, on a gateway that lets the
// last one win, and there may be a port that is free. Twice in a row with what was sent as its description it is the gateway, which leads ports to another
// host or shows that; then both are removed, so that a search for a port leaves no trail of opened ones.
func (p *planner) misled(ctx context.Context, s slot) error {
	altered := &AlteredError{Wanted: s.want, Made: s.found}
	if s.ownership == ours {
		return altered
	}
	leads, noted := p.gw.journal.leads(ctx, s.want)
	if noted && !leads || !sentText(s.found.Description, s.want.Description, s.shown) {
		return &OwnedError{Wanted: s.want, Owner: s.found}
	}
	made := []slot{s}
	if !certain(s.want, s.found) {
		before := p.stray
		if p.stray = &s; before == nil || before.found.InternalClient != s.found.InternalClient || before.want.ExternalPort == s.want.ExternalPort {
			return &OwnedError{Wanted: s.want, Owner: s.found}
		}
		if made = nil; sameClient(s.found.InternalClient, s.want.InternalClient) == differs {
			made = []slot{*before, s}
		}
	}
	after, cancel := cleanupTime(ctx)
	defer cancel()
	for _, m := range made {
		p.remove(after, m) // the error to tell is what was made
	}
	return altered
}

// certain tells whether a gateway makes found of an add of asked, and no other program can have opened it: the internal port is the external one (FunBox 6), or
// all that differs is who may connect.
func certain(asked, found PortMapping) bool {
	return sameClient(found.InternalClient, asked.InternalClient) != differs &&
		(found.InternalPort == asked.InternalPort || found.InternalPort == asked.ExternalPort)
}
