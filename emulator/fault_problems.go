package emulator

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/words"
)

// faultProblems reports what is wrong with the faults of o.
func (o Options) faultProblems(known glossary, report report) {
	if o.Version < 0 || o.Version > 2 {
		return
	}
	for i, f := range o.Faults {
		at := []any{"faults", i}
		f.problems(known, at, report)
		f.conflicts(o.Faults[:i], "faults", at, report)
	}
}

// conflicts reports that one of others, which are asked before f, ends the occasions of f before f can. They stand in the list of that
// name; "" when they are known by their own names.
func (f Fault) conflicts(others []Fault, list string, at []any, report report) {
	verbs := f.Do.verbs()
	if len(verbs) == 0 {
		return
	}
	for i, other := range others {
		if !other.covers(f) {
			continue
		}
		theirs := other.Do.verbs()
		if len(theirs) == 0 {
			continue
		}
		var name any = "the fault " + other.Name
		if list != "" {
			name = elsewhere{list, i}
		}
		report(below(at, "do", verbs[0]), "", "never happens: %v does %s on the same occasions (%s) and comes first", name, theirs[0], other.On)
		return
	}
}

// covers reports whether f acts whenever other would. It compares what is written, and does not think about what conditions mean.
func (f Fault) covers(other Fault) bool {
	on, _ := other.On.split()
	if f.On != other.On && !(f.On == onSOAP+anyAction && on == onSOAP) {
		return false
	}
	always := reflect.ValueOf(f.When).IsZero()
	anyway := reflect.ValueOf(f.If).IsZero()
	switch {
	case always && anyway:
		return true
	case always:
		return reflect.DeepEqual(f.If, other.If)
	}
	return f.On == other.On && reflect.DeepEqual(f.If, other.If) && reflect.DeepEqual(f.When, other.When)
}

// problems reports what is wrong with f by itself, on a device of which all is known.
func (f Fault) problems(known glossary, at []any, report report) {
	spec, err := f.On.spec()
	if err != nil {
		report(below(at, "on"), words.Nearest(string(f.On), f.On.Choices()), "%v", err)
		return
	}
	base, action := f.On.split()
	if _, ok := known.in[action]; named(action) && !ok {
		near := words.Nearest(action, sortedKeys(known.in))
		if near != "" {
			near = string(base) + near
		}
		report(below(at, "on"), near, "no service of this device has the action %s", action)
		return
	}
	only := func(part, cannot string, got []string, has string) {
		for _, word := range got {
			if all := strings.Fields(has); !slices.Contains(all, word) {
				report(below(at, part, word), "", "%s cannot %s, only %s", f.On, cannot, list(all))
			}
		}
	}
	only("if", "be asked that", given(f.If, ""), spec.ifs)
	only("do", "do that", given(f.Do, ""), spec.verbs+" "+spec.edits+" then")
	v := known.words(f.On)
	f.If.problems(f.On, v, below(at, "if"), report)
	f.When.problems(spec, below(at, "when"), report)
	f.Do.problems(f.On, v, below(at, "do"), report)
	for i, then := range f.Do.Then {
		there := below(at, "do", "then", i)
		then.problems(known, there, report)
		if then.Remove == removeThis && !v.mapping {
			report(below(there, "remove"), "", "%s is not about a mapping that could be removed", f.On)
		}
		if then.Remove == removeThis && then.WAN != nil {
			report(below(there, "wan"), "", "this mapping has a connection already")
		}
	}
}

func (c Condition) problems(on Layer, v vocabulary, at []any, report report) {
	for _, name := range sortedKeys(c.Arg) {
		known(name, v.asked, below(at, "arg", name), report)
		if test := c.Arg[name]; (test.Below != nil || test.Above != nil) && slices.Contains(textArguments(), name) {
			report(below(at, "arg", name), "", "%s is no number that could be below or above another", name)
		}
	}
	choice(c.Via, below(at, "via"), report)
	choice(c.Existing, below(at, "existing"), report)
	choice(c.Host, below(at, "host"), report)
	if w := c.Client.Word; w != "" && w != "same" && w != "other" && w != "routed" {
		report(below(at, "client"), words.Nearest(w, []string{"same", "other", "routed"}), "%q is neither same nor other nor routed nor an address or prefix", w)
	} else if w != "" && w != "routed" && !v.mapping {
		report(below(at, "client"), "", "%s is not about a mapping whose client could be %s: give an address", on, c.Client.Word)
	}
}

