package emulator

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// holds reports whether o is an occasion of which c is true. The first parts say what was asked, the others what the state is;
// a fault that goes on (When.Until) asks for the first only.
func (c *Condition) holds(s *state, o *occasion, goesOn bool) bool {
	return c.asked(s, o) && (goesOn || c.found(s, o))
}

// asked are the conditions on the occasion itself.
func (c *Condition) asked(s *state, o *occasion) bool {
	if c.Via != "" && c.Via != o.via || !c.ST.holds(o.st) {
		return false
	}
	for name, test := range c.Arg {
		if !test.holds(o.arg(name)) {
			return false
		}
	}
	for name, test := range c.Header {
		if !test.holds(o.header(name)) {
			return false
		}
	}
	if q := o.request; q != nil {
		if !c.Version.holds(q.Version) || !c.Method.holds(q.Method) || !c.Path.holds(q.Target) || !c.Reads.holds(len(q.Reads)) {
			return false
		}
		if c.Host != "" && (c.Host == "own") != ownHost(q) {
			return false
		}
		if c.HalfClosed != nil && *c.HalfClosed != q.HalfClosed {
			return false
		}
		if c.Body != (Test{}) && !c.Body.holds(string(q.Body)) {
			return false
		}
	}
	if c.Raw != (Test{}) && !c.Raw.holds(string(o.raw)) {
		return false
	}
	if c.Status != (Test{}) && !c.Status.holds(strconv.Itoa(o.status)) {
		return false
	}
	return c.Client == (ClientTest{}) || c.Client.holds(s, o)
}

// found are the conditions on the state at this moment.
func (c *Condition) found(s *state, o *occasion) bool {
	if !c.Size.holds(s.wan(o).mappings.len()) || !c.InFlight.holds(o.crowd()) {
		return false
	}
	if c.Crossed != (Age{}) {
		last := s.searched[!o.client().Is4()]
		if last.IsZero() || !c.Crossed.holds(s.now.Sub(last)) {
			return false
		}
	}
	if c.Age != (Age{}) {
		ref, _ := s.reference(o)
		if ref.entry == nil || !c.Age.holds(s.now.Sub(ref.entry.added)) {
			return false
		}
	}
	return c.Existing == "" || c.Existing.holds(s, o)
}

// holds reports whether s passes t.
func (t *Test) holds(s string) bool {
	switch {
	case t.Equals != nil && s != *t.Equals,
		t.Not != nil && s == *t.Not,
		t.Empty != nil && *t.Empty != (s == ""),
		t.Begins != nil && !strings.HasPrefix(s, *t.Begins),
		t.Contains != nil && !containsFold(s, *t.Contains),
		t.Lacks != nil && containsFold(s, *t.Lacks),
		t.Address != nil && *t.Address != isAddress(s):
		return false
	}
	if t.Below == nil && t.Above == nil {
		return true
	}
	n, ok := numberIn(s)
	return ok && (t.Below == nil || n < *t.Below) && (t.Above == nil || n > *t.Above)
}

// numberIn is the number that s is, or the first whole number in it: 540 of "Second-540", 1800 of "max-age=1800".
func numberIn(s string) (n int64, ok bool) {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		return n, true
	}
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !digit(r) })
	n, err := strconv.ParseInt(s[:len(s)-len(strings.TrimLeftFunc(s, digit))], 10, 64)
	return n, err == nil
}

// ownHost reports whether the Host of q is where it came to. Without a port that is 80 (RFC 9110 §7.2).
func ownHost(q *http1.Request) bool {
	host := q.Fields.Get("Host")
	at, err := netip.ParseAddrPort(host)
	if err != nil {
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil {
			return false
		}
		at = netip.AddrPortFrom(addr, 80)
	}
	return at.Addr().WithZone("") == q.Local.Addr().WithZone("") && at.Port() == q.Local.Port()
}

// isAddress reports whether s is an IP address as it may stand in Host: with or without brackets, zone and port.
func isAddress(s string) bool {
	if _, err := netip.ParseAddrPort(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return err == nil
}

// containsFold is strings.Contains in any case.
func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// holds reports whether n passes c.
func (c Count) holds(n int) bool {
	return (c.AtLeast == nil || n >= *c.AtLeast) && (c.AtMost == nil || n <= *c.AtMost) &&
		(c.Over == nil || n > *c.Over) && (c.Below == nil || n < *c.Below)
}

// holds reports whether d passes a.
func (a Age) holds(d time.Duration) bool {
	return (a.Over == 0 || d > time.Duration(a.Over)) && (a.Below == 0 || d < time.Duration(a.Below))
}

// holds compares who asks with an address, or with the client of the mapping that o is about; when that is unknown, who asks is
// neither the same nor another.
func (c ClientTest) holds(s *state, o *occasion) bool {
	switch {
	case c.Prefix.IsValid():
		return c.Prefix.Contains(o.client())
	case c.Word == "":
		return o.client() == c.Addr
	case c.Word == "routed":
		return !o.client().IsLoopback() && !slices.ContainsFunc(s.link, func(p netip.Prefix) bool { return p.Contains(o.client()) })
	}
	ref, ok := s.reference(o)
	return ok && ref.client.IsValid() && (ref.client == o.client()) == (c.Word == "same")
}

// holds looks at whose the entries are that the port of o's mapping has: entries of one port and protocol have one client.
func (e ExistingTest) holds(s *state, o *occasion) bool {
	ref, ok := s.reference(o)
	if !ok {
		return e == "none"
	}
	holder := s.wan(o).mappings.holder(ref.key.port, ref.key.protocol)
	switch e {
	case "none":
		return !holder.IsValid()
	case "own":
		return holder.IsValid() && holder == o.client()
	}
	return holder.IsValid() && holder != o.client()
}
