// Package http1 reads and writes HTTP/1 as gateways speak it.
//
// It is not a general HTTP library. net/http corrects or refuses what routers get wrong: it canonicalises header names,
// hides read boundaries, refuses a header line without a colon, and splits or chunks as it sees fit. This package keeps
// every byte of a head, its order, its spelling and the sizes of the reads that brought it, reads on where a strict reader
// gives up, names each thing it forgave, and writes a message exactly as told, in one Write, because some routers consider
// only the first segment (quirk soap-one-segment).
//
// [Transport] is the client side, an [net/http.RoundTripper]; [Server] is the connection loop of the emulator. Everything
// read is capped by [Limits] and bounded in time.
package http1

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Field is one header line. Name is spelled as received or as it is to be sent; what was received has no white space around
// Value.
type Field struct {
	Name, Value string
	// Colon is what is written between the two, say ":" or " : "; "" is ": ", and ":" before an empty Value. A reader leaves it "".
	Colon string
}

// Fields are the header lines of one head in their order.
type Fields []Field

// Get returns the value of the first field called name in any case, "" when there is none.
func (f Fields) Get(name string) string {
	v, _ := f.Lookup(name)
	return v
}

// Lookup is Get that tells an empty value from an absent field.
func (f Fields) Lookup(name string) (string, bool) {
	for i := range f {
		if len(f[i].Name) == len(name) && strings.EqualFold(f[i].Name, name) {
			return f[i].Value, true
		}
	}
	return "", false
}

// Header gives the fields as net/http knows them: canonical names, order lost.
func (f Fields) Header() http.Header {
	h := make(http.Header, len(f))
	for i := range f {
		h.Add(f[i].Name, f[i].Value)
	}
	return h
}

// Head is a request or response head as it arrived.
type Head struct {
	Line   string // the start line without its line end
	Fields Fields
	Raw    []byte // every byte of the head, through the empty line
	// Reads are the sizes of the reads that delivered this message, head and body. Bytes that came with the message before it on
	// the same connection count as the first read. From the 64th on they are summed up in the last.
	Reads []int
	// Forgiven are the ids of the quirks that the reader put up with, each once.
	Forgiven []string
}

func (h *Head) forgive(id string) {
	for _, f := range h.Forgiven {
		if f == id {
			return
		}
	}
	h.Forgiven = append(h.Forgiven, id)
}

// Request is a request as it arrived. Method, Target and Version are spelled as received.
type Request struct {
	Head
	Method, Target, Version string
	Body                    []byte

	// What follows is zero when the request did not come from a [Server].
	Remote, Local netip.AddrPort
	Conn          uint64 // number of the connection, from 1 in the order they were accepted
	InFlight      int    // requests of all connections that began before this one and are not yet answered, and this one
	HalfClosed    bool   // what AwaitEnd has found

	awaitEnd func(time.Duration) bool // nil: there is nobody who could say more
}

// AwaitEnd waits until the peer has closed its half of the connection behind the request, no longer than d, and notes in HalfClosed
// whether it has. It is for [Server.Handle].
func (q *Request) AwaitEnd(d time.Duration) {
	if q.awaitEnd != nil {
		q.HalfClosed = q.awaitEnd(d)
	}
}

// Response is a response as it arrived.
type Response struct {
	Head
	Version string // as received, "" when the status line has none
	Status  int
	Reason  string
	Body    []byte
}
