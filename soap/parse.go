package soap

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Parse reads a control message of either direction and returns the ids of what was forgiven. Element names are matched in
// any namespace and case; a fault wins over a response beside it. An empty Body is a Message without Action. Argument values
// are as received.
//
// The error is a [*LimitError], or a [*SyntaxError] when b is something else: a web page, another XML document, no XML.
func Parse(b []byte, contentType string, l Limits) (*Message, []string, error) {
	var q quirks
	m, err := parse(b, contentType, l, &q)
	if i := slices.Index(q, InvalidUTF8); i >= 0 {
		q[i] = CorruptBytes
	}
	return m, q, err
}

func parse(b []byte, contentType string, l Limits, q *quirks) (*Message, error) {
	doc, err := readXML(b, contentType, l, q)
	if err != nil {
		return salvage(b, err, q)
	}
	body, err := bodyOf(doc.Root(), q)
	if err != nil {
		return salvage(b, err, q)
	}
	if f := child(body, "Fault"); f != nil {
		return &Message{Fault: readFault(f, q)}, nil
	}
	if child(body, "UPnPError") != nil {
		return &Message{Fault: readFault(body, q)}, nil
	}
	var action *etree.Element
	for _, e := range body.ChildElements() {
		if action == nil || isResponse(e) && !isResponse(action) {
			action = e
		}
	}
	if action == nil {
		q.add(RespBlank)
		return new(Message), nil
	}
	m := &Message{Action: action.Tag, Service: action.NamespaceURI(), Response: isResponse(action)}
	if m.Response {
		m.Action = m.Action[:len(m.Action)-len("Response")]
	}
	for _, e := range action.ChildElements() {
		value, nested := content(e)
		if nested {
			q.add(ArgNotText)
		}
		m.Args = append(m.Args, Arg{e.Tag, value})
	}
	return m, nil
}

func isResponse(e *etree.Element) bool {
	n := len(e.Tag) - len("Response")
	return n > 0 && strings.EqualFold(e.Tag[n:], "Response")
}

// bodyOf finds the element that holds the action or fault.
func bodyOf(root *etree.Element, q *quirks) (*etree.Element, error) {
	switch {
	case strings.EqualFold(root.Tag, "Envelope"):
	case strings.EqualFold(root.Tag, "Body"):
		q.add(EnvelopeMissing)
		return root, nil
	case strings.EqualFold(root.Tag, "Fault"), strings.EqualFold(root.Tag, "UPnPError"), isResponse(root):
		q.add(EnvelopeMissing)
		// An envelope of its own would be one more element between document and root.
		return root.Parent(), nil
	case strings.EqualFold(root.Tag, "html"):
		return nil, &SyntaxError{What: "a web page, not a soap envelope"}
	default:
		return nil, &SyntaxError{What: "not a soap envelope", Text: root.FullTag()}
	}
	checkEnvelopeNS(root, q)
	body := child(root, "Body")
	if body == nil {
		q.add(EnvelopeMissing)
		return root, nil
	}
	if root.NamespaceURI() != body.NamespaceURI() {
		checkEnvelopeNS(body, q)
	}
	return body, nil
}

func checkEnvelopeNS(e *etree.Element, q *quirks) {
	switch e.NamespaceURI() {
	case envelope11:
	case envelope12:
		q.add(Envelope12)
	default:
		q.add(EnvelopeNS)
	}
}

// salvage looks for the error code of a fault too damaged to be parsed (quirk soap-resp-corrupt-bytes); err stands when
// there is none.
func salvage(b []byte, err error, q *quirks) (*Message, error) {
	var limit *LimitError
	if errors.As(err, &limit) {
		return nil, err
	}
	_, after, found := bytes.Cut(bytes.ToLower(b), []byte("errorcode>"))
	code, _ := leadingNumber(string(after[:min(len(after), 16)]))
	if !found || code == 0 {
		return nil, err
	}
	q.add(CorruptBytes)
	return &Message{Fault: &Fault{UPnPCode: code}}, nil
}
