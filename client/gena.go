package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

const (
	// askedSubscription is what UDA 1.1 §4.1.1 advises at least; Technicolor refuses less with 412 (quirk life-subscribe-412).
	askedSubscription = 1800 * time.Second
	// shortestSubscription and longestSubscription bound what is believed of the TIMEOUT that is granted.
	shortestSubscription = 30 * time.Second
	longestSubscription  = 24 * time.Hour
	// subscribeTimeout bounds one exchange about a subscription, during which no action can be sent.
	subscribeTimeout = 3 * time.Second
	// unsubscribeTimeout bounds the last one, for which a Close waits.
	unsubscribeTimeout = time.Second
	// firstResubscribe doubles to lastResubscribe between attempts with a gateway that grants none.
	firstResubscribe = 5 * time.Minute
	lastResubscribe  = 2 * time.Hour
)

// subscriber holds a subscription to the events of a gateway's connection service (UDA 1.1 §4), for all mappings of a Client. What it hears are
// hints to look: a gateway that grants none, or sends nothing, or lies, changes nothing else.
type subscriber struct {
	o        Options
	gateway  *Gateway
	endpoint *url.URL
	callback *callback
	news     chan<- news

	sid     string        // "": there is no subscription
	granted time.Duration // from now on
}

// subscribe starts a subscriber that lives until ctx ends or the function that it gives is called, which waits for its end. It gives nil when there is
// nothing to subscribe to, or nowhere to be called back.
func subscribe(ctx context.Context, o Options, g *Gateway, to chan<- news) (end func()) {
	n, ok := o.Net.(listenNet)
	endpoint, err := url.Parse(g.Service.EventSubURL)
	if !ok || err != nil || endpoint.Host == "" || !g.Local.IsValid() {
		return nil
	}
	l, err := n.Listen(ctx, netip.AddrPortFrom(g.Local, 0))
	if err != nil {
		return nil
	}
	s := &subscriber{o: o, gateway: g, endpoint: endpoint, news: to}
	s.callback = newCallback(l, g.callers(endpoint), s.tell)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.callback.serve(ctx, s.run)
	}()
	return func() {
		cancel()
		<-done
	}
}

// callers are the addresses that events of g may come from.
func (g *Gateway) callers(endpoint *url.URL) (all []netip.Addr) {
	all = append(all, g.Responder.Unmap().WithZone(""))
	if a, err := netip.ParseAddr(endpoint.Hostname()); err == nil {
		all = append(all, a.Unmap().WithZone(""))
	}
	return all
}

// tell hands news to the watch. What it has no room for is lost; it looks soon in any case then.
func (s *subscriber) tell(n news) {
	n.gateway = s.gateway
	select {
	case s.news <- n:
	default:
	}
}

// run keeps the subscription until ctx ends, and ends it then.
func (s *subscriber) run(ctx context.Context) {
	defer s.unsubscribe(ctx)
	refusals := 0
	for {
		var pause time.Duration
		switch err := s.request(ctx); {
		case err == nil:
			refusals, pause = 0, s.granted/2
		case ctx.Err() != nil:
			return
		case s.sid != "":
			// It may be that the gateway has restarted and knows nothing of it any more (412, UDA 1.1 §4.1.2).
			s.sid = ""
			s.tell(news{gap: true})
			continue
		default:
			pause = min(firstResubscribe<<min(refusals, 10), lastResubscribe)
			refusals++
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// request renews the subscription, or begins one.
func (s *subscriber) request(ctx context.Context) error {
	head := http.Header{"TIMEOUT": {fmt.Sprintf("Second-%d", askedSubscription/time.Second)}}
	if s.sid != "" {
		head["SID"] = []string{s.sid}
	} else {
		head["CALLBACK"] = []string{"<" + s.callback.renew(s.gateway.Local) + ">"}
		head["NT"] = []string{"upnp:event"}
	}
	resp, err := s.send(ctx, "SUBSCRIBE", head, subscribeTimeout)
	if err != nil {
		return err
	}
	sid := strings.TrimSpace(resp.Header.Get("SID"))
	if s.sid == "" {
		if sid == "" || len(sid) > maxSID {
			return errNoSID
		}
		s.sid = sid
		s.callback.expect(sid)
	}
	s.granted = grantedSubscription(resp.Header.Get("TIMEOUT"))
	return nil
}

var errNoSID = errors.New("the subscription has no name")

// maxSID is longer than "uuid:" and a UUID, which not every gateway keeps to.
const maxSID = 256

// grantedSubscription reads the TIMEOUT of an answer: Second-N, or infinite as in UDA 1.0. What cannot be read is what was asked for.
func grantedSubscription(text string) time.Duration {
	text = strings.ToLower(strings.TrimSpace(text))
	number, _ := strings.CutPrefix(text, "second-")
	if number == "infinite" {
		return longestSubscription
	}
	seconds, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return askedSubscription
	}
	return min(max(time.Duration(seconds)*time.Second, shortestSubscription), longestSubscription)
}

// unsubscribe ends the subscription, though ctx has ended.
func (s *subscriber) unsubscribe(ctx context.Context) {
	if s.sid != "" {
		s.send(context.WithoutCancel(ctx), "UNSUBSCRIBE", http.Header{"SID": {s.sid}}, unsubscribeTimeout) // or it lapses
	}
}

// send sends one request in the gateway's turn. A status other than 2xx is an error.
func (s *subscriber) send(ctx context.Context, method string, head http.Header, limit time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := s.gateway.turn.lock(ctx); err != nil {
		return nil, err
	}
	defer s.gateway.turn.unlock()
	d := &s.gateway.dialogue
	if err := d.pause(ctx); err != nil {
		return nil, err
	}
	defer func() { d.last = time.Now() }()
	req, err := http.NewRequestWithContext(ctx, method, s.endpoint.String(), nil)
	if err != nil {
		return nil, err
	}
	head["HOST"] = []string{s.endpoint.Host}
	req.Header = head
	t := &http1.Transport{
		Limits:  http1.Limits{Head: 8 << 10, Body: 8 << 10},
		Timeout: limit,
		Trace:   s.o.Trace,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return s.o.Net.Dial(ctx, network, s.gateway.Local, address)
		},
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", method, resp.Status)
	}
	return resp, nil
}
