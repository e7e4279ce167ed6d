package scenarios

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// Resolved is the scenario as one document that names no other file: every device with all that its profile and its quirks add. Parse
// makes the same Options of it. Comments are not kept.
func (s *Scenario) Resolved() ([]byte, error) {
	doc := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	add := func(key string, item *yaml.Node) {
		doc.Content = append(doc.Content, s.root.word(key).yaml(), item)
	}
	copied := func(keys ...string) {
		for _, key := range keys {
			if item := s.root.get(key); item != nil {
				add(key, item.yaml())
			}
		}
	}
	copied("schema")
	add("name", s.root.word(s.Name).yaml())
	copied("group", "summary", "evidence", "exposes", "verdict", "kept")
	devices := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, tree := range s.composed {
		devices.Content = append(devices.Content, tree.ordered("name", "igd").yaml())
	}
	add("devices", devices)
	copied("expect")
	return yaml.Dump(doc, yaml.WithIndent(2), yaml.WithLineWidth(120))
}

// ordered is the map n with keys first.
func (n *node) ordered(keys ...string) *node {
	first := *n
	first.keys, first.items = nil, nil
	for _, k := range keys {
		if item := n.get(k); item != nil {
			first.keys, first.items = append(first.keys, n.word(k)), append(first.items, item)
		}
	}
	rest := n.without(keys...)
	first.keys, first.items = slices.Concat(first.keys, rest.keys), slices.Concat(first.items, rest.items)
	return &first
}

// yaml is n for the library's writer, in the style in which it was written as long as that fits on a line.
func (n *node) yaml() *yaml.Node {
	y := &yaml.Node{Style: n.style}
	if n.kind != scalar && len(n.String()) > maxQuoted {
		y.Style &^= yaml.FlowStyle
	}
	switch n.kind {
	case mapping:
		y.Kind, y.Tag = yaml.MappingNode, "!!map"
		for i, k := range n.keys {
			y.Content = append(y.Content, k.yaml(), n.items[i].yaml())
		}
	case list:
		y.Kind, y.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range n.items {
			y.Content = append(y.Content, item.yaml())
		}
	default:
		y.Kind, y.Tag, y.Value = yaml.ScalarNode, n.tag, n.value
	}
	return y
}
