package client

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
)

var errEvent = errors.New("the gateway has sent an event")

// follow subscribes to the events of the gateway that is known, when Options.Listen asks for it, instead of those of the one before.
func (w *watch) follow(ctx context.Context) {
	w.client.mu.Lock()
	g := w.client.gateway
	w.client.mu.Unlock()
	if !w.o.Listen || g == nil || g == w.followed {
		return
	}
	if w.unfollow != nil {
		w.ending.Go(w.unfollow) // which may take a while, and is not waited for here
	}
	w.followed, w.values = g, map[string]string{}
	w.unfollow = subscribe(ctx, w.o, g, w.news)
}

// unfollowAll ends all subscriptions.
func (w *watch) unfollowAll() {
	if w.unfollow != nil {
		w.unfollow()
	}
	w.ending.Wait()
}

// learn judges what an event tells: an address or a state that is another one, fewer entries than before, or a gap call for a look by all keepers.
// That many entries are there that were not is nothing to us.
func (w *watch) learn(n news) {
	if n.gateway != w.followed {
		return
	}
	look := n.gap
	for name, value := range n.values {
		before, known := w.values[name]
		w.values[name] = value
		switch name {
		case eventedAddress:
			if !known {
				before = ""
				if a := n.gateway.External; a.IsValid() {
					before = a.String()
				}
			}
			look = look || !sameAddress(value, before)
		case eventedStatus:
			look = look || known && value != before
		case eventedEntries:
			look = look || known && fewer(value, before)
		}
	}
	if look {
		w.lookSoon(&w.events, errEvent)
	}
}

// sameAddress compares addresses as text; no address has many spellings.
func sameAddress(a, b string) bool {
	read := func(s string) netip.Addr {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.IsUnspecified() {
			return netip.Addr{}
		}
		return addr.Unmap()
	}
	return read(a) == read(b)
}

func fewer(now, before string) bool {
	n, err := strconv.ParseUint(now, 10, 32)
	b, errBefore := strconv.ParseUint(before, 10, 32)
	return err == nil && errBefore == nil && n < b
}
