package client

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// tableNow reads the whole table.
func (g *Gateway) tableNow(ctx context.Context) (map[Key]PortMapping, error) {
	table := map[Key]PortMapping{}
	for m, err := range g.PortMappings(ctx) {
		if err != nil {
			return nil, err
		}
		table[m.Key()] = m
	}
	return table, nil
}

// compare tells what is different in a table that was read in the look of at, by port.
func (o *observer) compare(now map[Key]PortMapping, at time.Time) {
	before, first := o.table, o.table == nil
	elapsed := at.Sub(o.seen)
	o.table, o.seen = now, at
	keys := slices.Collect(maps.Keys(now))
	for k := range before {
		if _, stays := now[k]; !stays {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.ExternalPort, b.ExternalPort), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.RemoteHost, b.RemoteHost))
	})
	for _, k := range keys {
		m, is := now[k]
		old, was := before[k]
		switch {
		case first:
			o.tell(Change{Kind: MappingListed, Mapping: m})
		case !was:
			o.tell(Change{Kind: MappingAdded, Mapping: m})
		case !is:
			o.tell(Change{Kind: MappingRemoved, Mapping: old, Expired: old.LeaseKnown && old.Lease > 0 && old.Lease <= elapsed+leaseSlack})
		default:
			if kind := m.since(old); kind != "" {
				o.tell(Change{Kind: kind, Mapping: m, Before: old})
			}
		}
	}
}

// since tells what has become of an entry; "": nothing but that time has passed. A lease that some gateways tell whole for ever, and others count in steps,
// is a new one only when it grows.
func (m PortMapping) since(old PortMapping) EventKind {
	same := m
	same.Lease, same.LeaseKnown = old.Lease, old.LeaseKnown
	switch permanent := m.Lease == 0; {
	case same != old, m.LeaseKnown && old.LeaseKnown && permanent != (old.Lease == 0):
		return MappingChanged
	case m.LeaseKnown && old.LeaseKnown && m.Lease > old.Lease:
		return MappingRenewed
	}
	return ""
}
