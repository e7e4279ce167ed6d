package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

const (
	// shortestSubscription is granted when less is asked for (UDA 1.1 §4.1.1).
	shortestSubscription = 1800 * time.Second
	longestSubscription  = 24 * time.Hour
	// maxSubscribers is per gateway. Each costs a connection per event.
	maxSubscribers = 128
	maxCallbacks   = 8
	maxCallback    = 1024 // bytes of one URL
)

// subscription is one subscriber of one service. It is guarded by the gateway's lock.
type subscription struct {
	sid       string
	service   *service
	peer      netip.Addr
	callbacks []callback
	expires   time.Time
	seq       uint32         // of the next notification
	queue     []notification // not yet delivered
	held      bool           // until its SUBSCRIBE is answered
	busy      bool           // a goroutine delivers
}

// callback is one place where a subscriber takes notifications.
type callback struct {
	url  string
	peer netip.AddrPort
}

// serveEvents answers SUBSCRIBE and UNSUBSCRIBE (UDA 1.1 §4.1), as far as faults let it.
func (g *Gateway) serveEvents(req *http1.Request, s *service) *http1.Reply {
	d := g.meet(&occasion{layer: onSubscribe, peer: req.Remote, request: req})
	reply := g.instead(req, &d)
	if reply != nil {
		g.noteEvents(req, s, d.status(), Detail{"by", "fault"})
	} else {
		reply = g.serveSubscription(req, s)
	}
	return d.late(reply)
}

func (g *Gateway) serveSubscription(req *http1.Request, s *service) *http1.Reply {
	f := req.Fields
	sid, renews := f.Lookup("SID")
	_, hasNT := f.Lookup("NT")
	_, hasCallback := f.Lookup("CALLBACK")
	switch {
	case renews && (hasNT || hasCallback):
		return g.refuseEvents(req, s, http.StatusBadRequest)
	case req.Method == "UNSUBSCRIBE":
		return g.unsubscribe(req, s, sid)
	case renews:
		return g.renew(req, s, sid)
	}
	return g.subscribe(req, s)
}

func (g *Gateway) subscribe(req *http1.Request, s *service) *http1.Reply {
	callbacks := callbacksOf(req.Fields.Get("CALLBACK"), g.mayCallBack(req.Remote.Addr()))
	if req.Fields.Get("NT") != "upnp:event" || len(callbacks) == 0 {
		return g.refuseEvents(req, s, http.StatusPreconditionFailed)
	}
	granted := grantedTimeout(req.Fields.Get("TIMEOUT"))
	sub := &subscription{service: s, peer: req.Remote.Addr(), callbacks: callbacks, held: true}
	var reply *http1.Reply
	g.do(func(st *state) {
		if len(g.subscribers) >= maxSubscribers {
			reply = g.refuseEvents(req, s, http.StatusServiceUnavailable)
			return
		}
		g.publish() // the others learn first what the first event tells this one
		sub.sid = st.newSID()
		sub.expires = st.now.Add(granted)
		g.subscribers = append(g.subscribers, sub)
		if s.published == nil {
			s.published = s.properties(st)
		}
		g.notify(sub, st.tellable(st.connections[s.wan], s.properties(st)))
		reply = g.accept(req, s, sub.sid, granted)
		reply.Sent = func() { g.release(sub) }
		st.tell(Event{Event: SubscriberJoined, Service: s.urn(), Subscriber: sub.peer})
	})
	return reply
}

func (g *Gateway) renew(req *http1.Request, s *service, sid string) *http1.Reply {
	granted := grantedTimeout(req.Fields.Get("TIMEOUT"))
	var reply *http1.Reply
	g.do(func(st *state) {
		sub := g.subscriber(s, sid)
		if sub == nil {
			reply = g.refuseEvents(req, s, http.StatusPreconditionFailed)
			return
		}
		sub.expires = st.now.Add(granted)
		reply = g.accept(req, s, sid, granted)
	})
	return reply
}

func (g *Gateway) unsubscribe(req *http1.Request, s *service, sid string) *http1.Reply {
	var reply *http1.Reply
	g.do(func(st *state) {
		sub := g.subscriber(s, sid)
		if sub == nil {
			reply = g.refuseEvents(req, s, http.StatusPreconditionFailed)
			return
		}
		g.dismiss(sub)
		g.noteEvents(req, s, http.StatusOK, Detail{"sid", sid})
		reply = g.reply(req, g.dialect.http.events, answer{status: http.StatusOK})
		st.tell(Event{Event: SubscriberLeft, Service: s.urn(), Subscriber: sub.peer})
	})
	return reply
}

