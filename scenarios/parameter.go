package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// parameter checks one parameter of a quirk in the quirk's own file: every place that it sets is there and has its default.
func (doc *document) parameter(name string, report func(at path, format string, args ...any)) {
	fragment := doc.root.get("quirk")
	if fragment == nil {
		return
	}
	at := path{"parameters", name}
	if err := checkName(name); err != nil {
		report(at, "%v: a name %v", at, err)
	}
	sets := doc.Parameters[name].Sets
	if len(sets) == 0 {
		report(at, "%v.sets is missing: the places in the quirk that have the value, such as faults[0].if.size.at-least", at)
	}
	var value *node
	for i, text := range sets {
		here := append(at, "sets", i)
		p, err := parsePath(text)
		if err != nil {
			report(here, "%v: %v", at, err)
			continue
		}
		n, rest := fragment.at(p)
		switch {
		case len(rest) > 0:
			report(here, "%v: there is no %s in the quirk: the place must be there, with the default", at, text)
		case value != nil && !equal(value, n):
			report(here, "%v: the places that it sets have different defaults, %v and %v", at, value, n)
		default:
			value = n
		}
	}
}

// Default is what the quirk says where the parameter sets it, in one line.
func (s *Scenario) Default(parameter string) string {
	for _, text := range s.Parameters[parameter].Sets {
		if p, err := parsePath(text); err == nil && s.Quirk != nil {
			n, _ := s.root.get("quirk").at(p)
			return n.String()
		}
	}
	return ""
}

// decodeNode reads the name of a quirk, or a map of the name to its parameters.
func (u *Use) decodeNode(d *decoder, n *node) {
	switch {
	case n.kind == scalar:
		u.Quirk = n.value
	case n.kind == mapping && len(n.keys) == 1 && n.items[0].kind == mapping:
		u.Quirk, u.values = n.keys[0].value, n.items[0]
		for _, k := range u.values.keys {
			u.Parameters = append(u.Parameters, k.value)
		}
	case n.kind == mapping && len(n.keys) == 1 && n.items[0].bad:
	default:
		d.problems.at(n, "", "%s must be the name of a quirk, or one name with parameters, such as {add-table-full-silent-32: {limit: 160}}", subject(n))
	}
}

// name is the node that has the quirk's name.
func (u *Use) name(n *node) *node {
	if n.kind == mapping {
		return n.keys[0]
	}
	return n
}

// replace is a copy of n in which value stands at p. It is n when there is no such place.
func (n *node) replace(p path, value *node) *node {
	if len(p) == 0 {
		return value
	}
	c := *n
	switch step := p[0].(type) {
	case string:
		if next := n.get(step); next != nil {
			return n.with(n.word(step), next.replace(p[1:], value))
		}
	case int:
		if n.kind != list && step == 0 {
			return n.replace(p[1:], value)
		}
		if n.kind == list && step < len(n.items) {
			c.items = append([]*node(nil), n.items...)
			c.items[step] = c.items[step].replace(p[1:], value)
		}
	}
	return &c
}

// parsePath reads what path.String writes.
func parsePath(s string) (path, error) {
	bad := fmt.Errorf("%q is no place, such as faults[0].if.size.at-least", shorten(s))
	var p path
	for rest := s; rest != ""; {
		if inner, ok := strings.CutPrefix(rest, `["`); ok {
			end := strings.Index(inner, `"]`)
			if end < 0 {
				return nil, bad
			}
			p, rest = append(p, inner[:end]), inner[end+2:]
		} else if inner, ok := strings.CutPrefix(rest, "["); ok {
			number, after, _ := strings.Cut(inner, "]")
			n, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return nil, bad
			}
			p, rest = append(p, int(n)), after
		} else {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, bad
			}
			p, rest = append(p, rest[:end]), rest[end:]
		}
		if next, ok := strings.CutPrefix(rest, "."); ok {
			if rest = next; rest == "" || rest[0] == '[' || rest[0] == '.' {
				return nil, bad
			}
		}
	}
	if len(p) == 0 {
		return nil, bad
	}
	return p, nil
}
