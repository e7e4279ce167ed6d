package emulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// miss says in what e, an entry of the right kind, is not as expected; nil when it is. An entry of another name differs most: it is
// only worth showing when there is nothing else.
func (c *count) miss(s subject, name string, e Entry) *NearMiss {
	x := c.expect
	m := NearMiss{Entry: e}
	differ := func(weight int, format string, args ...any) {
		m.distance += weight
		m.Differs = append(m.Differs, fmt.Sprintf(format, args...))
	}
	if !s.pattern.matches(name) {
		differ(100, "the %s is %s, not %s", s.noun, orNothing(name), s.pattern)
	}
	for _, arg := range sortedNames(x.With) {
		if value := e.Details.Get(arg); !x.With[arg].passes(value) {
			differ(1, "%s is %s, %s", arg, orNothing(value), x.With[arg].wanted())
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
	if x.After.Count > 0 {
		if c.passed < x.After.Count {
			differ(2, "it came before %s", milestoneText(x.After))
		} else if late := e.Time.Sub(c.since.Time); x.Within > 0 && late > time.Duration(x.Within) {
			differ(1, "it came %v after %s, not within %v", late, milestoneText(x.After), x.Within)
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

// passes reports whether value is as t wants it. What is no number is neither below nor above one.
func (t Test) passes(value string) bool {
	switch {
	case t.Equals != nil && value != *t.Equals, t.Not != nil && value == *t.Not, t.Empty != nil && (value == "") != *t.Empty:
		return false
	case t.Begins != nil && !strings.HasPrefix(value, *t.Begins):
		return false
	case t.Contains != nil && !strings.Contains(strings.ToLower(value), strings.ToLower(*t.Contains)):
		return false
	case t.Below == nil && t.Above == nil:
		return true
	}
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return err == nil && (t.Below == nil || n < *t.Below) && (t.Above == nil || n > *t.Above)
}

// wanted ends a sentence that began with what is there instead.
func (t Test) wanted() string {
	if t.Equals != nil {
		return "not " + quoteEmpty(*t.Equals)
	}
	return "which is to be " + t.String()
}

// problem says why e makes no sense; "" when it does.
func (e Expectation) problem() string {
	var given []string
	for _, s := range e.subjects() {
		if s.pattern != "" {
			given = append(given, s.key)
		}
	}
	switch {
	case len(given) == 0:
		return "it counts nothing: give one of calls, searches, requests, subscribes, changes and faults"
	case len(given) > 1:
		return fmt.Sprintf("it counts %s: one at a time", strings.Join(given, " and "))
	case e.Exactly != nil && (e.AtLeast != nil || e.AtMost != nil):
		return "exactly goes neither with at-least nor with at-most"
	case e.Code != nil && e.Calls == "":
		return "code is about calls"
	case e.Within > 0 && e.After.Count == 0:
		return "within needs after"
	}
	for _, n := range []*int{e.AtLeast, e.AtMost, e.Exactly} {
		if n != nil && *n < 0 {
			return fmt.Sprintf("%d is no number of times", *n)
		}
	}
	switch least, most := e.bounds(); {
	case most >= 0 && least > most:
		return fmt.Sprintf("at-least %d is more than at-most %d", least, most)
	case least == 0 && most < 0:
		return "at-least 0 is always true"
	}
	return ""
}
