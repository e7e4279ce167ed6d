package emulator

import (
	"maps"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// edit changes one of the named values of an occasion: arguments, header fields, elements.
type edit struct {
	name   string // as it was before the fault
	set    *Setting
	rename string // "" without set: it is removed
}

// edits are those of d in an order that does not depend on chance: values first, then removals, then names.
func (d *Deed) namedEdits() (all []edit) {
	for _, name := range sortedKeys(d.Set) {
		v := d.Set[name]
		all = append(all, edit{name: name, set: &v})
	}
	for _, name := range d.Remove {
		all = append(all, edit{name: name})
	}
	for _, name := range sortedKeys(d.Rename) {
		all = append(all, edit{name: name, rename: d.Rename[name]})
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// text is the new value; as finds another one by its name.
func (s *Setting) text(as func(name string) string) string {
	switch {
	case s.SameAs != "":
		return as(s.SameAs)
	case s.Hex != nil:
		return string(*s.Hex)
	case s.Text != nil:
		return *s.Text
	}
	return ""
}

// rewriteArgs is args after the edits of d. What same-as names is taken from args as they were, else from others, so that two arguments
// can change places and an answer can repeat what was asked.
func (d *deed) rewriteArgs(args, others []soap.Arg) []soap.Arg {
	if len(d.edits) == 0 {
		return args
	}
	before := slices.Concat(args, others)
	as := func(name string) string {
		for _, a := range before {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
	return rewrite(slices.Clone(args), d.edits, func(a *soap.Arg) (*string, *string) { return &a.Name, &a.Value }, func(a, b string) bool { return a == b }, as)
}

// rewriteFields is fields after the edits of d; names are the same in any case.
func (d *deed) rewriteFields(fields http1.Fields) http1.Fields {
	if len(d.edits) == 0 {
		return fields
	}
	return rewrite(slices.Clone(fields), d.edits, func(f *http1.Field) (*string, *string) { return &f.Name, &f.Value }, strings.EqualFold, fields.Get)
}

// rewrite does edits to all. parts gives the name and value of one.
func rewrite[T any](all []T, edits []edit, parts func(*T) (name, value *string), same func(a, b string) bool, as func(name string) string) []T {
	for _, e := range edits {
		if e.set == nil && e.rename == "" {
			all = slices.DeleteFunc(all, func(x T) bool {
				name, _ := parts(&x)
				return same(*name, e.name)
			})
			continue
		}
		found := false
		for i := range all {
			name, value := parts(&all[i])
			if !same(*name, e.name) {
				continue
			}
			found = true
			if e.set != nil {
				*value = e.set.text(as)
			} else {
				*name = e.rename
			}
		}
		if e.set != nil && !found {
			var added T
			name, value := parts(&added)
			*name, *value = e.name, e.set.text(as)
			all = append(all, added)
		}
	}
	return all
}
