package emulator

import "sync"

// outbox hands events to Options.OnEvent one at a time and in order, without any lock held, so that the function may
// call the gateway.
type outbox struct {
	deliver func(Event)

	mu      sync.Mutex
	waiting []Event
	busy    bool
	held    int
}

func (o *outbox) add(e Event) {
	if o.deliver == nil {
		return
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, e)
	o.mu.Unlock()
}

// flush delivers what waits. When another goroutine is at it, that one delivers the rest.
func (o *outbox) flush() {
	if o.deliver == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy || o.held > 0 {
		return
	}
	o.busy = true
	defer func() { o.busy = false }()
	for len(o.waiting) > 0 && o.held == 0 {
		e := o.waiting[0]
		o.waiting = o.waiting[1:]
		o.hand(e)
	}
}

// hand gives e away with the lock open. The function may not come back: it may end its goroutine with t.Fatal.
func (o *outbox) hand(e Event) {
	o.mu.Unlock()
	defer o.mu.Lock()
	o.deliver(e)
}

// hold keeps events until release, after which somebody has to flush.
func (o *outbox) hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held++
}

func (o *outbox) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held--
}

// quietly does f without telling Options.OnEvent, and then tells it.
func (g *Gateway) quietly(f func()) {
	g.outbox.hold()
	f()
	g.outbox.release()
	g.outbox.flush()
}
