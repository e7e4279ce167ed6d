package scenarios

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// choices is implemented by values that are one word out of a list: what may be suggested for a word that is not.
type choices interface{ Choices() []string }

// checker compares a YAML tree with the Go type that it is to become. The YAML library would refuse the same trees, but
// in the words of a Go programmer, and without a suggestion.
type checker struct{ problems []Problem }

func (c *checker) add(n *yaml.Node, key path, didYouMean, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		Line: n.Line, Column: n.Column, Key: key.String(), Message: fmt.Sprintf(format, args...), DidYouMean: didYouMean,
	})
}

func (c *checker) check(n *yaml.Node, t reflect.Type, key path) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		// An alias can make a small file mean a huge tree, and a reader look in two places.
		c.add(n, key, "", "anchors and aliases are not part of the language: write the value out")
	case n.ShortTag() == "!!null":
		c.add(n, key, "", "%s has no value", subject(key))
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		c.checkText(n, t, key)
	case t.Kind() == reflect.Struct:
		c.checkStruct(n, t, key)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.add(n, key, "", "%s must be a list", subject(key))
			return
		}
		for i, item := range n.Content {
			c.check(item, t.Elem(), append(slices.Clip(key), i))
		}
	default:
		c.checkScalar(n, t, key)
	}
}

func (c *checker) checkStruct(n *yaml.Node, t reflect.Type, key path) {
	if n.Kind != yaml.MappingNode {
		c.add(n, key, "", "%s must hold keys and values", subject(key))
		return
	}
	fields := keysOf(t)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := append(slices.Clip(key), k.Value)
		field, known := fields[k.Value]
		switch line, twice := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode:
			c.add(k, key, "", "a key must be one word")
		case !known:
			c.add(k, at, didYouMean(k.Value, sortedKeys(fields)), "unknown key %q%s", k.Value, within(key))
		case twice:
			c.add(k, at, "", "key %q stands on line %d already", k.Value, line)
		default:
			seen[k.Value] = k.Line
			c.check(v, field, at)
		}
	}
}

func (c *checker) checkText(n *yaml.Node, t reflect.Type, key path) {
	if n.Kind != yaml.ScalarNode {
		c.add(n, key, "", "%s must be one value", subject(key))
		return
	}
	v := reflect.New(t).Interface()
	err := v.(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value))
	if err == nil {
		return
	}
	suggestion := ""
	if list, ok := v.(choices); ok {
		suggestion = didYouMean(n.Value, list.Choices())
	}
	c.add(n, key, suggestion, "%s: %v", subject(key), err)
}

// checkScalar covers the plain kinds that the document types use.
func (c *checker) checkScalar(n *yaml.Node, t reflect.Type, key path) {
	if n.Kind != yaml.ScalarNode {
		c.add(n, key, "", "%s must be one value", subject(key))
		return
	}
	want := ""
	switch tag := n.ShortTag(); t.Kind() {
	case reflect.Int:
		if tag != "!!int" {
			want = "a whole number"
		}
	case reflect.Bool:
		if tag != "!!bool" {
			want = "true or false"
		}
	}
	if want == "" {
		if err := n.Load(reflect.New(t).Interface()); err != nil {
			want = "another value"
		}
	}
	if want != "" {
		c.add(n, key, "", "%s must be %s, not %q", subject(key), want, n.Value)
	}
}

// keysOf maps the YAML keys of a struct to the types of their values. Every field of a document type carries its key
// in a yaml tag.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			keys[name] = t.Field(i).Type
		}
	}
	return keys
}

func sortedKeys(m map[string]reflect.Type) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func subject(key path) string {
	if len(key) == 0 {
		return "a scenario"
	}
	return key.String()
}

func within(key path) string {
	if len(key) == 0 {
		return ""
	}
	return " in " + key.String()
}

// path leads to a place in a document: keys (string) and positions in lists (int).
type path []any

// String writes a path as people do: devices[0].igd.
func (p path) String() string {
	var b strings.Builder
	for _, step := range p {
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

// node finds what stands at p, or the nearest that exists above it: a missing key is shown where it is missing.
func (p path) node(root *yaml.Node) *yaml.Node {
	n := root
	for _, step := range p {
		next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return n
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	}
	return nil
}
