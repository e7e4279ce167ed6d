package client

import (
	"context"
	"net/netip"
	"strings"
)

// ownership is what an entry that was found means for the one that is wanted.
type ownership string

const (
	free   ownership = "free"   // nothing is there
	ours   ownership = "ours"   // we opened it, now or in an earlier run
	shared ownership = "shared" // another program of this host opened it, and it leads to where we want
	owned  ownership = "owned"  // it leads elsewhere, or may; never touched
	alike  ownership = "alike"  // it has our description, and where it leads is not shown: planner.judge makes ours or owned of it
	hidden ownership = "hidden" // the gateway does not tell
)

// ownershipOf compares the entry found under a key with the wanted one. shown is how the gateway
// showed our description when it was last seen: some cut or replace it.
//
// An address or port that cannot be read, as the 0.0.0.0 and 0 that miniupnpd lists on
// nftables, proves nothing, and the description nothing more: another host of the LAN may have igdkit too.
func ownershipOf(found, want PortMapping, shown string) ownership {
	client := sameClient(found.InternalClient, want.InternalClient)
	port := matchOf(found.InternalPort == want.InternalPort, found.InternalPort != 0)
	host := matchOf(found.RemoteHost == want.RemoteHost, true)
	switch {
	case client == differs || port == differs || host == differs:
		return owned
	case !ourText(found.Description, want.Description, shown):
		if client == same && port == same && found.Enabled {
			return shared
		}
		return owned
	case client == same && port == same:
		return ours
	}
	return alike
}

// judge is ownershipOf for the slot s, with what is known beside what the gateway shows. An entry that is only alike is ours when this user's journal or
// this program knows that what is there leads where it should.
func (p *planner) judge(ctx context.Context, s slot, found PortMapping) ownership {
	o := ownershipOf(found, s.want, s.shown)
	if o != alike {
		return o
	}
	leads, noted := p.gw.journal.leads(ctx, s.want)
	if noted && leads || !noted && (s.known || p.holders.lead(p.self, p.gw, s.want)) {
		return ours
	}
	return owned
}

type match int

const (
	differs match = iota
	unknown
	same
)

func matchOf(equal, known bool) match {
	switch {
	case equal:
		return same
	case known:
		return differs
	}
	return unknown
}

// sameClient compares two hosts. The name of one, or no address at all, proves nothing.
func sameClient(found, want string) match {
	if found == want {
		return same
	}
	a, okFound := readAddress(found)
	w, okWant := readAddress(want)
	return matchOf(okFound && a == w, okFound && okWant && !a.IsUnspecified())
}

// readAddress reads an address as gateways write it: with blanks around it, or zeros before a number.
func readAddress(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(s)
	if err != nil {
		parts := strings.Split(s, ".")
		for i, part := range parts {
			parts[i] = strings.TrimLeft(part[:max(len(part)-1, 0)], "0") + part[max(len(part)-1, 0):]
		}
		a, err = netip.ParseAddr(strings.Join(parts, "."))
	}
	return a.Unmap(), err == nil
}

// readRemoteHost reads who may connect. The standard's word for everyone is the empty one (WANIPConnection:2 §2.3.18); some show 0.0.0.0 or *.
func readRemoteHost(s string) string {
	a, ok := readAddress(s)
	switch {
	case ok && a.IsUnspecified(), strings.TrimSpace(s) == "*":
		return ""
	case ok:
		return a.String()
	}
	return s
}

// minCut is how much of a description must be left to be known again: gateways cut at 63
// bytes and more, and daemons that restart from a lease file cut once more.
const minCut = 16

// Client is the address of the internal client, as gateways write it: with blanks around it, or zeros before a number. False: it is a name, or not shown.
func (m PortMapping) Client() (netip.Addr, bool) { return readAddress(m.InternalClient) }

// OpenedFor tells whether the entry leads to a host, by its address there, and bears a description that this package makes: a program of that host has opened it
// by this package, so far as the gateway's table can tell. Descriptions that were chosen by the user are not told from other programs'.
func (m PortMapping) OpenedFor(host netip.Addr) bool {
	return host.IsValid() && sameClient(m.InternalClient, host.String()) == same && ourText(m.Description, describer, describer)
}

// ourText reports whether a description is one that this package wrote.
func ourText(found, sent, shown string) bool {
	return sentText(found, sent, shown) || strings.HasPrefix(found, describer+" ") || found == describer
}

// sentText reports whether a description is the one that was sent.
func sentText(found, sent, shown string) bool {
	return found == sent || found == shown || len(found) >= minCut && strings.HasPrefix(sent, found)
}
