package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// maxNotifications is how many notifications wait for a slow subscriber. Beyond it the oldest is lost, which the gap in SEQ tells
// the subscriber (UDA 1.1 §4.2).
const maxNotifications = 64

// property is one evented variable with its value.
type property struct{ name, value string }

// notification is one event message for one subscriber.
type notification struct {
	seq        uint32
	properties []property
	due        time.Time     // when it is sent, by wall time
	delay      time.Duration // of wall time, which is in due, and comes again before each duplicate
	duplicate  int           // times that it is sent again
}

// apart keeps notifications from each other, and from the answer to the call that they are about. Of what happens in one moment nothing
// says which comes first; in fake time, with which that moment lasts until all is quiet, the journal would be another each time.
const apart = time.Microsecond

// slot is a moment for a notification which no other has. It needs the gateway's lock.
func (g *Gateway) slot() time.Time {
	now := time.Now()
	if g.slotted.After(now) {
		now = g.slotted
	}
	g.slotted = now.Add(apart)
	return g.slotted
}

// properties are all evented variables of s as they are now.
func (s *service) properties(st *state) []property {
	all := make([]property, len(s.events))
	for i, v := range s.events {
		all[i] = property{v.name, v.value(st, st.connections[s.wan])}
	}
	return all
}

// publish sends every subscriber what has changed since the last time. It needs the gateway's lock.
func (g *Gateway) publish() {
	defer func() { clear(g.state.hushed) }()
	if len(g.subscribers) == 0 {
		return
	}
	g.presence.root.visit(func(d *device) {
		for _, s := range d.services {
			if s.published == nil {
				continue
			}
			now := s.properties(g.state)
			var changed []property
			for i, p := range now {
				if p != s.published[i] && !g.state.hushed[hushed{s.wan, p.name}] {
					changed = append(changed, p)
				}
			}
			s.published = now
			if len(changed) == 0 {
				continue
			}
			changed = g.state.tellable(g.state.connections[s.wan], changed)
			for _, sub := range g.subscribers {
				if sub.service == s {
					g.notify(sub, changed)
					g.wake(sub)
				}
			}
		}
	})
}

// notify queues what sub is to be told, or what faults leave of it. It needs the gateway's lock.
func (g *Gateway) notify(sub *subscription, changed []property) {
	if g.faults.on(onEvent) == nil {
		sub.enqueue(notification{properties: changed, due: g.slot()})
		return
	}
	o := occasion{layer: onEvent, peer: sub.callbacks[0].peer, connection: g.state.connections[sub.service.wan]}
	for _, p := range changed {
		o.args = append(o.args, soap.Arg{Name: p.name, Value: p.value})
	}
	d := g.state.meet(&o)
	if d.dropped() {
		sub.skip()
		return
	}
	n := notification{due: g.slot().Add(d.delay), delay: d.delay, duplicate: d.duplicate}
	for _, a := range d.rewriteArgs(o.args, nil) {
		n.properties = append(n.properties, property{a.Name, a.Value})
	}
	sub.enqueue(n)
}

// enqueue appends n as the next.
func (s *subscription) enqueue(n notification) {
	n.seq = s.skip()
	s.queue = append(s.queue, n)
	if len(s.queue) > maxNotifications {
		s.queue = slices.Delete(s.queue, 0, 1)
	}
}

// skip takes the next SEQ: 0, 1, 2 … which goes on from 1 after the greatest (UDA 1.1 §4.3.2).
func (s *subscription) skip() (seq uint32) {
	seq = s.seq
	if s.seq++; s.seq == 0 {
		s.seq = 1
	}
	return seq
}

// release lets the notifications of a new subscriber go.
func (g *Gateway) release(sub *subscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sub.held = false
	for i := range sub.queue {
		sub.queue[i].due = g.slot().Add(sub.queue[i].delay)
	}
	g.wake(sub)
}

// wake starts the delivery of what waits for sub, unless it runs or may not. It needs the gateway's lock.
func (g *Gateway) wake(sub *subscription) {
	if sub.held || sub.busy || g.closed || g.down || len(sub.queue) == 0 {
		return
	}
	sub.busy = true
	p := g.presence
	p.wg.Go(func() { g.deliver(p, sub) })
}

// deliver sends what waits for sub until nothing does. A subscription outlives a delivery that fails (UDA 1.1 §4.2).
func (g *Gateway) deliver(p *presence, sub *subscription) {
	for {
		g.mu.Lock()
		if len(sub.queue) == 0 || g.closed {
			sub.busy = false
			g.mu.Unlock()
			return
		}
		n := sub.queue[0]
		sub.queue = slices.Delete(sub.queue, 0, 1)
		g.mu.Unlock()
		wait := time.Until(n.due)
		for range 1 + n.duplicate {
			if !http1.Pause(p.ctx, wait) {
				break
			}
			g.send(p, sub, n)
			wait = n.delay
		}
	}
}

// send tries the callbacks in their order until one takes the notification.
func (g *Gateway) send(p *presence, sub *subscription, n notification) {
	body := n.body()
	for _, callback := range sub.callbacks {
		status, err := 0, errors.New("not called: the address is not the emulator's")
		if g.mayCall(callback.peer.Addr(), sub.peer) {
			status, err = p.notifier.post(callback.url, sub.sid, n.seq, body)
		}
		e := Entry{Time: g.options.Clock.Now(), Kind: "gena.notify", Peer: callback.peer, Name: sub.service.urn(), Status: status}
		e.Details = Details{{"sid", sub.sid}, {"seq", ui4(n.seq)}, {"callback", callback.url}}
		for _, v := range n.properties {
			e.Details = append(e.Details, Detail{v.name, v.value})
		}
		if err != nil {
			e.Details = append(e.Details, Detail{"error", err.Error()})
		}
		g.journal.add(e)
		if err == nil && status/100 == 2 {
			return
		}
	}
}

// mayCall reports whether something may be sent to addr for a host that asked for it.
func (g *Gateway) mayCall(addr, asker netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return addr == asker.Unmap().WithZone("") || addr.IsLoopback() || g.enclosed()
}

// body is the property set (UDA 1.1 §4.3.2).
func (n notification) body() []byte {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0"`)
	set := doc.CreateElement("e:propertyset")
	set.CreateAttr("xmlns:e", "urn:schemas-upnp-org:event-1-0")
	for _, p := range n.properties {
		set.CreateElement("e:property").CreateElement(p.name).SetText(p.value)
	}
	return writeXML(doc)
}

// notifier sends events, for each subscription one at a time.
type notifier struct {
	ctx       context.Context
	transport http1.Transport
}

func (n *notifier) init(ctx context.Context, g *Gateway) {
	n.ctx = ctx
	n.transport.Timeout = timeout
	n.transport.Limits = http1.Limits{Head: 8 << 10, Body: 8 << 10}
	n.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return g.options.Net.Dial(ctx, network, g.local(), address)
	}
}

func (n *notifier) post(callback, sid string, seq uint32, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(n.ctx, "NOTIFY", callback, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("emulator: callback: %w", err)
	}
	req.Header = http.Header{
		"CONTENT-TYPE": {xmlType},
		"NT":           {"upnp:event"},
		"NTS":          {"upnp:propchange"},
		"SID":          {sid},
		"SEQ":          {ui4(seq)},
	}
	resp, err := n.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}
