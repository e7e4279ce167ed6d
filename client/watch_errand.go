package client

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxErrands is how many errands run at a time. Forged announcements begin new ones, and each may take Options.Timeout.
const maxErrands = 8

// errand does what waits for a host aside, so that what is heard meanwhile is judged at once, and has the watch go on with what do gives. False: there
// are too many already.
func (w *watch) errand(ctx context.Context, do func() (then func())) bool {
	if w.errands >= maxErrands {
		return false
	}
	w.errands++
	w.ending.Go(func() {
		then := do()
		select {
		case w.back <- func() { w.errands--; then() }:
		case <-ctx.Done():
		}
	})
	return true
}

// seek goes to the place that is announced when nobody is any more where g was: a search may not find it, if that place is one that the user named.
func (w *watch) seek(ctx context.Context, g *Gateway, a announcement) {
	under := w.errand(ctx, func() func() {
		moved := w.moved(ctx, g)
		return func() {
			if moved && w.met.may() {
				w.revisit(ctx, g, a)
				return
			}
			w.announced()
		}
	})
	if !under {
		w.announced()
	}
}

// movedTimeout is how long the place where a gateway was known may take to take a connection.
const movedTimeout = 500 * time.Millisecond

// moved tells whether nobody is there any more where g was described.
func (w *watch) moved(ctx context.Context, g *Gateway) bool {
	known, err := url.Parse(g.Location)
	if err != nil {
		return false
	}
	within, cancel := context.WithTimeout(ctx, movedTimeout)
	defer cancel()
	port := known.Port()
	if port == "" {
		port = "80"
	}
	c, err := w.o.Net.Dial(within, "tcp", g.Local, net.JoinHostPort(known.Hostname(), port))
	if err == nil {
		c.Close()
	}
	return err != nil && ctx.Err() == nil
}

// A description that is announced before it is served is asked for again for so long, after pauses that double. Then it is searched, and the search asks
// again too.
const (
	readySoon  = 300 * time.Millisecond
	firstPause = 50 * time.Millisecond
)

var errBusy = errors.New("too many places are asked at once")

// revisit reads the description that a restarted gateway announces, which is faster than a search, and lets the keepers come to it. When that
// fails they search. What another host than the gateway announces in its name may be forged, and anybody can describe himself by its name too: unless
// that host is a default gateway while the one known is none, it is no more than a reason to look.
func (w *watch) revisit(ctx context.Context, old *Gateway, a announcement) {
	visit := a.visit()
	if slices.Contains(w.visits, visit) {
		return // the devices in one gateway have names of their own, and each says that it has restarted
	}
	w.visits = append(w.visits, visit)
	gone := func() { w.visits = slices.DeleteFunc(w.visits, func(v string) bool { return v == visit }) }
	under := w.errand(ctx, func() func() {
		g, err := w.client.describeAnnounced(ctx, w.o, a)
		began := time.Now()
		own := old == nil || a.from.Addr() == old.Responder // what others say in its name is not worth the wait
		for pause := firstPause; own && unready(err) && time.Since(began) < readySoon && sleep(ctx, pause) == nil; pause *= 2 {
			g, err = w.client.describeAnnounced(ctx, w.o, a)
		}
		return func() {
			gone()
			w.revisited(old, a, g, err)
		}
	})
	if !under {
		gone()
		w.revisited(old, a, nil, errBusy)
	}
}

// visit is what the announcements of one run of one description have in common.
func (a announcement) visit() string {
	boot := "unknown"
	if a.boot != nil {
		boot = strconv.FormatUint(uint64(*a.boot), 10)
	}
	return boot + " " + a.from.Addr().String() + " " + strings.TrimSpace(a.location)
}

// revisited judges what was found where a said. What the client has found meanwhile stands.
func (w *watch) revisited(old *Gateway, a announcement, g *Gateway, err error) {
	w.client.mu.Lock()
	known := w.client.gateway
	w.client.mu.Unlock()
	if known != old {
		return
	}
	foreign := old != nil && a.from.Addr() != old.Responder
	switch {
	case err == nil && (old == nil || g.DefaultRoute && !old.DefaultRoute || g.DefaultRoute == old.DefaultRoute && !foreign):
		g.reborn = old != nil
		w.client.take(g)
		for udn := range w.left {
			delete(w.left, udn)
		}
	case foreign:
		w.announced()
		return
	}
	cause := errRebooted
	if old == nil {
		cause = errAnnounced
	}
	w.client.tell(sign{search: true, cause: cause, stale: old})
}

// describeAnnounced reads what is described at the LOCATION of an announcement, as if it had answered a search.
func (c *Client) describeAnnounced(ctx context.Context, o Options, a announcement) (*Gateway, error) {
	all, _ := links(o)
	i := slices.IndexFunc(all, func(l link) bool { return l.near(a.from.Addr()) })
	if i < 0 {
		return nil, errForeignHost
	}
	t := trust{responder: a.from.Addr()}
	location, quirk, err := t.location(a.location)
	if err != nil {
		return nil, err
	}
	cand := candidate{location: location, local: all[i].addr(), trust: t, server: a.server, boot: a.boot, link: &all[i], links: all}
	if quirk != "" {
		cand.quirks = []string{quirk}
	}
	return describe(ctx, o, cand)
}
