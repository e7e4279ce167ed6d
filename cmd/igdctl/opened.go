package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
)

// opened is what came of one SPEC.
type opened struct {
	spec    spec
	mapping *client.Mapping // nil when it failed
	err     error
	before  []client.JournalEntry // that this user had opened before, where its end may come earlier now
	journal []client.JournalEntry // as it is now, where something is shared
	through bool                  // on the routers beyond too
	seen    netip.Addr            // by a STUN server; zero when none was asked or none told
	entries []client.Entry        // that were open when it was closed
}

// shared tells whether anything that is open of it was opened before, by another program or to stay longer.
func (x opened) shared() bool {
	return x.mapping != nil && slices.ContainsFunc(x.mapping.Entries(), func(e client.Entry) bool { return e.Shared })
}

// notPublic is the error of a port that is open where the Internet does not come, when that was asked for.
func (x opened) notPublic(o openFlags) error {
	if !o.requirePublic || x.mapping == nil {
		return nil
	}
	r := x.reach()
	if r.verdict == client.Public {
		return nil
	}
	closing := x.closing()
	if o.keep {
		closing = ""
	}
	return &specError{command: "open", spec: x.spec, err: &notPublicError{r, closing}}
}

// closing is the SPEC that closes what was opened: its external port may be another than was asked for.
func (x opened) closing() string {
	sp := x.spec
	sp.external = x.mapping.External().Port()
	if x.through {
		return "--through " + sp.String()
	}
	return sp.String()
}

// reach is the external address of a mapping with its verdict: none when the gateway said that it has none, unknown when it did not
// say.
func (x opened) reach() reach {
	r := reach{address: x.mapping.External().Addr(), verdict: x.mapping.Verdict(), seen: x.seen, through: x.through}
	if r.address.IsValid() {
		r.verdict = client.Compare(r.address, r.seen)
	}
	return r
}

// openRows are the open entries for people.
func openRows(all []opened) (rows [][]string) {
	for _, x := range all {
		if x.mapping == nil {
			continue
		}
		for _, e := range x.mapping.Entries() {
			rows = append(rows, []string{openName(e), "leads to " + e.Internal.String(), x.untilText(e)})
		}
	}
	return rows
}

// openName is what peers connect to, "203.0.113.7:8080/tcp"; without an address while the gateway does not tell it.
func openName(e client.Entry) string {
	name := portName(e)
	if a := e.External.Addr(); a.IsValid() {
		name = a.String() + ":" + name
	}
	return name
}

// untilText is the end of the lease as granted; that of the process that keeps the entry and will close it, where it is another one.
func (x opened) untilText(e client.Entry) string {
	for _, k := range x.journal {
		if e.Shared && k.Kept && k.ExternalPort == e.External.Port() && k.Protocol == e.Protocol && k.RemoteHost == e.RemoteHost {
			return fmt.Sprintf("until process %d ends, which keeps it open", keeperOf(k))
		}
	}
	switch {
	case e.Lease.Permanent():
		return "until it is closed"
	case e.Expires.IsZero():
		return "for a time that the gateway does not tell"
	}
	return fmt.Sprintf("until %s (%s)", endText(e.Expires, time.Now()), span(e.Lease.Granted))
}

// warnAbout says what will disappoint about ports that are open.
func (a *app) warnAbout(ctx context.Context, g *client.Gateway, all []opened, o openFlags) {
	a.sayElsewhere(ctx, g, all)
	for _, x := range all {
		if x.mapping == nil {
			continue
		}
		for _, e := range x.mapping.Entries() {
			switch {
			case a.warnShared(e):
			case e.Disabled:
				a.Warn("the gateway shows that %s is switched off: it may let nobody in", portName(e))
			case !e.Verified:
				a.Warn("the gateway accepted %s, and does not show that it is there", portName(e))
			}
			a.saySooner(x, e)
			a.warnListener(ctx, e, o.to != "")
		}
	}
	if !o.requirePublic {
		a.warnAddress(all)
	}
}

// saySooner says of an entry that ends earlier than the user wanted before, as was asked for.
func (a *app) saySooner(x opened, e client.Entry) {
	for _, b := range x.before {
		sooner := b.Ends.IsZero() || b.Ends.Sub(e.Expires) > time.Minute
		if e.Shared || e.Expires.IsZero() || !sooner || b.ExternalPort != e.External.Port() || b.Protocol != e.Protocol {
			continue
		}
		was := "until it is closed"
		if !b.Ends.IsZero() {
			was = "until " + endText(b.Ends, time.Now())
		}
		a.Say("%s was to stay open %s; its end comes earlier now, as --for says", portName(e), was)
	}
}

