package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	// maxSize bounds a document in bytes. The longest that is worth writing by hand is far below it.
	maxSize = 1 << 20
	// maxNodes bounds it in keys and values: what costs time is not the bytes.
	maxNodes = 20_000
	// maxDepth bounds the nesting of lists and maps.
	maxDepth = 40
)

// read makes a tree of a YAML document, of which JSON is a kind. It is nil when the text is not YAML at all.
func read(file string, data []byte, ps *problems) *node {
	here := place{file: file}
	if len(bytes.TrimSpace(data)) == 0 {
		ps.add(here, "", "", "the file is empty")
		return nil
	}
	if len(data) > maxSize {
		ps.add(here, "", "", "larger than %d bytes", maxSize)
		return nil
	}
	var doc yaml.Node
	if json.Valid(data) {
		data = pairedEscapes(data)
	}
	if err := yaml.Load(data, &doc); err != nil {
		syntax(file, err, ps)
		return nil
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	r := reader{file: file, problems: ps}
	n := r.node(root, nil, nil, 0)
	if r.count > maxNodes {
		ps.add(here, "", "", "holds more than %d keys and values", maxNodes)
		return nil
	}
	return n
}

// reader turns nodes of the YAML library into ours, and refuses what the language leaves out of YAML.
type reader struct {
	file     string
	problems *problems
	count    int
}

func (r *reader) node(y *yaml.Node, parent *node, step any, depth int) *node {
	n := &node{
		value: y.Value, style: y.Style, place: place{r.file, y.Line, y.Column}, parent: parent, step: step,
	}
	refuse := func(format string, args ...any) *node {
		r.problems.at(n, "", format, args...)
		return n
	}
	r.count++
	switch {
	case r.count > maxNodes:
		return n
	case depth > maxDepth:
		return refuse("nested deeper than %d", maxDepth)
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		// An alias can make a small file mean a huge tree, and a reader look in two places.
		return refuse("anchors and aliases are not part of the language: write the value out")
	case y.Style&yaml.TaggedStyle != 0:
		return refuse("tags such as %s are not part of the language", shorten(y.Tag))
	case y.ShortTag() == "!!null":
		return refuse("%s has no value", subject(n))
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mapping
		r.pairs(y, n, depth)
	case yaml.SequenceNode:
		n.kind = list
		for i, item := range y.Content {
			n.items = append(n.items, r.node(item, n, i, depth+1))
		}
	default:
		n.tag = y.ShortTag()
	}
	return n
}

func (r *reader) pairs(y *yaml.Node, n *node, depth int) {
	lines := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		key := &node{tag: "!!str", value: k.Value, style: k.Style, place: place{r.file, k.Line, k.Column}, parent: n, step: k.Value}
		line, twice := lines[k.Value]
		switch {
		case k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
			n.bad = true
			r.problems.add(key.place, n.path().String(), "", "a key must be one word")
		case twice:
			n.bad = true
			r.problems.add(key.place, key.path().String(), "", "key %q stands on line %d already", shorten(k.Value), line)
		default:
			lines[k.Value] = k.Line
			n.keys = append(n.keys, key)
			n.items = append(n.items, r.node(v, n, k.Value, depth+1))
		}
	}
}

// syntax turns what the YAML library says into problems.
func syntax(file string, err error, ps *problems) {
	one := func(e *yaml.LoadError) {
		message := strings.TrimPrefix(e.Message, "yaml: ")
		if e.ContextMsg != "" {
			message += " " + e.ContextMsg
		}
		ps.add(place{file, e.Mark.Line, e.Mark.Column}, "", "", "%s", message)
	}
	if many, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, e := range many.Errors {
			one(e)
		}
	} else if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		one(e)
	} else {
		ps.add(place{file: file}, "", "", "%v", err)
	}
}

// subject is what a message calls n.
func subject(n *node) string {
	if p := n.path(); len(p) > 0 {
		return p.String()
	}
	return "the document"
}

func within(n *node) string {
	if p := n.path(); len(p) > 0 {
		return " in " + p.String()
	}
	return ""
}
