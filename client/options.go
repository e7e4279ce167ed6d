package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/statefile"
)

// Options say where to look for a gateway. The zero value searches by every interface of this machine.
type Options struct {
	// Net is the network to use. nil: this machine's.
	Net Net
	// Interface limits the search to the interface of this name. "": every interface that is up, but loopback.
	Interface string
	// Gateway names the gateway: the URL of its description (no search then), or its address, which is then searched by
	// unicast. It is trusted as given, loopback and host names too. "": search the network.
	Gateway string
	// SSDP is the host:port that searches go to instead of the multicast group, trusted as given. "": the group, and port
	// 1900 of each default gateway.
	SSDP string
	// Listen lets kept mappings hear announcements on UDP port 1900: then they are open again within a second of a gateway's reboot, and a
	// gateway is found that announces itself and answers no search. It also subscribes to the gateway's events, which come to a TCP port that
	// is open to the gateway only: a new external address or a mapping that goes is then seen at once where the gateway tells. Host firewalls may
	// ask the user about both. false: no port is opened for others to send to.
	Listen bool
	// STUN is the host:port of a STUN server that [Gateway.Truth] asks for the address it sees, trusted as given. "": nobody is asked.
	STUN string
	// Timeout bounds one Discover or Find as a whole. 0: 10 s. A search by itself ends after 1.8 s, or after 3.8 s when no
	// gateway has answered until then, and up to 1.5 s later when a default gateway that has answered takes long to describe itself. The fetch of a description ends after 3 s; when the gateway is named by Gateway or
	// SSDP and Timeout is set, with Timeout.
	Timeout time.Duration
	// Rand makes the jitter of renewals repeatable: each Map and Keep draws the seed of its own source from it, and each [New]. nil: the
	// runtime's. Calls that are given the same one must not run at the same time; a Client and the gateways of one search may be used as they are.
	Rand *rand.Rand
	// Cache is the file in which [Find] remembers the gateways that it chose: where they are, and what was learned about them. It is read beside
	// a search, so that a gateway that is still there is found without one, and trusted no more than an answer to a search. Several processes
	// may share it; [DefaultCache] names igdctl's. "": nothing is read or written.
	Cache string
	// Journal is the file in which it is written what [Map] and [Keep] open, until it is closed, so that what a crashed process left open is known: the next
	// one that wants the port adopts it, others remove it ([Gateway.RemoveLeftovers]), and all of it can be listed ([Gateway.JournalEntries]).
	// Several processes may share it; [DefaultJournal] names igdctl's. "": nothing is read or written.
	Journal string
	// Warn is told what went wrong beside what was asked for: a cache that cannot be written, one that was corrupt and is set aside, announcements
	// that cannot be listened to because another program has the port. It may be called by several goroutines. nil: nobody is told.
	Warn func(error)
	// Trace receives a dump of every datagram and HTTP exchange. nil: none. The writes of one call, and of one Client with all that it finds and keeps, are
	// serialised.
	Trace io.Writer

	shared   bool                         // Rand and Trace can be used by several goroutines at a time
	fresh    bool                         // what is remembered is not enough: it has just failed
	patience time.Duration                // for the description of a gateway that the user named
	ports    *statefile.Table[journalRow] // the journal, one for all that a Client or a Gateway does; nil: there is none
	program  string                       // the name of the same in the journal
	holders  *holders                     // the mappings of the same
}

// defaults fills in what the zero value stands for.
func (o Options) defaults() Options {
	if o.Net == nil {
		o.Net = host{}
	}
	if o.patience == 0 {
		o.patience = describeTimeout
		if o.Timeout > 0 {
			o.patience = o.Timeout
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	return o.share()
}

// share makes Rand, Trace and the journal such that all who are handed a copy of o can use them at the same time.
func (o Options) share() Options {
	if o.shared {
		return o
	}
	o.shared = true
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	o.Rand = sharedRand(o.Rand)
	o.ports, o.holders, o.program = o.journalTable(), new(holders), newName()
	if o.Trace != nil {
		o.Trace = &traceWriter{w: o.Trace}
	}
	return o
}

// warn tells an error of what.
func (o Options) warn(what string, err error) {
	if err != nil && o.Warn != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		o.Warn(fmt.Errorf("%s: %w", what, err))
	}
}

// sharedRand is r for several goroutines. A Rand of math/rand/v2 has no state but its source.
func sharedRand(r *rand.Rand) *rand.Rand { return rand.New(&sharedSource{source: r}) }

// sharedSource lets several goroutines draw from one source.
type sharedSource struct {
	mu     sync.Mutex
	source rand.Source
}

func (s *sharedSource) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Uint64()
}

// traceWriter lets parallel fetches share one trace: each Write arrives whole.
type traceWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *traceWriter) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(b)
}
