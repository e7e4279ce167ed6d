package emulator

import (
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/words"
)

// timelineProblems reports what is wrong with the timeline of o.
func (o Options) timelineProblems(known glossary, report report) {
	for i, m := range o.Timeline {
		m.problems(known, []any{"timeline", i}, report)
	}
}

func (m Moment) problems(known glossary, at []any, report report) {
	once, again := m.After.Action != "", m.Every.Milestone.Action != ""
	switch {
	case m.At == nil && m.Every == (Recurrence{}) && !once:
		report(at, "", "does not say when: at, every or after")
	case once && (m.At != nil || m.Every != (Recurrence{})):
		report(below(at, "after"), "", "cannot be together with at or every")
	case again && (m.At != nil || m.Every.Period != 0):
		report(below(at, "every"), "", "%s cannot be together with a time", m.Every.Milestone)
	}
	if p := m.Every.Period; p != 0 && p < shortestPeriod {
		report(below(at, "every"), "", "must be %v or more", shortestPeriod)
	}
	if m.At != nil && *m.At < 0 {
		report(below(at, "at"), "", "must not be negative")
	}
	if m.In.Min < 0 || m.In.Max < m.In.Min {
		report(below(at, "in"), "", "%v is no span of time", m.In)
	}
	m.After.problems(known, below(at, "after"), report)
	m.Every.Milestone.problems(known, below(at, "every"), report)
	for _, word := range given(m.If, "") {
		if word != "size" {
			report(below(at, "if", word), "", "a timeline can ask for size only")
		}
	}
	if len(m.Do) == 0 {
		report(below(at, "do"), "", "does nothing")
	}
	for i, a := range m.Do {
		a.problems(known, below(at, "do", i), report)
		if a.Remove == removeThis {
			report(below(at, "do", i, "remove"), "", "a timeline is about no mapping; a fault can be")
		}
	}
}

func (m Milestone) problems(known glossary, at []any, report report) {
	if m.Action == "" || m.happens() {
		return
	}
	if m.Count < 1 {
		report(at, "", "%d is no count", m.Count)
	}
	if _, ok := known.in[m.Action]; !ok {
		report(at, words.Nearest(m.Action, sortedKeys(known.in)), "no service of this device has the action %s", m.Action)
	}
}

// happenings are the keys of an Action of which it has one.
const happenings = "wan-address status link clear flush cut remove reboot announce"

// problems reports what is wrong with a. It is asked of what follows a fault, too.
func (a Action) problems(known glossary, at []any, report report) {
	var what []string
	for _, word := range given(a, "") {
		if strings.Contains(" "+happenings+" ", " "+word+" ") {
			what = append(what, word)
		}
	}
	switch len(what) {
	case 0:
		report(at, "", "does nothing: give one of %s", list(strings.Fields(happenings)))
		return
	case 1:
	default:
		report(below(at, what[1]), "", "one thing at a time: there is %s already", what[0])
	}
	about := known.wan
	if n := a.WAN; n != nil {
		if *n < 0 || *n >= len(known.wan) {
			report(below(at, "wan"), "", "there is no connection %d, only %d from 0", *n, len(known.wan))
			return
		}
		about = known.wan[*n : *n+1]
	}
	if a.Event != nil && a.WANAddress == nil && a.Status == "" && a.Link == "" {
		report(below(at, "event"), "", "is about wan-address, status and link only")
	}
	if addr := a.WANAddress; addr != nil && !addr.Is4() {
		report(below(at, "wan-address"), "", "must be an IPv4 address, not %v", *addr)
	}
	for _, w := range about {
		if all := connectionStatuses(w.Service); a.Status != "" && !slices.Contains(all, a.Status) {
			report(below(at, "status"), words.Nearest(a.Status, all), "%s has no connection status %q", w.Service, a.Status)
			break
		}
	}
	if a.Cut < 0 {
		report(below(at, "cut"), "", "must not be negative")
	}
	choice(a.Link, below(at, "link"), report)
	choice(a.Remove, below(at, "remove"), report)
	choice(a.Announce, below(at, "announce"), report)
	if r := a.Reboot; r != nil && time.Duration(r.Downtime) < 0 {
		report(below(at, "reboot", "downtime"), "", "must not be negative")
	}
}
