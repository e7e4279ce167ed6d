package soap

import (
	"bytes"
	"cmp"
	"errors"
	"strings"

	"github.com/beevik/etree"
)

// Limits cap one XML document. The zero value is usable.
type Limits struct {
	Size  int64 // bytes as received, 0 = 1 MiB
	Depth int   // levels of nested elements, 0 = 32
}

func (l Limits) defaults() Limits {
	l.Size = cmp.Or(l.Size, 1<<20)
	l.Depth = cmp.Or(l.Depth, 32)
	return l
}

// ReadXML reads a document of a device: a description, an SCPD, a control message, an event, a port listing. Encoding,
// damage and bad nesting are put up with; the ids of what was forgiven are returned, each once. contentType is the
// Content-Type of the response, "" when unknown.
//
// The document has a root and is not deeper than l.Depth. Names are to be matched without their namespace. The error is a
// [*LimitError], or a [*SyntaxError] when there is no element at all, or when the document declares entities: nothing a
// gateway sends needs them.
func ReadXML(b []byte, contentType string, l Limits) (*etree.Document, []string, error) {
	var q quirks
	doc, err := readXML(b, contentType, l, &q)
	return doc, q, err
}

func readXML(b []byte, contentType string, l Limits, q *quirks) (*etree.Document, error) {
	l = l.defaults()
	if int64(len(b)) > l.Size {
		return nil, &LimitError{"body", l.Size}
	}
	text := clean(toUTF8(b, contentType, q), q)
	if bytes.Contains(text, []byte("<!ENTITY")) {
		return nil, syntaxError("entity declaration", b, nil)
	}
	doc, err := parseXML(text, l.Depth)
	if errors.Is(err, etree.ErrMaxDepth) {
		return nil, &LimitError{"depth", int64(l.Depth)}
	}
	if err != nil {
		fixed, rerr := repair(text, l.Depth, q)
		if rerr != nil {
			return nil, rerr
		}
		// What still cannot be parsed keeps the elements read so far.
		doc, err = parseXML(fixed, l.Depth)
	}
	if doc.Root() == nil {
		if len(bytes.TrimSpace(b)) == 0 {
			return nil, syntaxError("empty document", nil, nil)
		}
		return nil, syntaxError("no xml element in", b, err)
	}
	return doc, nil
}

func parseXML(b []byte, depth int) (*etree.Document, error) {
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{Permissive: true, MaxDepth: depth}
	// Canonical writing keeps carriage returns and gives <X></X>, which some readers need.
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true}
	err := doc.ReadFromBytes(b)
	return doc, err
}

// child returns the first child element called name in any case and namespace, nil when there is none.
func child(e *etree.Element, name string) *etree.Element {
	for _, t := range e.Child {
		if c, ok := t.(*etree.Element); ok && strings.EqualFold(c.Tag, name) {
			return c
		}
	}
	return nil
}

// descendant is child that looks at all levels, depth first.
func descendant(e *etree.Element, name string) *etree.Element {
	for _, t := range e.Child {
		c, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		if strings.EqualFold(c.Tag, name) {
			return c
		}
		if d := descendant(c, name); d != nil {
			return d
		}
	}
	return nil
}

// content is the text of e, comments left out. When e holds elements instead, their XML is the content and nested is true.
func content(e *etree.Element) (s string, nested bool) {
	var b strings.Builder
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			nested = true
		}
	}
	if !nested {
		return b.String(), false
	}
	b.Reset()
	for _, t := range e.Child {
		t.WriteTo(&b, &etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true})
	}
	return strings.TrimSpace(b.String()), true
}
