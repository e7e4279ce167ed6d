package emulator

import (
	"iter"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/internal/http1"
)

// faultyXML is the document that faults leave of body, which answers req.
func (g *Gateway) faultyXML(req *http1.Request, body []byte) []byte {
	if len(body) == 0 || g.faults.on(onXML) == nil {
		return body
	}
	d := g.meet(&occasion{layer: onXML, peer: req.Remote, request: req})
	if len(d.edits) == 0 {
		return body
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{PreserveCData: true}
	if err := doc.ReadFromBytes(body); err != nil || doc.Root() == nil {
		return body // the dialect has made it unreadable already
	}
	d.rewriteElements(doc.Root(), answerIn(doc.Root()))
	return writeXML(doc)
}

// answerIn is where an element that is nowhere is added: the answer in an envelope, or the root of another document.
func answerIn(root *etree.Element) *etree.Element {
	if root.Tag == "Envelope" {
		if e := root.FindElement("Body/*"); e != nil {
			return e
		}
	}
	return root
}

// rewriteElements edits all elements of a name within root, wherever they are; whatever namespace they have. What is nowhere is added
// to home.
func (d *deed) rewriteElements(root, home *etree.Element) {
	as := func(name string) string {
		for e := range within(root) {
			if e.Tag == name {
				return e.Text()
			}
		}
		return ""
	}
	values := make([]string, len(d.edits))
	for i, e := range d.edits {
		if e.set != nil {
			values[i] = e.set.text(as)
		}
	}
	for i, e := range d.edits {
		var found []*etree.Element
		for x := range within(root) {
			if x.Tag == e.name {
				found = append(found, x)
			}
		}
		if e.set != nil && len(found) == 0 {
			found = append(found, home.CreateElement(e.name))
		}
		for _, x := range found {
			switch {
			case e.set != nil:
				x.SetText(values[i])
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
