package soap

import (
	"slices"
	"strconv"
	"strings"
)

// canonical turns the out-arguments of an action into what a strict reader takes: the standard's names and order, blanks
// trimmed, numbers and booleans in their plain form.
//
// A value that cannot be read is listed in unknown and stands in the result as one that parses and is no fact: a ui4 as
// 4294967295, so that a lease is never 0, which means permanent; a ui2 as 0, which is no port; a boolean as 0. none is true
// when the action has out-arguments and args holds not one of them.
func canonical(action string, args []Arg, q *quirks) (res []Arg, unknown []string, none bool) {
	outs := outArguments(action)
	if outs == nil {
		return args, nil, false
	}
	used := make([]bool, len(args))
	none = true
	for _, o := range outs {
		i := findArg(args, o.name, q)
		if i < 0 && o.name == "NewReservedPort" {
			if i = findArg(args, "NewExternalPort", q); i >= 0 {
				q.add(AddAnyNamesExternalPort)
			}
		}
		if i < 0 {
			unknown = append(unknown, o.name)
			res = append(res, Arg{o.name, filler(o.kind)})
			continue
		}
		none, used[i] = false, true
		v, ok := o.kind.read(args[i].Value, q)
		if !ok {
			q.add(ValueUnreadable)
			unknown = append(unknown, o.name)
			v = filler(o.kind)
		}
		res = append(res, Arg{o.name, v})
	}
	if len(unknown) > 0 && slices.ContainsFunc(unknown, func(name string) bool { return findArg(args, name, new(quirks)) < 0 }) {
		q.add(ArgMissing)
	}
	for i, a := range args {
		if !used[i] {
			res = append(res, a)
		}
	}
	return res, unknown, none
}

// findArg finds an argument, its exact name first. -1 when there is none.
func findArg(args []Arg, name string, q *quirks) int {
	if i := slices.IndexFunc(args, func(a Arg) bool { return a.Name == name }); i >= 0 {
		return i
	}
	i := slices.IndexFunc(args, func(a Arg) bool { return strings.EqualFold(a.Name, name) })
	if i >= 0 {
		q.add(ArgCase)
	}
	return i
}

func filler(k kind) string {
	switch k {
	case boolean, ui2:
		return "0"
	case ui4, ui8:
		return "4294967295"
	}
	return ""
}

// read gives the plain form of v; ok is false when v is not of kind k.
func (k kind) read(v string, q *quirks) (plain string, ok bool) {
	if k == text {
		return v, true
	}
	trimmed := strings.Trim(v, " \t\r\n")
	if trimmed != v {
		q.add(ValueBlanks)
	}
	switch k {
	case boolean:
		return readBoolean(trimmed, q)
	case ui2:
		return readUint(trimmed, 16)
	case ui4:
		return readUint(trimmed, 32)
	case ui8:
		return readUint(trimmed, 64)
	}
	return trimmed, true
}

func readUint(s string, bits int) (string, bool) {
	n, err := strconv.ParseUint(s, 10, bits)
	return strconv.FormatUint(n, 10), err == nil
}

func readBoolean(s string, q *quirks) (string, bool) {
	switch s {
	case "1", "yes", "true":
		return "1", true
	case "0", "no", "false":
		return "0", true
	}
	switch lower := strings.ToLower(s); lower {
	case "true", "yes", "on", "enabled":
		q.add(ValueSpelling)
		return "1", true
	case "false", "no", "off", "disabled":
		q.add(ValueSpelling)
		return "0", true
	}
	return "", false
}
