package client

import (
	"fmt"
	"strings"
)

// NATTraits is what two nodes have to know of each other's NAT to meet. The zero value is one that nothing is known of. No NAT at all is one
// that depends on nothing.
type NATTraits struct {
	Mapping, Filtering Dependence

	// Next: external ports are taken one after the other, so that the one which comes after the last that is known can be guessed.
	Next bool
}

// short are the words of a NATTraits as text; x is "m" for mapping and "f" for filtering.
func (d Dependence) short(x string) string {
	switch d {
	case EndpointIndependent:
		return "ei" + x
	case AddressDependent:
		return "ad" + x
	case AddressAndPortDependent:
		return "apd" + x
	}
	return "?"
}

// String is MAPPING/FILTERING in the words of docs/nat.md, such as "eim/apdf", with "/next" where ports can be guessed. What is not known is "?".
func (c NATTraits) String() string {
	s := c.Mapping.short("m") + "/" + c.Filtering.short("f")
	if c.Next {
		s += "/next"
	}
	return s
}

// ParseNATTraits reads what String writes. Errors: *ArgumentError.
func ParseNATTraits(s string) (c NATTraits, err error) {
	words := strings.Split(s, "/")
	if len(words) == 3 && words[2] == "next" {
		c.Next, words = true, words[:2]
	}
	known := func(word, x string, d *Dependence) bool {
		for _, *d = range []Dependence{"", EndpointIndependent, AddressDependent, AddressAndPortDependent} {
			if word == d.short(x) {
				return true
			}
		}
		return false
	}
	if len(words) != 2 || !known(words[0], "m", &c.Mapping) || !known(words[1], "f", &c.Filtering) {
		return NATTraits{}, &ArgumentError{"NAT", fmt.Sprintf("%.64s", s), "must be MAPPING/FILTERING, such as eim/apdf or apdm/apdf/next"}
	}
	return c, nil
}

// Open tells whether everybody can send to an address that is once known.
func (c NATTraits) Open() bool {
	return c.Mapping == EndpointIndependent && c.Filtering == EndpointIndependent
}

// hides tells whether the port by which it sends to somebody new is not the one that is known.
func (c NATTraits) hides() bool { return c.Mapping != EndpointIndependent }

// Meets tells whether two nodes behind such NATs can open a path to each other, with a rendezvous, without a mapping by IGD, and behind different NATs.
// What is not known does not keep them from it. docs/nat.md has the reasons; this is the short of it, which a test compares with all of that.
func (c NATTraits) Meets(d NATTraits) bool {
	if c.Mapping == "" || c.Filtering == "" || d.Mapping == "" || d.Filtering == "" {
		return true
	}
	if d.hides() && (!c.hides() || c.Next && !d.Next) {
		c, d = d, c // the one whose port the other cannot know
	}
	strict := func(x NATTraits) bool { return x.Filtering == AddressAndPortDependent }
	lax := c.Filtering == EndpointIndependent || d.Filtering == EndpointIndependent
	endless := c.Mapping == AddressAndPortDependent && d.Mapping == AddressAndPortDependent // a new port for every new port
	switch {
	case !c.hides(), c.Next:
		return true
	case !d.hides():
		return !strict(d)
	case d.Next:
		return !strict(d) && !endless
	default:
		return lax && !strict(c) && !strict(d) && !endless
	}
}
