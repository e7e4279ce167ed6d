package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Entry is one row in the gateway's table that belongs to a Mapping.
type Entry struct {
	Protocol    string         // "TCP" or "UDP"
	External    netip.AddrPort // Addr is invalid while the gateway does not tell its address
	Internal    netip.AddrPort
	RemoteHost  string    // empty: everyone may connect
	Description string    // as the gateway shows it, or as sent when it shows nothing
	Lease       Lease     // really granted
	Expires     time.Time // by our clock; zero when permanent or unknown

	// Verified: the gateway showed the entry as it should be when it was last read.
	// Some gateways hide entries that work, so false is a doubt and not a failure.
	Verified bool

	// Disabled: the gateway shows the entry, and that it is switched off: then it may let nobody in.
	Disabled bool

	// Shared: the entry was there before, and leads to the same place. Another mapping of this Client opened it, or another program of this host, as its
	// description or Options.Journal tells, and keeps it or wants it to stay open longer: it is neither renewed nor deleted. When it ends it is ours to open,
	// and ours when the other mapping is closed. What leads through several gateways is shared when it is on all of them.
	Shared bool
}

// String is the entry as "203.0.113.7:8080/TCP → 192.168.1.10:80".
func (e Entry) String() string {
	ext := e.External.String()
	if !e.External.Addr().IsValid() {
		ext = fmt.Sprintf("?:%d", e.External.Port())
	}
	return fmt.Sprintf("%s/%s → %s", ext, e.Protocol, e.Internal)
}

// A Mapping is what came of a Request: one entry, or two when the protocol is both. Its
// methods may be called by several goroutines.
type Mapping struct {
	req     Request                                               // with defaults
	find    func(ctx context.Context, stale *peer) (*peer, error) // stale did not answer; nil: none
	client  *Client                                               // whose signs a keeper heeds; nil: nobody's
	unheard bool                                                  // the gateway is beyond ours: what it announces does not come here
	rand    *rand.Rand                                            // used by whoever opens first, then by the keeper
	born    time.Time
	trace   trace

	forwards sync.WaitGroup // of the outer mapping's events

	life[Event]
	outer   *Mapping // on the gateway that gw stands behind; nil: none is needed, or wanted
	gw      *peer    // the gateway last known, nil before
	plan    *planner
	held    []held
	estate  []held     // handed over to it by other mappings, and not taken up yet
	wanted  uint16     // the external port to ask for: the one held last
	address netip.Addr // the external address last known; zero: it has or tells none
	told    bool       // the gateway has said what its address is, or that it has none
	signs   chan sign  // of the keeper, nil when there is none or nobody has any for it
	over    bool       // the keeper has ended, or is about to
}

// held is an Entry with what the keeper knows about it.
type held struct {
	Entry
	asked time.Duration // the lease asked for, 0 permanent
	added time.Time     // when it was added or renewed last; zero when it was found
	ends  time.Time     // when the lease runs out, as asked when it is unknown; zero when it does not
	renew time.Time     // when to renew it; zero: never
	shown bool          // the gateway has shown it since it was added
	lost  bool          // it is not open now, and this was told
	short int           // so many times in a row it was gone long before its lease was over
	fresh bool          // accepted a moment ago: what stands in its place is ours
	doubt bool          // nobody knows whether the gateway heard the add, or it is another one by now
}

func (h held) key() Key {
	return Key{RemoteHost: h.RemoteHost, ExternalPort: h.External.Port(), Protocol: h.Protocol}
}

func newMapping(req Request, o Options, find func(context.Context, *peer) (*peer, error)) *Mapping {
	return &Mapping{
		req:    req,
		born:   time.Now(),
		wanted: req.ExternalPort,
		find:   find,
		rand:   ownRand(o.Rand),
		life:   newLife[Event](),
	}
}