func (g *Gateway) accept(req *http1.Request, s *service, sid string, granted time.Duration) *http1.Reply {
	seconds := fmt.Sprintf("Second-%d", granted/time.Second)
	g.noteEvents(req, s, http.StatusOK, Detail{"sid", sid}, Detail{"timeout", seconds})
	return g.reply(req, g.dialect.http.events, answer{status: http.StatusOK, sid: sid, timeout: seconds})
}

func (g *Gateway) refuseEvents(req *http1.Request, s *service, status int) *http1.Reply {
	g.noteEvents(req, s, status)
	return g.reply(req, g.dialect.http.events, answer{status: status})
}

func (g *Gateway) noteEvents(req *http1.Request, s *service, status int, details ...Detail) {
	for _, name := range []string{"CALLBACK", "NT", "SID", "TIMEOUT"} {
		if v, ok := req.Fields.Lookup(name); ok {
			details = append(details, Detail{name, shorten(v)})
		}
	}
	g.journal.add(Entry{
		Time: g.options.Clock.Now(), Kind: "gena." + strings.ToLower(req.Method), Peer: req.Remote, Name: s.urn(),
		Status: status, Details: append(details, forgiven(req.Forgiven)...),
	})
}

// mayCallBack is where the callbacks of a subscriber may lead. By default that is the subscriber itself, because a gateway that calls
// whom it is told to can be aimed at others.
func (g *Gateway) mayCallBack(subscriber netip.Addr) func(netip.Addr) bool {
	switch g.options.Policy.Events.Callbacks {
	case "any":
		return func(netip.Addr) bool { return true }
	case "lan":
		return g.allowed
	}
	subscriber = subscriber.Unmap().WithZone("")
	return func(addr netip.Addr) bool { return addr == subscriber }
}

// callbacksOf reads CALLBACK: one or more URLs in angle brackets; nil when any of them may not be called.
func callbacksOf(v string, may func(netip.Addr) bool) []callback {
	var all []callback
	for v = strings.TrimSpace(v); v != ""; v = strings.TrimSpace(v) {
		text, rest, ok := strings.Cut(v, ">")
		if !ok || !strings.HasPrefix(text, "<") || len(text) > maxCallback || len(all) == maxCallbacks {
			return nil
		}
		v = rest
		u, err := url.Parse(strings.TrimSpace(text[1:]))
		if err != nil || u.Scheme != "http" || u.User != nil {
			return nil
		}
		peer, err := netip.ParseAddrPort(net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")))
		if err != nil || peer.Port() == 0 || !may(peer.Addr().Unmap().WithZone("")) {
			return nil
		}
		all = append(all, callback{u.String(), peer})
	}
	return all
}

// grantedTimeout is what TIMEOUT gets: Second-N within the bounds, and the shortest for anything else but infinite, which UDA 1.1
// did away with.
func grantedTimeout(v string) time.Duration {
	number, ok := cutPrefixFold(strings.TrimSpace(v), "Second-")
	if !ok {
		return shortestSubscription
	}
	if strings.EqualFold(number, "infinite") {
		return longestSubscription
	}
	n, err := strconv.ParseUint(number, 10, 31)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return longestSubscription
	case err != nil:
		return shortestSubscription
	}
	return min(max(time.Duration(n)*time.Second, shortestSubscription), longestSubscription)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// newSID is a fresh subscription identifier; by the seed, like all that is chosen by chance.
func (s *state) newSID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(s.rand.Uint32())
	}
	return "uuid:" + uuid(b)
}

// What follows needs the gateway's lock.

func (g *Gateway) subscriber(s *service, sid string) *subscription {
	for _, sub := range g.subscribers {
		if sub.service == s && sub.sid == sid {
			return sub
		}
	}
	return nil
}

func (g *Gateway) dismiss(sub *subscription) {
	sub.queue = nil
	g.subscribers = slices.DeleteFunc(g.subscribers, func(s *subscription) bool { return s == sub })
	if !slices.ContainsFunc(g.subscribers, func(s *subscription) bool { return s.service == sub.service }) {
		sub.service.published = nil
	}
}

func (g *Gateway) forgetSubscribers() {
	for len(g.subscribers) > 0 {
		g.dismiss(g.subscribers[0])
	}
}

// lapse ends the subscriptions that were not renewed in time.
func (g *Gateway) lapse() {
	for i := 0; i < len(g.subscribers); {
		sub := g.subscribers[i]
		if sub.expires.After(g.state.now) {
			i++
			continue
		}
		g.dismiss(sub)
		g.state.tell(Event{Event: SubscriberLapsed, Time: sub.expires, Service: sub.service.urn(), Subscriber: sub.peer})
	}
}

// nextLapse is when the first subscription ends; zero when there is none.
func (g *Gateway) nextLapse() (first time.Time) {
	for _, sub := range g.subscribers {
		first = firstOf(first, sub.expires)
	}
	return first
}
