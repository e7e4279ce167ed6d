package emulator

import (
	"iter"
	"time"
)

func getSpecificPortMappingEntry(s *state, c call) ([]string, error) {
	e := s.named(c)
	if e != nil && s.hides(c, e) {
		e = s.behind(c, e)
	}
	if e == nil {
		return nil, refuse(NoEntry)
	}
	return s.shown(e), nil
}

// behind is the first entry of the key of e that the caller sees; nil when there is none.
func (s *state) behind(c call, e *entry) *entry {
	for other := range c.connection.mappings.of(e.ExternalPort, e.Protocol) {
		if other.key() == e.key() && !s.hides(c, other) {
			return other
		}
	}
	return nil
}

func getGenericPortMappingEntry(s *state, c call) ([]string, error) {
	index := int(c.args.ui2("NewPortMappingIndex"))
	e := s.at(c, index)
	if e == nil && s.policy.List.End == "last" {
		e = s.last(c)
	}
	if e == nil {
		return nil, refuse(EndOfList, errorOf(s.policy.List.End))
	}
	return append([]string{e.RemoteHost, ui2(e.ExternalPort), e.Protocol}, s.shown(e)...), nil
}

// at is the entry that the caller sees at an index, nil beyond the last.
func (s *state) at(c call, index int) *entry {
	if s.policy.List.Hides == "" {
		return c.connection.mappings.order.at(index)
	}
	for e := range s.visible(c) {
		if index == 0 {
			return e
		}
		index--
	}
	return nil
}

// last is the last entry that the caller sees, nil when there is none.
func (s *state) last(c call) (last *entry) {
	if s.policy.List.Hides == "" {
		return c.connection.mappings.order.at(c.connection.mappings.len() - 1)
	}
	for e := range s.visible(c) {
		last = e
	}
	return last
}

// visible are the entries that the caller sees.
func (s *state) visible(c call) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for e := range c.connection.mappings.order.all {
			if !s.hides(c, e) && !yield(e) {
				return
			}
		}
	}
}

// hides reports whether e is kept from the caller.
func (s *state) hides(c call, e *entry) bool {
	switch s.policy.List.Hides {
	case "leased":
		return e.Lease > 0
	case "permanent":
		return e.Lease == 0
	case "foreign":
		return e.InternalClient != c.caller
	case "static":
		return e.Static
	case "all":
		return true
	}
	return false
}

// shown is what both reading actions tell of an entry.
func (s *state) shown(e *entry) []string {
	return []string{ui2(e.InternalPort), clientText(e), boolean(e.Enabled), s.shownDescription(e), ui4(s.shownLease(e))}
}

// clientText is NewInternalClient; a template row has none.
func clientText(e *entry) string {
	if !e.InternalClient.IsValid() {
		return ""
	}
	return e.InternalClient.String()
}

func (s *state) shownDescription(e *entry) string {
	if n := s.policy.Descriptions.Shown; n > 0 {
		return cutText(e.Description, n)
	}
	return e.Description
}

// shownLease is NewLeaseDuration in seconds.
func (s *state) shownLease(e *entry) uint32 {
	switch s.policy.Leases.Shows {
	case "granted":
		return uint32(e.Lease / time.Second)
	case "zero":
		return 0
	}
	return e.remaining(s.now)
}
