package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/soap"
)

const (
	// maxEntries bounds a listing: one for each value of NewPortMappingIndex.
	maxEntries = 1 << 16
	// maxIdle bounds how many answers in a row may bring nothing new. Sagemcom routers begin with dozens of templates; others
	// repeat their last entry for ever.
	maxIdle = 512
	// maxRepeats bounds how often in a row an entry may come again. Once happens, when an entry is deleted while we list.
	maxRepeats = 2
	// maxPasses bounds how often a table that changes is read.
	maxPasses = 4
)

// PortMappings lists the gateway's table, in the gateway's order. A gateway of version 2 is asked for everything at once
// (GetListOfPortMappings), any other, or one that will not, entry by entry. An error ends the listing; a gateway that
// refuses to list at all is a *soap.Error, while an empty table is no error.
//
// Entries that lead nowhere (no client) are left out. The table may change while it is read: what was there all the time is listed, none
// comes twice, and one that has gone meanwhile may be among them. Entry by entry the table is read at least twice for that, and four times
// at most.
func (g *Gateway) PortMappings(ctx context.Context) iter.Seq2[PortMapping, error] {
	return func(yield func(PortMapping, error) bool) {
		if g.Service.Version() >= 2 {
			// Nothing at all may mean that only our own are shown: the index knows better, and costs one more question.
			if all := g.listAtOnce(ctx); len(all) > 0 {
				for _, m := range all {
					if !yield(m, nil) {
						return
					}
				}
				return
			}
		}
		if err := g.listByIndex(ctx, func(m PortMapping) bool { return yield(m, nil) }); err != nil {
			yield(PortMapping{}, fmt.Errorf("list port mappings: %w", err))
		}
	}
}

// maxRanges bounds how many ranges of ports a gateway is asked for, for one listing: a table of thousands of rows needs a few.
const maxRanges = 64

// listAtOnce gives nothing when the gateway does not list so.
func (g *Gateway) listAtOnce(ctx context.Context) []PortMapping {
	l := &atOnce{gateway: g, seen: make(map[Key]bool)}
	for _, protocol := range []string{"TCP", "UDP"} {
		if l.list(ctx, protocol, 1, 1<<16-1) != nil {
			return nil
		}
	}
	return l.all
}

// atOnce is a listing by ranges.
type atOnce struct {
	gateway *Gateway
	asked   int // ranges
	seen    map[Key]bool
	all     []PortMapping // maxEntries at most, and none twice
}

var errTooManyRanges = errors.New("the listing of every range is too large")

// list lists the external ports from first to last. A table whose listing is larger than we read is listed by halves. Rows that were not asked for are left
// out: a gateway that does not heed the protocol or the range says the same each time.
func (l *atOnce) list(ctx context.Context, protocol string, first, last int) error {
	if l.asked++; l.asked > maxRanges {
		return errTooManyRanges
	}
	g := l.gateway
	ctx = within(ctx, actionTimeout) // a table of thousands
	in := struct{ NewStartPort, NewEndPort, NewProtocol, NewManage, NewNumberOfPorts string }{
		NewStartPort: strconv.Itoa(first), NewEndPort: strconv.Itoa(last), NewProtocol: protocol,
		NewManage: "1", NewNumberOfPorts: "0", // everybody's, and all of them
	}
	var out struct{ NewPortListing string }
	_, err := g.perform(ctx, "GetListOfPortMappings", &in, &out)
	var limit *soap.LimitError
	var refused *soap.Error
	switch {
	case errors.As(err, &limit) && first < last:
		middle := (first + last) / 2
		if err := l.list(ctx, protocol, first, middle); err != nil {
			return err
		}
		return l.list(ctx, protocol, middle+1, last)
	case errors.As(err, &refused) && refused.Code == soap.PortMappingNotFound:
		return nil
	case err != nil:
		return err
	}
	entries, quirks, err := soap.ParsePortListing(out.NewPortListing)
	g.forgive(quirks...)
	if err != nil {
		return err
	}
	for _, e := range entries {
		m := PortMapping{RemoteHost: readRemoteHost(e.RemoteHost), ExternalPort: e.ExternalPort, Protocol: strings.ToUpper(e.Protocol),
			InternalPort: e.InternalPort, InternalClient: e.InternalClient, Enabled: e.Enabled, Description: e.Description,
			Lease: e.Lease, LeaseKnown: !slices.Contains(e.Unknown, "NewLeaseTime")}
		at := max(int(m.ExternalPort), 1) // 0 is every port, and no range has it
		if !m.leads() || m.Protocol != protocol || at < first || at > last || l.seen[m.Key()] || len(l.all) >= maxEntries {
			continue
		}
		l.seen[m.Key()] = true
		l.all = append(l.all, m)
	}
	return nil
}

