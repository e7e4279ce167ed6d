package emulator

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with Options. At leads to it by the keys of the scenario language, so that the reader of a scenario
// can tell line and column: "faults", 0, "if", "size".
type Problem struct {
	At         []any  // keys (string) and positions in lists (int); empty for the whole
	Message    string // what is wrong there, without the place: "has two verbs, drop and close"
	DidYouMean string // the nearest word that would do; empty when none is near
	Other      []any  // the other place that the message is about, as At; nil when there is none
}

func (p Problem) Error() string {
	s := p.Message
	if place := p.place(); place != "" {
		s = place + ": " + s
	}
	if p.DidYouMean != "" {
		s += fmt.Sprintf("; did you mean %q?", p.DidYouMean)
	}
	return s
}

// place is At as one writes it: faults[0].if.size.
func (p Problem) place() string { return elsewhere(p.At).String() }

// elsewhere is another place than the problem's own, in the arguments of a report.
type elsewhere []any

func (e elsewhere) String() string {
	var b strings.Builder
	for _, step := range e {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

// report takes one problem. at is kept by nobody.
type report func(at []any, didYouMean, format string, args ...any)

// firstProblem is what check reports first; nil when nothing.
func firstProblem(check func(report)) error {
	var all []Problem
	check(reportTo(&all))
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// reportTo collects problems in all.
func reportTo(all *[]Problem) report {
	return func(at []any, didYouMean, format string, args ...any) {
		p := Problem{At: slices.Clone(at), Message: fmt.Sprintf(format, args...), DidYouMean: didYouMean}
		for _, arg := range args {
			if other, ok := arg.(elsewhere); ok {
				p.Other = other
			}
		}
		*all = append(*all, p)
	}
}

// below is the place that steps lead to from at.
func below(at []any, steps ...any) []any { return append(slices.Clip(at), steps...) }

// Bounds of one gateway.
const (
	maxWAN     = 64
	maxMoments = 1000
)

// tooMany reports lists that are longer than any gateway needs.
func (o Options) tooMany(report report) (found bool) {
	for _, list := range []struct {
		word    string
		n, most int
	}{
		{"wan", len(o.WAN), maxWAN},
		{"faults", len(o.Faults), maxFaults},
		{"timeline", len(o.Timeline), maxMoments},
		{"mappings", len(o.Mappings), maxMappings},
	} {
		if list.n > list.most {
			report([]any{list.word}, "", "has %d entries, and at most %d are allowed", list.n, list.most)
			found = true
		}
	}
	return found
}

// Problems is everything that no gateway can be: what New returns the first of. What depends on where the gateway stands, New
// tells later.
func (o Options) Problems() []Problem {
	var all []Problem
	report := reportTo(&all)
	if o.Version < 0 || o.Version > 2 {
		report([]any{"igd"}, "", "there is no version %d of InternetGatewayDevice, only 1 and 2", o.Version)
	}
	if o.ExternalIP.IsValid() && !o.ExternalIP.Is4() {
		report([]any{"external-ip"}, "", "must be an IPv4 address, not %v", o.ExternalIP)
	}
	if o.Neighbour < 0 || o.Neighbour > maxNeighbour {
		report([]any{"neighbour"}, "", "%d is not within 1..%d", o.Neighbour, maxNeighbour)
	}
	if o.tooMany(report) {
		return all // each costs time to look at
	}
	o.Dialect.problems([]any{"dialect"}, report, o)
	o.treeProblems(report)
	o.policyProblems(report)
	if len(o.Faults) > 0 || len(o.Timeline) > 0 {
		known := o.glossary()
		o.faultProblems(known, report)
		o.timelineProblems(known, report)
	}
	return all
}
