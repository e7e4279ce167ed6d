package emulator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/words"
)

// Against tells what makes no sense in e when it is asked of these gateways: a name that no entry of theirs can have. An expectation that
// something never happens would otherwise come true by a slip of the pen. Actions of the standards are known everywhere, because a
// client can call what a gateway does not have.
func (e Expectation) Against(gateways ...Options) []Problem {
	return e.against(observable(gateways))
}

func (e Expectation) against(o observed) []Problem {
	all := e.Problems()
	if len(all) == 0 {
		e.unknown(o, reportTo(&all))
	}
	return all
}

// observed are the names that the journals of some gateways can have.
type observed struct {
	arguments map[string][]string // by action, in and out
	services  []string            // types
	faults    []string
}

func observable(gateways []Options) observed {
	o := observed{arguments: map[string][]string{}}
	note := func(name string, arguments ...string) { o.arguments[name] = union(o.arguments[name], arguments) }
	for _, b := range blueprints() {
		for name, a := range defined(b.kind, b.version).actions {
			note(name, a.inputs...)
			note(name, a.outputs...)
		}
	}
	for _, g := range gateways {
		if g.Version < 0 || g.Version > 2 {
			continue
		}
		known := g.glossary()
		for name := range known.in {
			note(name, known.in[name]...)
			note(name, known.out[name]...)
		}
		o.services = union(o.services, known.services)
		for i, f := range g.Faults {
			if f.Name == "" {
				f.Name = fmt.Sprintf("faults[%d]", i)
			}
			o.faults = union(o.faults, []string{f.Name})
		}
	}
	return o
}

// names are the names that entries of s can have; nil when nobody can say.
func (o observed) names(s subject) []string {
	switch s.key {
	case "calls":
		return sortedKeys(o.arguments)
	case "subscribes":
		return o.services
	case "changes":
		return changes()
	case "faults":
		return o.faults
	}
	return nil
}

// unknown reports the names in e that are none.
func (e Expectation) unknown(o observed, report report) {
	s := e.subject()
	if all := o.names(s); s.key == "faults" || all != nil {
		if !slices.ContainsFunc(all, s.pattern.matches) && !strings.HasPrefix(string(s.pattern), "X_") {
			report([]any{s.key}, words.Nearest(string(s.pattern), all), "there is no %s %s", s.noun, s.pattern)
			return
		}
	}
	var details []string
	switch s.key {
	case "calls":
		details = []string{"forgiven"}
		for name, arguments := range o.arguments {
			if s.pattern.matches(name) {
				details = union(details, arguments)
			}
		}
	case "faults":
		details = []string{"layer", "do", "mapping"}
	}
	for _, name := range sortedNames(e.With) {
		if details != nil && !slices.Contains(details, name) && !strings.HasPrefix(name, "X_") && !strings.HasPrefix(string(s.pattern), "X_") {
			report([]any{"with", name}, words.Nearest(name, details), "%s has no %s", s.pattern, name)
		}
	}
	if code := e.Code; code != nil && *code != 0 && (*code < 400 || *code > 999) {
		report([]any{"code"}, "", "%d is no error code from 400 to 999; 0 is success", *code)
	}
	if status := e.Status; status != nil && (*status < 100 || *status > 999) {
		report([]any{"status"}, "", "%d is no HTTP status", *status)
	}
	all := slices.Concat(sortedKeys(o.arguments), changes(), o.faults)
	if what := e.After.What; what != "" && !slices.Contains(all, what) && !strings.HasPrefix(what, "X_") {
		report([]any{"after"}, words.Nearest(what, all), "there is no action, change or fault %s", what)
	}
}

// changes are the kinds of Event.
func changes() []string {
	var all []string
	for _, kind := range []EventKind{
		MappingAdded, MappingUpdated, MappingDeleted, MappingExpired, ExternalIPSet, StatusChanged, LinkChanged, WentDown, PinholeOpened,
		PinholeUpdated, PinholeClosed, PinholeExpired, FirewallSet, Rebooted, Planned, SubscriberJoined, SubscriberLeft, SubscriberLapsed,
	} {
		all = append(all, string(kind))
	}
	return all
}

// observed adds to what g can have the faults that came and went while it ran.
func (g *Gateway) observed() observed {
	o := observable([]Options{g.options})
	for _, f := range g.Faults() {
		o.faults = union(o.faults, []string{f.Name})
	}
	for _, e := range g.Journal() {
		if e.Kind == "fault" || e.Kind == "fault.added" {
			o.faults = union(o.faults, []string{e.Name})
		}
	}
	return o
}