// readTable reads the table once, at once where the gateway lists so, or else its first rows entries by their index. Entries that move up meanwhile are
// passed over: what is missing is to be asked for by itself.
func (g *Gateway) readTable(ctx context.Context, rows int) ([]PortMapping, error) {
	if g.Service.Version() >= 2 {
		if all := g.listAtOnce(ctx); len(all) > 0 {
			return all, nil
		}
	}
	var all []PortMapping
	if rows == 0 {
		return nil, nil
	}
	_, _, err := g.readPass(ctx, nil, make(map[Key]bool), func(m PortMapping) bool {
		all = append(all, m)
		return len(all) < rows
	})
	return all, err
}

// leads tells whether an entry of a table is a mapping, and not one of the templates that some tables hold.
func (m PortMapping) leads() bool { return m.InternalClient != "" && m.Protocol != "" }

// listByIndex asks for one entry after another until the gateway says that there are no more, in one of the ways that
// gateways say it. When a row goes while the table is read, those behind it move up, and one is passed over without a sign; so the
// table is read again from 0 until two passes are alike: then nothing that was there all the time was missed. What goes wrong in a later
// pass ends the listing without an error, as all that the first one showed has been told.
func (g *Gateway) listByIndex(ctx context.Context, each func(PortMapping) bool) error {
	seen := make(map[Key]bool)
	var before []Key
	for pass := range maxPasses {
		rows, ended, err := g.readPass(ctx, before, seen, each)
		switch {
		case err != nil && pass == 0:
			return err
		case err != nil, ended, len(rows) == 0, pass > 0 && slices.Equal(rows, before):
			return nil
		}
		before = rows
	}
	return nil
}

// readPass reads the table once and hands on what was not seen. It gives the rows by their index; the zero Key is one that leads nowhere.
// ended tells that there is nothing more to read: each wants no more, or the table has no end.
func (g *Gateway) readPass(ctx context.Context, before []Key, seen map[Key]bool, each func(PortMapping) bool) (rows []Key, ended bool, err error) {
	idle, repeats := 0, 0
	here := make(map[Key]bool)
	for i := range maxEntries {
		m, err := g.entry(ctx, i)
		switch {
		case endOfList(err):
			return rows, false, nil
		case err != nil:
			return rows, false, err
		case !m.leads():
			rows = append(rows, Key{})
		default:
			rows = append(rows, m.Key())
			if !seen[m.Key()] {
				seen[m.Key()] = true
				if !each(m) {
					return rows, true, nil
				}
			}
			if !here[m.Key()] {
				here[m.Key()] = true
				idle, repeats = 0, 0
				continue
			}
			repeats++
		}
		if idle++; idle >= maxIdle || repeats >= maxRepeats {
			if before == nil {
				g.forgive("list-repeats-last")
			}
			return rows, idle >= maxIdle, nil
		}
	}
	return rows, true, nil
}

func (g *Gateway) entry(ctx context.Context, index int) (PortMapping, error) {
	in := struct{ NewPortMappingIndex string }{strconv.Itoa(index)}
	var out entryArguments
	rec, err := g.perform(ctx, "GetGenericPortMappingEntry", &in, &out)
	if err != nil {
		return PortMapping{}, err
	}
	m := out.mapping(rec)
	external, err := strconv.ParseUint(out.NewExternalPort, 10, 16)
	if err != nil && m.leads() {
		return PortMapping{}, &ValueError{Action: "GetGenericPortMappingEntry", Argument: "NewExternalPort", Value: out.NewExternalPort}
	}
	m.ExternalPort = uint16(external)
	return m, nil
}

// endOfList reads the codes that end a listing: 713 by the standard, 402 on DD-WRT, 501 on the Linksys WRT1900AC, 714 on
// several. 606 and 401 mean that there is no listing.
func endOfList(err error) bool {
	var e *soap.Error
	return errors.As(err, &e) && slices.Contains([]int{soap.SpecifiedArrayIndexInvalid, soap.NoSuchEntryInArray, soap.InvalidArgs, soap.ActionFailed}, e.Code)
}
