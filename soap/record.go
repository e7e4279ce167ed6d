package soap

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Recording is what a [Transport] learned of one call. It is for one action at a time: a later call with the same context
// replaces what an earlier one left. It may be used by several goroutines.
type Recording struct {
	mu sync.Mutex
	c  call
}

// call is one exchange.
type call struct {
	err     error // why it failed
	soft    error // what is wrong with an answer that a caller without out-arguments may still take as success
	quirks  quirks
	values  []Arg
	unknown []string
}

type recordingKey struct{}

// Record returns a context whose SOAP call through a [Transport] is recorded.
func Record(ctx context.Context) (context.Context, *Recording) {
	r := new(Recording)
	return context.WithValue(ctx, recordingKey{}, r), r
}

func recordingOf(ctx context.Context) *Recording {
	r, _ := ctx.Value(recordingKey{}).(*Recording)
	return r
}

func (r *Recording) set(c call) {
	if r == nil {
		return
	}
	slices.Sort(c.quirks)
	r.mu.Lock()
	r.c = c
	r.mu.Unlock()
}

// Err returns the true error of the call that failed with err, which goupnp has flattened: an [*Error], [*HTTPError],
// [*LimitError] or [*SyntaxError], or what the network or the context gave, so that [errors.Is] and [errors.As] reach net
// and context errors. It is err itself when nothing better is known, and nil when err is nil.
func (r *Recording) Err(err error) error {
	if err == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.c.err != nil:
		return r.c.err
	case r.c.soft != nil:
		return r.c.soft
	}
	return err
}

// Quirks returns the sorted ids of what was forgiven, among them those of the constants of this package.
func (r *Recording) Quirks() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone([]string(r.c.quirks))
}

// Values returns the out-arguments as received, before anything was made canonical; nil when there were none.
func (r *Recording) Values() []Arg {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.c.values)
}

// Unknown reports whether the device did not give a readable value for arg: it is missing, or it is no number or boolean
// where the standard has one. What the caller was handed in its place only parses and must not be taken for a fact. True for
// any name when there was no answer.
func (r *Recording) Unknown(arg string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.c.unknown, arg) {
		return true
	}
	if arg == "NewReservedPort" && slices.Contains(r.c.quirks, AddAnyNamesExternalPort) {
		return false
	}
	return !slices.ContainsFunc(r.c.values, func(a Arg) bool { return strings.EqualFold(a.Name, arg) })
}
