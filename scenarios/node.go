package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// node is a piece of a document that remembers where it was written. Composing makes new nodes out of old ones and never
// changes one, so that a piece of a profile still tells the profile's file, line and column.
type node struct {
	kind   kind
	tag    string // of a scalar: what YAML takes it for
	value  string // of a scalar
	style  yaml.Style
	keys   []*node // of a map, in order
	items  []*node // of a list; of a map, one to each key
	place  place
	parent *node    // in its own file
	step   any      // from parent: a key or a position
	bad    bool     // a problem was reported here
	meant  []string // of a map: keys about which a problem was reported that they are not there, or are misspelt
}

type kind uint8

const (
	scalar kind = iota
	list
	mapping
)

// place is where something stands.
type place struct {
	file         string
	line, column int // from 1; 0 when not known
}

func (p place) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.column) }

// get is what a map has under key, nil when there is nothing.
func (n *node) get(key string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for i, k := range n.keys {
		if k.value == key {
			return n.items[i]
		}
	}
	return nil
}

// list is what n holds as a list, which one item may stand for.
func (n *node) list() []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == list:
		return n.items
	}
	return []*node{n}
}

// at is what stands at p, or the nearest that exists above it, and then the rest of p: a missing key is shown where it is missing.
func (n *node) at(p path) (*node, path) {
	for i, step := range p {
		var next *node
		switch step := step.(type) {
		case string:
			next = n.get(step)
		case int:
			if n.kind != list && step == 0 {
				next = n // one item stands for a list of one
			} else if n.kind == list && step >= 0 && step < len(n.items) {
				next = n.items[step]
			}
		}
		if next == nil {
			return n, p[i:]
		}
		n = next
	}
	return n, nil
}

// path leads to n in its own file.
func (n *node) path() path {
	var p path
	for ; n.parent != nil; n = n.parent {
		p = append(p, n.step)
	}
	slices.Reverse(p)
	return p
}

// with is a copy of the map n in which key has item.
func (n *node) with(key, item *node) *node {
	c := *n
	c.keys, c.items = slices.Clone(n.keys), slices.Clone(n.items)
	if i := slices.IndexFunc(c.keys, func(k *node) bool { return k.value == key.value }); i >= 0 {
		c.items[i] = item
		return &c
	}
	c.keys, c.items = append(c.keys, key), append(c.items, item)
	return &c
}

// without is a copy of the map n that has none of keys.
func (n *node) without(keys ...string) *node {
	c := *n
	c.keys, c.items = nil, nil
	for i, k := range n.keys {
		if !slices.Contains(keys, k.value) {
			c.keys, c.items = append(c.keys, k), append(c.items, n.items[i])
		}
	}
	return &c
}

// word is a scalar that nobody wrote: what stands at n implies it.
func (n *node) word(value string) *node {
	return &node{tag: "!!str", value: value, place: n.place, parent: n.parent, step: n.step}
}

// equal reports whether a and b say the same, wherever they stand. Maps may differ in the order of their keys.
func equal(a, b *node) bool {
	switch {
	case a == nil || b == nil:
		return a == b
	case a.kind != b.kind:
		return false
	case a.kind == scalar:
		return a.value == b.value
	case len(a.items) != len(b.items):
		return false
	case a.kind == list:
		return slices.EqualFunc(a.items, b.items, equal)
	}
	for i, k := range a.keys {
		if other := b.get(k.value); other == nil || !equal(a.items[i], other) {
			return false
		}
	}
	return true
}

// String writes n in one line, for messages.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return shorten(b.String())
}

func (n *node) write(b *strings.Builder) {
	switch {
	case b.Len() > maxQuoted:
	case n.kind == scalar:
		b.WriteString(n.value)
	default:
		open, close := "[", "]"
		if n.kind == mapping {
			open, close = "{", "}"
		}
		b.WriteString(open)
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			if n.kind == mapping {
				b.WriteString(n.keys[i].value + ": ")
			}
			item.write(b)
		}
		b.WriteString(close)
	}
}

// maxQuoted is how much of a value a message quotes, in bytes.
const maxQuoted = 100

func shorten(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}

// path leads to a place in a document: keys (string) and positions in lists (int).
type path []any

// String writes a path as people do: devices[0].igd. A key that is no plain word stands in quotes: set["BOOTID.UPNP.ORG"].
func (p path) String() string {
	var b strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			switch {
			case strings.ContainsAny(step, `.[]"`) || step == "":
				fmt.Fprintf(&b, "[%q]", shorten(step))
			default:
				if b.Len() > 0 {
					b.WriteByte('.')
				}
				b.WriteString(shorten(step))
			}
		}
	}
	return b.String()
}
