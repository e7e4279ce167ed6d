package emulator

import (
	"fmt"
	"strconv"
	"time"
)

// otherName is how much an entry of another name differs at least: more than by everything else.
const otherName = 1000

// miss says in what e, an entry of the right kind, is not as expected; nil when it is.
func (c *count) miss(name string, e Entry) *NearMiss {
	x := c.expect
	m := NearMiss{Entry: e}
	differ := func(weight int, format string, args ...any) {
		m.distance += weight
		m.Differs = append(m.Differs, fmt.Sprintf(format, args...))
	}
	if !c.subject.pattern.matches(name) {
		differ(otherName, "the %s is %s, not %s", c.subject.noun, orNothing(name), c.subject.pattern)
	}
	for _, arg := range sortedNames(x.With) {
		test, value := x.With[arg], e.Details.Get(arg)
		if !test.holds(value) {
			differ(1, "%s is %s, %s", arg, orNothing(value), test.wanted())
		}
	}
	if x.Client.IsValid() && e.Peer.Addr() != x.Client {
		differ(1, "it came from %v, not %v", e.Peer.Addr(), x.Client)
	}
	if x.Code != nil && e.Code != *x.Code {
		differ(1, "the error answered is %s, not %s", codeText(e.Code), codeText(*x.Code))
	}
	if x.Status != nil && e.Status != *x.Status {
		differ(1, "the HTTP status answered is %d, not %d", e.Status, *x.Status)
	}
	if x.After.What != "" {
		if c.passed < x.After.count() {
			differ(2, "it came before %v", x.After)
		} else if late := e.Time.Sub(c.since.Time); x.Within > 0 && late > time.Duration(x.Within) {
			differ(1, "it came %v after %v, not within %v", late, x.After, x.Within)
		}
	}
	if m.Differs == nil {
		return nil
	}
	return &m
}

func orNothing(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

func codeText(code int) string {
	if code == 0 {
		return "none"
	}
	return strconv.Itoa(code)
}

// wanted ends a sentence that began with what is there instead.
func (t Test) wanted() string {
	if t.Equals != nil {
		return "not " + quoteEmpty(*t.Equals)
	}
	return "which is to be " + t.String()
}

// problems tells what makes no sense in e, which stands at a place.
func (e Expectation) problems(at []any, report report) {
	var given []string
	for _, s := range e.subjects() {
		if s.pattern != "" {
			given = append(given, s.key)
		}
	}
	least, most := e.bounds()
	switch {
	case len(given) == 0:
		report(at, "", "counts nothing: give one of calls, searches, requests, subscribes, changes and faults")
	case len(given) > 1:
		report(below(at, given[1]), "", "cannot be counted together with %s: one at a time", given[0])
	case e.Code != nil && e.Calls == "":
		report(below(at, "code"), "", "is about calls")
	case e.Within > 0 && e.After.What == "":
		report(below(at, "within"), "", "needs after")
	case e.Exactly != nil && (e.AtLeast != nil || e.AtMost != nil):
		report(below(at, "exactly"), "", "goes neither with at-least nor with at-most")
	case least == 0 && most < 0:
		report(below(at, "at-least"), "", "is 0, which is always true")
	case most >= 0 && least > most:
		report(below(at, "at-least"), "", "is %d, more than at-most %d", least, most)
	}
	for key, n := range map[string]*int{"at-least": e.AtLeast, "at-most": e.AtMost, "exactly": e.Exactly} {
		if n != nil && *n < 0 {
			report(below(at, key), "", "is %d, which is no number of times", *n)
		}
	}
}

// Problems tells what makes no sense in e; At leads from e.
func (e Expectation) Problems() []Problem {
	var all []Problem
	e.problems(nil, reportTo(&all))
	return all
}
