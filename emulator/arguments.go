package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/huin/goupnp/scpd"

	"github.com/igdkit/igdkit/soap"
)

// maxText bounds what a string argument may hold, in bytes. Standards give no bound; the table is kept in memory.
const maxText = 1024

// input is one in-argument of an action as its SCPD describes it.
type input struct {
	name     string
	bits     int // of ui2 and ui4; 0: not a number
	boolean  bool
	min, max uint64 // of a number
	allowed  []string
	judged   bool // its range is a matter of policy
}

func newAction(doc *scpd.SCPD, a *scpd.Action, does behaviour) (*action, error) {
	made := &action{name: a.Name, behaviour: does}
	for _, arg := range a.OutputArguments() {
		made.outputs = append(made.outputs, arg.Name)
	}
	for _, arg := range a.InputArguments() {
		v := doc.GetStateVariable(arg.RelatedStateVariable)
		if v == nil {
			return nil, fmt.Errorf("%s refers to no variable", arg.Name)
		}
		in, err := newInput(arg.Name, v)
		if err != nil {
			return nil, err
		}
		in.judged = slices.Contains(does.judged, arg.Name)
		made.in, made.inputs = append(made.in, in), append(made.inputs, arg.Name)
	}
	return made, nil
}

func newInput(name string, v *scpd.StateVariable) (input, error) {
	in := input{name: name, allowed: v.AllowedValues}
	switch v.DataType.Name {
	case "string":
	case "boolean":
		in.boolean = true
	case "ui2":
		in.bits = 16
	case "ui4":
		in.bits = 32
	default:
		return in, fmt.Errorf("%s is of unknown type %q", name, v.DataType.Name)
	}
	in.max = 1<<in.bits - 1
	if r := v.AllowedValueRange; r != nil {
		var err error
		if in.min, err = strconv.ParseUint(r.Minimum, 10, in.bits); err != nil {
			return in, fmt.Errorf("minimum of %s: %w", v.Name, err)
		}
		if in.max, err = strconv.ParseUint(r.Maximum, 10, in.bits); err != nil {
			return in, fmt.Errorf("maximum of %s: %w", v.Name, err)
		}
	}
	return in, nil
}

// check reads the in-arguments of a call: all of them, in the order of the SCPD (UDA 1.1 §3.1.1) and no others, as far as p wants
// that, and each of its type, range and list.
func (a *action) check(got []soap.Arg, p *ArgumentPolicy) (arguments, error) {
	checked := make(arguments, len(a.in))
	next, found := 0, 0
	for i := range a.in {
		in := &a.in[i]
		checked[i].name = in.name
		at := slices.IndexFunc(got[next:], func(g soap.Arg) bool { return g.Name == in.name })
		if at < 0 {
			if p.Missing != "accepted" || len(in.allowed) > 0 {
				return nil, refuse(BadArguments, errorOf(p.Missing))
			}
			continue
		}
		at += next
		found++
		if p.Order != "any" {
			next = at + 1
		}
		var err error
		if checked[i].value, err = in.read(got[at].Value, p); err != nil {
			return nil, err
		}
	}
	if found < len(got) && p.Extra != "accepted" {
		return nil, refuse(BadArguments, errorOf(p.Extra))
	}
	return checked, nil
}

func (in *input) read(s string, p *ArgumentPolicy) (value, error) {
	switch {
	case in.boolean:
		switch strings.ToLower(strings.TrimSpace(s)) {
		// The words are deprecated but must be understood (UDA 1.1 §2.5).
		case "1", "true", "yes":
			return value{number: 1}, nil
		case "0", "false", "no":
			return value{}, nil
		}
		return value{}, refuse(BadArguments)
	case in.bits > 0:
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, in.bits)
		switch {
		case err != nil:
			return value{}, refuse(BadArguments)
		case !in.judged && (n < in.min || n > in.max):
			return value{}, refuse(ValueOutOfRange)
		}
		return value{number: n}, nil
	case len(s) > maxText:
		return value{}, refuse(TextTooLong)
	case len(in.allowed) > 0:
		for _, word := range in.allowed {
			if s == word || p.AnyCase && strings.EqualFold(s, word) {
				return value{text: word}, nil
			}
		}
		return value{}, refuse(ValueNotAllowed)
	}
	return value{text: s}, nil
}

// arguments are those of a call that have passed the SCPD. Asking for one that the SCPD does not have panics.
type arguments []argument

type argument struct {
	name string
	value
}

type value struct {
	text   string
	number uint64
}

func (a arguments) get(name string) value {
	for i := range a {
		if a[i].name == name {
			return a[i].value
		}
	}
	panic("emulator: no argument " + name)
}

func (a arguments) text(name string) string { return a.get(name).text }
func (a arguments) ui2(name string) uint16  { return uint16(a.get(name).number) }
func (a arguments) ui4(name string) uint32  { return uint32(a.get(name).number) }
func (a arguments) flag(name string) bool   { return a.get(name).number != 0 }

// The forms in which values are answered.
func ui2(n uint16) string { return strconv.FormatUint(uint64(n), 10) }
func ui4(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
func boolean(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