// warnShared says of an entry that is not ours to renew and close that it is not, and tells whether it is one.
func (a *app) warnShared(e client.Entry) bool {
	if e.Shared {
		a.Warn("%s was opened before (%q); it is left as it is", portName(e), e.Description)
	}
	return e.Shared
}

// portName is the external port as people write it, "8080/tcp".
func portName(e client.Entry) string {
	return fmt.Sprintf("%d/%s", e.External.Port(), strings.ToLower(e.Protocol))
}

// sayElsewhere says of every port that is open in place of another who has the one that was asked for.
func (a *app) sayElsewhere(ctx context.Context, g *client.Gateway, all []opened) {
	for _, x := range all {
		if x.mapping == nil || x.mapping.External().Port() == x.spec.external {
			continue
		}
		got := x.spec
		got.external = x.mapping.External().Port()
		why := fmt.Sprintf("the gateway does not give %s away", x.spec.outside())
		for _, protocol := range x.spec.protocols() {
			asking, cancel := a.limit(ctx)
			m, err := g.PortMapping(asking, client.Key{ExternalPort: x.spec.external, Protocol: protocol})
			cancel()
			if err == nil {
				why = fmt.Sprintf("%s already %s", externalText(m), leadsTo(m, g.Local.String()))
				break
			}
		}
		a.Say("%s; %s is open instead", why, got.outside())
	}
}

// warnAddress says once that the external address is none that the Internet reaches.
func (a *app) warnAddress(all []opened) {
	for _, x := range all {
		if x.mapping == nil {
			continue
		}
		a.warnReach(x, x.reach())
		return
	}
}

// warnReach says that an address of x is none that the Internet reaches, if it is none.
func (a *app) warnReach(x opened, r reach) {
	if r.verdict != client.Public {
		a.Warn("%s", r.sentence())
		a.Hint(a.sixFirst(x.spec, r.hints())...)
	}
}

type openedJSON struct {
	mappingJSON
	External *netip.AddrPort       `json:"external"` // null while the gateway does not tell its address
	Verified bool                  `json:"verified"` // the gateway shows the entry as it was asked for
	Reach    client.AddressVerdict `json:"reach"`    // verdict on the external address
	Trace    []stepJSON            `json:"trace"`
	Error    *failureJSON          `json:"error,omitempty"`
}

func (a *app) showOpenedJSON(g *client.Gateway, all []opened, o openFlags) error {
	doc := struct {
		Mappings []openedJSON `json:"mappings"`
		Error    *failureJSON `json:"error,omitempty"` // of the first that failed
	}{Mappings: []openedJSON{}}
	var first error
	for _, x := range all {
		err := errors.Join(x.err, x.notPublic(o))
		if first == nil && err != nil {
			first = err
			doc.Error = explain(err).json()
		}
		doc.Mappings = append(doc.Mappings, x.shapes(g, err)...)
	}
	a.Document(doc)
	if first == nil {
		return nil
	}
	return &saidError{first}
}

// shapes are the entries of one SPEC; those that were asked for when there are none.
func (x opened) shapes(g *client.Gateway, err error) []openedJSON {
	var failed *failureJSON
	if err != nil {
		failed = explain(err).json()
	}
	var out []openedJSON
	if x.mapping == nil {
		var steps []client.Step
		if e, ok := errors.AsType[*client.MapError](err); ok {
			steps = e.Trace
		}
		for _, protocol := range x.spec.protocols() {
			out = append(out, openedJSON{
				mappingJSON: mappingJSON{Protocol: protocol, ExternalPort: x.spec.external, InternalPort: x.spec.internal},
				Reach:       client.Unknown,
				Trace:       traceShape(steps),
				Error:       failed,
			})
		}
		return out
	}
	verdict := x.reach().verdict
	for _, e := range x.mapping.Entries() {
		out = append(out, openedJSON{
			mappingJSON: entryShape(e, g),
			External:    known(e.External, e.External.Addr().IsValid()),
			Verified:    e.Verified,
			Reach:       verdict,
			Trace:       traceShape(x.mapping.Trace()),
			Error:       failed,
		})
	}
	return out
}

func entryShape(e client.Entry, g *client.Gateway) mappingJSON {
	return mappingJSON{
		Protocol:       e.Protocol,
		ExternalPort:   e.External.Port(),
		InternalClient: e.Internal.Addr().String(),
		InternalPort:   e.Internal.Port(),
		Description:    e.Description,
		Enabled:        true,
		LeaseSeconds:   known(int64(e.Lease.Granted/time.Second), e.Lease.Known),
		RemoteHost:     e.RemoteHost,
		Mine:           e.Internal.Addr() == g.Local.Unmap(),
	}
}