// known reports a name that is not in all. Names with X_ are the vendor's own (UDA 1.1 §2.5).
func known(name string, all []string, at []any, report report) {
	if all == nil || slices.Contains(all, name) || strings.HasPrefix(name, "X_") {
		return
	}
	if len(all) == 0 {
		report(at, "", "there are no arguments here")
		return
	}
	report(at, words.Nearest(name, all), "there is no %s here, only %s", name, list(all))
}

// textArguments are those of a mapping that are no numbers, although they may hold some.
func textArguments() []string {
	return []string{"NewRemoteHost", "NewProtocol", "NewInternalClient", "NewPortMappingDescription"}
}

// shortestWindow keeps a virtual clock from walking through millions of windows at once.
const shortestWindow = time.Second

func (w When) problems(spec layerSpec, at []any, report report) {
	for _, n := range []struct {
		word string
		n    int
	}{{"first", w.First}, {"every", w.Every}, {"after-count", w.AfterCount}} {
		if n.n < 0 {
			report(below(at, n.word), "", "must not be negative")
		}
	}
	if !(w.Chance >= 0 && w.Chance <= 1) {
		report(below(at, "chance"), "", "%v is no probability", float64(w.Chance))
	}
	if v := w.Windows; v != nil && (v.For <= 0 || v.Gap.Min+time.Duration(v.For) < shortestWindow || v.Gap.Max < v.Gap.Min) {
		report(below(at, "windows"), "", "a window and the gap before it must last %v or more", shortestWindow)
	}
	if v := w.Cycle; v != nil && (v.On <= 0 || v.Off <= 0) {
		report(below(at, "cycle"), "", "on and off must both last")
	}
	if r := w.Rate; r != nil && (r.Over < 1 || r.Over > maxRate || r.In <= 0) {
		report(below(at, "rate"), "", "must be over 1 to %d in some time", maxRate)
	}
	choice(w.Per, below(at, "per"), report)
	choice(w.Until, below(at, "until"), report)
	scopes := strings.Fields(spec.per)
	if w.Per != "" && w.Per != perDevice && !slices.Contains(scopes, string(w.Per)) {
		report(below(at, "per"), "", "%s counts for %s", spec.layer.plain(), list(append(scopes, string(perDevice))))
	}
	if w.Until == untilDeleted && !slices.Contains(scopes, string(perMapping)) {
		report(below(at, "until"), "", "%s is not about a mapping that could be deleted", spec.layer.plain())
	}
}

// choice reports a word that v cannot be.
func choice[T interface {
	~string
	Choices() []string
}](v T, at []any, report report) {
	if all := v.Choices(); v != "" && !slices.Contains(all, string(v)) {
		report(at, words.Nearest(string(v), all), "%q is not one of %s", string(v), strings.Join(all, ", "))
	}
}

// plain is l as it is called when no action is meant.
func (l Layer) plain() string { return strings.TrimSuffix(string(l), ".") }

// given are the keys of the parts of v that are not zero, in the order of its fields; with an option, of those whose tag has it.
func given(v any, option string) (all []string) {
	r := reflect.ValueOf(v)
	for i := range r.NumField() {
		word, options, _ := strings.Cut(r.Type().Field(i).Tag.Get("yaml"), ",")
		if !r.Field(i).IsZero() && (option == "" || slices.Contains(strings.Split(options, ","), option)) {
			all = append(all, word)
		}
	}
	return all
}

// list writes words as "a, b and c".
func list(words []string) string {
	switch len(words) {
	case 0:
		return "none"
	case 1:
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
