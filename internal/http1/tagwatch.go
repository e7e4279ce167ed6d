package http1

import "bytes"

// tagWatch follows a growing body and tells whether its root element has been closed. It counts only elements that have the
// root's name, so that mis-nested or unclosed elements within do not matter, and it never looks twice at the same bytes.
type tagWatch struct {
	name  []byte
	depth int
	text  bool // something other than white space and NULs follows the last tag
	pos   int  // everything before is accounted for
	seek  int  // how far the end of the construct at pos has been looked for
}

// closed reports whether body ends with the end tag of its root element, give or take white space and NULs.
func (t *tagWatch) closed(body []byte) bool {
	return t.ended(body) && t.pos == len(body) && !t.text
}

// ended reports whether the root element has been closed, whatever follows it.
func (t *tagWatch) ended(body []byte) bool {
	for t.step(body) {
	}
	return t.name != nil && t.depth == 0
}

// step takes in one tag, comment, CDATA section or declaration; false when the next one is not complete yet.
func (t *tagWatch) step(body []byte) bool {
	i := bytes.IndexByte(body[t.pos:], '<')
	if i < 0 {
		t.text = t.text || len(bytes.Trim(body[t.pos:], " \t\r\n\x00")) > 0
		t.pos = len(body)
		return false
	}
	t.pos += i
	rest := body[t.pos:]
	if len(rest) < len("<![CDATA[") && !bytes.ContainsRune(rest, '>') {
		return false
	}
	end := []byte(">")
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		end = []byte("-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		end = []byte("]]>")
	}
	from := max(t.seek, t.pos)
	j := bytes.Index(body[from:], end)
	if j < 0 {
		t.seek = max(t.pos, len(body)-len(end))
		return false
	}
	tag := body[t.pos+1 : from+j]
	t.pos, t.text = from+j+len(end), false
	if len(end) == 1 {
		t.tag(tag)
	}
	return true
}

// tag counts one start or end tag, given without its angle brackets. An XML declaration needs no "?" before its end: devices
// forget it.
func (t *tagWatch) tag(tag []byte) {
	if len(tag) == 0 || tag[0] == '!' || tag[0] == '?' {
		return
	}
	ends := tag[0] == '/'
	empty := tag[len(tag)-1] == '/'
	name := bytes.Trim(tag, "/")
	if i := bytes.IndexAny(name, " \t\r\n/"); i >= 0 {
		name = name[:i]
	}
	if t.name == nil && !ends && len(name) > 0 {
		t.name = bytes.Clone(name)
	}
	switch {
	case !bytes.EqualFold(name, t.name) || empty && !ends:
	case ends:
		t.depth = max(0, t.depth-1)
	default:
		t.depth++
	}
}
