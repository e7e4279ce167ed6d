package soap

import (
	"bytes"
	"cmp"
	"strings"
)

// repair balances the tags of a document that is not well formed: elements left open are closed, an end tag of another name closes the
// element that holds text only (TP-Link Archer C9), other stray end tags are dropped, a tag cut off by the end of the document dropped, an angle bracket that begins no tag escaped. The error is a [*LimitError]
// when elements nest deeper than depth.
func repair(b []byte, depth int, q *quirks) ([]byte, error) {
	out := make([]byte, 0, len(b)+256)
	var open []string
	var skip skipper
	leaf := false // the last tag was the start of an element
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			out = append(out, b...)
			break
		}
		out, b = append(out, b[:i]...), b[i:]
		if n := skip.length(b); n > 0 {
			out, b = append(out, b[:n]...), b[n:]
			continue
		}
		// A tag ends before the next one begins; to look no further keeps this linear.
		next := bytes.IndexByte(b[1:], '<') + 1
		end := bytes.IndexByte(b[:cmp.Or(next, len(b))], '>')
		if end < 0 && next == 0 {
			// Cut off within a tag: nothing after the bracket can be told apart.
			q.add(XMLTruncated)
			break
		}
		name, kind := tagName(b[:end+1])
		if kind == noTag {
			q.add(XMLBrokenTag)
			out, b = append(out, "&lt;"...), b[1:]
			continue
		}
		tag := b[:end+1]
		b = b[end+1:]
		switch kind {
		case emptyTag:
			leaf = false
			out = append(out, tag...)
		case startTag:
			if open = append(open, name); len(open) > depth {
				return nil, &LimitError{"depth", int64(depth)}
			}
			out, leaf = append(out, tag...), true
		case endTag:
			at := len(open) - 1
			for at >= 0 && !strings.EqualFold(open[at], name) {
				at--
			}
			if at < 0 || at < len(open)-1 || open[at] != name {
				q.add(MismatchedTag)
			}
			if at < 0 && leaf {
				at = len(open) - 1
			}
			leaf = false
			if at >= 0 {
				out = closeTags(out, open[at:])
				open = open[:at]
			}
		}
	}
	if len(open) > 0 {
		q.add(XMLTruncated)
	}
	return closeTags(out, open), nil
}

func closeTags(out []byte, open []string) []byte {
	for i := len(open) - 1; i >= 0; i-- {
		out = append(out, "</"...)
		out = append(out, open[i]...)
		out = append(out, '>')
	}
	return out
}

// skipper finds comments, CDATA sections, instructions and directives. It remembers which ends do not occur any more.
type skipper struct{ gone [4]bool }

// length of the construct at the start of b, 0 when it is something else or has no end.
func (s *skipper) length(b []byte) int {
	for i, c := range [...]struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"}} {
		if s.gone[i] || !bytes.HasPrefix(b, []byte(c.begin)) {
			continue
		}
		if j := bytes.Index(b[len(c.begin):], []byte(c.end)); j >= 0 {
			return len(c.begin) + j + len(c.end)
		}
		s.gone[i] = true
	}
	return 0
}

type tagKind int

const (
	noTag tagKind = iota
	startTag
	endTag
	emptyTag
)

// tagName reads a whole tag "<name …>".
func tagName(tag []byte) (string, tagKind) {
	if len(tag) < 3 {
		return "", noTag
	}
	kind := startTag
	in := tag[1 : len(tag)-1]
	switch {
	case in[0] == '/':
		kind, in = endTag, in[1:]
	case in[len(in)-1] == '/':
		kind, in = emptyTag, in[:len(in)-1]
	}
	n := 0
	for n < len(in) && nameByte(in[n]) {
		n++
	}
	if n == 0 || in[0] == '-' || in[0] == '.' || '0' <= in[0] && in[0] <= '9' || n < len(in) && strings.IndexByte(" \t\r\n", in[n]) < 0 {
		return "", noTag
	}
	return string(in[:n]), kind
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':' || c == '_' || c == '-' || c == '.' || c >= 0x80
}
