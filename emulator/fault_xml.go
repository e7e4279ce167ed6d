package emulator

import (
	"bytes"
	"iter"
	"slices"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/internal/http1"
)

// faultyXML is the document that faults leave of body, which answers req.
func (g *Gateway) faultyXML(req *http1.Request, body []byte) []byte {
	if len(body) == 0 || g.faults.on(onXML) == nil {
		return body
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{PreserveCData: true}
	if err := doc.ReadFromBytes(body); err != nil || doc.Root() == nil {
		return body // the dialect has made it unreadable: no fault finds anything there
	}
	d := g.meet(&occasion{layer: onXML, peer: req.Remote, request: req, document: doc.Root()})
	if !d.acted {
		return body
	}
	d.rewriteElements(doc.Root())
	text := writeXML(doc)
	if bytes.Contains(body, []byte("\r\n")) {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) // who reads XML makes one of every line break (XML 1.0 §2.11)
	}
	return text
}

// finds reports whether a document has any of the elements that f edits.
func (f *fault) finds(root *etree.Element) bool {
	return slices.ContainsFunc(f.edits, func(e edit) bool { return len(elements(root, e.name)) > 0 })
}

// elements are those called name within root and root itself, whatever namespace they have.
func elements(root *etree.Element, name string) (found []*etree.Element) {
	for e := range within(root) {
		if e.Tag == name {
			found = append(found, e)
		}
	}
	return found
}

// rewriteElements edits all elements of a name, wherever they are within root.
func (d *deed) rewriteElements(root *etree.Element) {
	before := map[string]string{}
	for e := range within(root) {
		if _, ok := before[e.Tag]; !ok {
			before[e.Tag] = e.Text()
		}
	}
	as := func(name string) string { return before[name] }
	for _, e := range d.edits {
		for _, x := range elements(root, e.name) {
			switch {
			case e.set != nil:
				x.SetText(e.set.text(as))
			case e.rename != "":
				x.Tag = e.rename
			case x.Parent() != nil:
				x.Parent().RemoveChild(x)
			}
		}
	}
}

// within are e and all elements below it.
func within(e *etree.Element) iter.Seq[*etree.Element] {
	return func(yield func(*etree.Element) bool) { visitElements(e, yield) }
}

func visitElements(e *etree.Element, yield func(*etree.Element) bool) bool {
	if !yield(e) {
		return false
	}
	for _, child := range e.ChildElements() {
		if !visitElements(child, yield) {
			return false
		}
	}
	return true
}
