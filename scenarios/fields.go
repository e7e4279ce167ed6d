package scenarios

import (
	"reflect"
	"slices"
	"strings"
)

// The Go types are the language: a struct is a map whose keys its yaml tags name. After the key a tag may say
//
//	required  the key must be there
//	scalar    a plain scalar in place of the map is the value of this key
//	inline    the keys of an embedded struct belong to the struct around it
//	verb      of the keys with this option at most one may be given
//
// Types that implement encoding.TextUnmarshaler are one word; those that have Choices are one of a list. A pointer tells
// whether something was given. In place of a list one item may stand; a list type that implements encoding.TextUnmarshaler makes
// its items of it.

// field is one key of a struct.
type field struct {
	key                    string
	index                  []int // as reflect.Value.FieldByIndex wants it
	typ                    reflect.Type
	owner                  reflect.Type // the struct that declares it, for its comment
	name                   string       // in Go
	required, scalar, verb bool
}

// fieldsOf lists the keys of the struct t in the order of its declaration.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("yaml")
		if !ok || tag == "-" {
			continue
		}
		options := strings.Split(tag, ",")
		key, options := options[0], options[1:]
		if slices.Contains(options, "inline") {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				all = append(all, f)
			}
			continue
		}
		all = append(all, field{
			key: key, index: []int{i}, typ: sf.Type, owner: t, name: sf.Name,
			required: slices.Contains(options, "required"), scalar: slices.Contains(options, "scalar"),
			verb: slices.Contains(options, "verb"),
		})
	}
	return all
}

func fieldOf(t reflect.Type, key string) (field, bool) {
	all := fieldsOf(t)
	i := slices.IndexFunc(all, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return all[i], true
}

// scalarField is the key that a plain scalar stands for.
func scalarField(t reflect.Type) (field, bool) {
	all := fieldsOf(t)
	i := slices.IndexFunc(all, func(f field) bool { return f.scalar })
	if i < 0 {
		return field{}, false
	}
	return all[i], true
}

func keysOf(fields []field) []string {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	return keys
}
