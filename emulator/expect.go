package emulator

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Expectation is something that a gateway is to see: entries of its journal, and how many of them. It names one thing to count
// (calls, searches, requests, subscribes, changes or faults); what else is given, an entry must have to be counted. Without
// AtLeast, AtMost and Exactly, one is enough.
type Expectation struct {
	Calls      Pattern `yaml:"calls"`      // actions: AddPortMapping, Add*PortMapping
	Searches   Pattern `yaml:"searches"`   // M-SEARCH, by ST
	Requests   Pattern `yaml:"requests"`   // of documents, and all that no service took: "GET *"
	Subscribes Pattern `yaml:"subscribes"` // SUBSCRIBE, by service type
	Changes    Pattern `yaml:"changes"`    // of the gateway's state, by EventKind: mapping-deleted, reboot
	Faults     Pattern `yaml:"faults"`     // misbehaviours that the client met, by Fault.Name

	With   map[string]Test `yaml:"with"`   // the entry's details: of a call, in- and out-arguments. An absent one is empty
	Code   *int            `yaml:"code"`   // UPnP error code answered; 0: none, the call succeeded
	Status *int            `yaml:"status"` // HTTP status answered
	Client netip.Addr      `yaml:"client"` // who asked
	After  Occurrence      `yaml:"after"`  // later than this
	Within Duration        `yaml:"within"` // and at most so much later, by the gateway's clock

	AtLeast *int `yaml:"at-least"`
	AtMost  *int `yaml:"at-most"`
	Exactly *int `yaml:"exactly"`
}

// Pattern is a name in which * stands for any characters, also none. The empty one is not given.
type Pattern string

// matches reports whether p means s, in any case.
func (p Pattern) matches(s string) bool {
	first, rest, star := strings.Cut(strings.ToLower(string(p)), "*")
	s, ok := strings.CutPrefix(strings.ToLower(s), first)
	for ok && star {
		if rest == "" {
			return true
		}
		var part string
		if part, rest, star = strings.Cut(rest, "*"); !star {
			return strings.HasSuffix(s, part)
		}
		_, s, ok = strings.Cut(s, part)
	}
	return ok && s == ""
}

// subject is one of the things that can be counted.
type subject struct {
	key     string // in a scenario
	noun    string // of one entry
	kind    string // Entry.Kind, or with a dot at its end what it begins with
	pattern Pattern
}

func (e Expectation) subjects() []subject {
	return []subject{
		{"calls", "action", "soap.call", e.Calls},
		{"searches", "search target", "ssdp.search", e.Searches},
		{"requests", "request", "http.request", e.Requests},
		{"subscribes", "service", "gena.subscribe", e.Subscribes},
		{"changes", "change", "state.", e.Changes},
		{"faults", "fault", "fault", e.Faults},
	}
}

// subject is the one that e has; its pattern is empty when e has none.
func (e Expectation) subject() subject {
	all := e.subjects()
	if i := slices.IndexFunc(all, func(s subject) bool { return s.pattern != "" }); i >= 0 {
		return all[i]
	}
	return subject{}
}

// name is what s goes by in an entry, if the entry is of its kind.
func (s subject) name(e Entry) (name string, ok bool) {
	if strings.HasSuffix(s.kind, ".") {
		return strings.CutPrefix(e.Kind, s.kind)
	}
	return e.Name, e.Kind == s.kind
}

// bounds are how many entries e wants; most is -1 when there is no limit.
func (e Expectation) bounds() (least, most int) {
	least, most = 1, -1
	switch {
	case e.Exactly != nil:
		return *e.Exactly, *e.Exactly
	case e.AtMost != nil:
		least, most = 0, *e.AtMost
	}
	if e.AtLeast != nil {
		least = *e.AtLeast
	}
	return least, most
}

// String writes e as a sentence: "calls AddPortMapping with NewLeaseDuration 0, at least once".
func (e Expectation) String() string {
	s := e.subject()
	text := s.key + " " + string(s.pattern)
	for i, name := range sortedNames(e.With) {
		word := " and "
		if i == 0 {
			word = " with "
		}
		text += word + name + " " + e.With[name].String()
	}
	if e.Client.IsValid() {
		text += " from " + e.Client.String()
	}
	switch {
	case e.Code != nil && *e.Code == 0:
		text += " answered without error"
	case e.Code != nil:
		text += fmt.Sprintf(" answered by error %d", *e.Code)
	}
	if e.Status != nil {
		text += fmt.Sprintf(" answered by HTTP status %d", *e.Status)
	}
	if e.After.What != "" {
		text += " after " + e.After.String()
		if e.Within > 0 {
			text += fmt.Sprintf(", within %v", e.Within)
		}
	}
	return text + ", " + countText(e.bounds())
}

func countText(least, most int) string {
	switch {
	case most < 0:
		return "at least " + times(least)
	case least == most && most == 0:
		return "never"
	case least == most:
		return "exactly " + times(most)
	case least == 0:
		return "at most " + times(most)
	}
	return fmt.Sprintf("%d to %s", least, times(most))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