// ownRand is a source that no other goroutine uses, seeded from r.
func ownRand(r *rand.Rand) *rand.Rand {
	if r == nil {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
}

// External is the address and port that peers connect to, on the outermost gateway. Its Addr is invalid while the
// gateway does not tell its address, its port 0 while nothing is open. An address that is
// not public is returned as it is; see Judge.
func (m *Mapping) External() netip.AddrPort {
	if outer := m.beyond(); outer != nil {
		return outer.External()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.held) == 0 {
		return netip.AddrPortFrom(m.address, 0)
	}
	return m.held[0].External
}

// Verdict is what the external address is worth, by its range alone: None when the outermost gateway says that it has none, Unknown when it
// has not told.
func (m *Mapping) Verdict() AddressVerdict {
	if outer := m.beyond(); outer != nil {
		return outer.Verdict()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.told {
		return Unknown
	}
	return Judge(m.address)
}

// learnAddress takes up the external address as planner.address gives it. mu is held.
func (m *Mapping) learnAddress(told netip.Addr) {
	if m.address = told; told.IsUnspecified() {
		m.address = netip.Addr{}
	}
	m.told = told.IsValid()
}

// Entries lists what is open now. What leads through several gateways is listed when it is open on all of them, with the external address
// and port of the outermost, and the end that comes first.
func (m *Mapping) Entries() []Entry {
	out := m.entries()
	if outer := m.beyond(); outer != nil {
		return through(out, outer.Entries())
	}
	return out
}

// entries are those of the gateway itself.
func (m *Mapping) entries() []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Entry
	for _, h := range m.held {
		if !h.lost {
			out = append(out, h.Entry)
		}
	}
	return out
}

// Events tells what happens to the mapping, on one channel for all callers. It holds the
// last 64 events for a reader that is slow; older ones are dropped, because keeping the port open
// does not wait for a reader. It is closed when nothing more will happen.
func (m *Mapping) Events() <-chan Event { return m.events.ch }

// Trace is what was asked of the gateway so far and what it answered, the last hundred steps or
// so of each gateway, ours first.
func (m *Mapping) Trace() []Step {
	all := m.trace.all()
	if outer := m.beyond(); outer != nil {
		all = append(all, outer.Trace()...)
	}
	return all
}

// Hops is how many gateways the mapping leads through: 1, or more with [Request].Through.
func (m *Mapping) Hops() int {
	n := 0
	for at := m; at != nil; at = at.beyond() {
		n++
	}
	return n
}

// Err is why the mapping is not wholly open, nil when it is or when it was closed.
func (m *Mapping) Err() error {
	m.mu.Lock()
	err, outer := m.err, m.outer
	m.mu.Unlock()
	if err == nil && outer != nil {
		return outer.Err()
	}
	return err
}

// Wait returns when everything is open for the first time, or with the reason why it will never
// be, or with ctx's error. That of a mapping that is not kept any more, and was never open, is [ErrClosed].
func (m *Mapping) Wait(ctx context.Context) error { return m.wait(ctx, m.Err) }

// Close stops renewing and deletes the entries, after a look at each whether it is still
// ours: one that another program has taken over, or had from the start, stays, and so does one that another mapping of this Client has. It takes 10 s
// at most, and less when ctx ends before. The outermost gateway comes first, and the others whatever it says. After an error it may be called again; when nothing
// is left it does nothing.
func (m *Mapping) Close(ctx context.Context) error {
	return m.close(ctx, func(ctx context.Context) error { return errors.Join(m.closeOuter(ctx), m.releaseAll(ctx)) })
}

// releaseAll deletes what is held. What could not be deleted stays held.
func (m *Mapping) releaseAll(ctx context.Context) error {
	m.takeUp()
	m.mu.Lock()
	gw, plan, rest := m.gw, m.plan, slices.Clone(m.held)
	m.mu.Unlock()
	if plan == nil {
		return nil
	}
	if err := gw.turn.lock(ctx); err != nil {
		return fmt.Errorf("close mapping: %w", err)
	}
	defer gw.turn.unlock()
	var errs []error
	shared := slices.DeleteFunc(slices.Clone(rest), func(h held) bool { return !h.Shared || len(gw.holders.of(m, gw, h.key())) > 0 })
	gw.journal.letGo(ctx, shared, plan.own())
	rest = slices.DeleteFunc(rest, func(h held) bool {
		if h.Shared {
			return true
		}
		err := plan.insist(ctx, h)
		if err != nil {
			errs = append(errs, fmt.Errorf("close %d/%s: %w", h.External.Port(), strings.ToLower(h.Protocol), err))
		}
		return err == nil
	})
	if err := plan.sweep(ctx, nil); err != nil {
		errs = append(errs, fmt.Errorf("close what was left: %w", err))
	}
	m.reduce(rest)
	m.setErr(nil)
	return errors.Join(errs...)
}
