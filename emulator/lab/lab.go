// Package lab runs programs that nobody can change in a network of their own, made of Linux namespaces, without root: one
// with [Run] behind one gateway, or several with [RunNetwork] in several homes and on the Internet between them. They find the
// gateway as they would find a router at home, by multicast and on their default route; nothing on the machine sees it, and
// nothing is left behind however it ends.
//
// The caller of Run starts its own executable again as the first process of new namespaces. That one stands on all gateways and
// on the Internet at once: it runs what the program hands to [Child] (emulators, usually) and starts the
// commands, each host in a network namespace of its own. So a program that uses Run begins with
//
//	func main() {
//		if lab.IsChild() {
//			os.Exit(lab.Child(lab.Ready(start)))
//		}
//		…
//	}
//
// and a test binary does the same in its TestMain. The package knows nothing about scenarios or emulators: what runs on
// the gateway is a document that Run carries to [Prepare] unread.
//
// Where namespaces are closed to ordinary users, Run and [Check] return an [*UnavailableError] that says why and what to do.
package lab

import (
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"time"
)

// Options describe one lab. The zero value is a LAN with nothing running on its gateway.
type Options struct {
	// Spec is handed to the Prepare of Child as it is. It may be empty.
	Spec []byte

	Dir    string    // where the command runs; "": the current directory
	Env    []string  // the command's environment; nil: os.Environ(). Variables named IGD_… are left out of either.
	Stdin  *os.File  // nil: empty
	Stdout io.Writer // nil: discarded. An *os.File is passed on as it is, terminals included.
	Stderr io.Writer // nil: discarded; the same

	// Lean makes a lab also where the kernel cannot translate addresses: then the gateways stand there, and nothing leads through them.
	Lean bool

	// Grace is the time that the command has to end after SIGTERM, SIGHUP or the end of the context; then everything is
	// killed. 0 means 900 ms.
	Grace time.Duration

	// OnReport is called with each document that Start sent through Site.Report, one at a time and in order; all of them
	// have been delivered when Run returns. nil: they are dropped. The gateway waits while it runs.
	OnReport func(report json.RawMessage)
}

func (o Options) defaults() Options {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Grace == 0 {
		o.Grace = 900 * time.Millisecond
	}
	return o
}

// Prepare makes ready what runs on the gateway, as far as this takes no network: that is made at the same time. spec is Options.Spec. What it
// returns is called when the network stands; an error ends the lab.
type Prepare func(spec []byte) (Start, error)

// Ready is a Prepare that has nothing to make ready.
func Ready(start Start) Prepare { return func([]byte) (Start, error) { return start, nil } }

// Start starts what runs on the gateway. It is called in the gateway's namespace, in a process of its own, before the
// command starts; the command does not start when it fails. ctx ends with the lab. Close of what it returns (which may be nil) is
// called when the command has ended and gets half a second.
//
// Start must not start processes: its process is the init of the lab, which reaps every child it sees.
type Start func(ctx context.Context, s Site) (io.Closer, error)

// Site is where gateways stand. The process itself stands on the first.
type Site struct {
	Spec   []byte  // Options.Spec
	Place          // of the first gateway
	Places []Place // of all, as Network.Gateways

	// Internet calls f where the Internet's own addresses are: [STUN], [OtherSTUN] and [Resolver].
	Internet func(f func() error) error

	// Report sends a value as JSON to Options.OnReport. It may be called until Close has returned, by any goroutine.
	Report func(v any) error
}

// wanAddr is the address that the ideal gateway has on the Internet's side. It looks public, because clients refuse a gateway whose address is
// one for documentation, and nothing that is sent to it gets out.
func wanAddr() netip.Addr { return netip.MustParseAddr("45.66.77.88") }
