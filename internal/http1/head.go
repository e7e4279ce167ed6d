package http1

import (
	"bytes"
	"strings"
)

// ParseHead parses one whole head held in b, as SSDP datagrams are, and returns what follows it. b may end without the empty
// line, use bare LF, be padded with NULs and hold lines without a colon. The error is a [*LimitError] or, when b holds no
// line at all, a [*SyntaxError].
func ParseHead(b []byte, l Limits) (*Head, []byte, error) {
	l = l.defaults()
	start := leading(b)
	n := headEnd(b, start)
	raw, rest := b, []byte(nil)
	if n >= 0 {
		raw, rest = b[:n], b[n:]
	}
	if len(raw) > l.Head {
		return nil, nil, &LimitError{"head", int64(l.Head)}
	}
	h := new(Head)
	if err := h.parse(bytes.Clone(raw), start, l); err != nil {
		return nil, nil, err
	}
	if n < 0 {
		h.forgive(NoBlankLine)
	}
	return h, rest, nil
}

// leading counts the line ends and NULs before the start line. RFC 9112 §2.2 lets a server skip an empty line there.
func leading(b []byte) int {
	for i, c := range b {
		if c != '\r' && c != '\n' && c != 0 {
			return i
		}
	}
	return len(b)
}

// headEnd returns the length of the head at the start of b, through its empty line, or -1. from is where searching begins.
func headEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
		switch rest := b[from:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return from + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + 2
		}
	}
}

// parse fills h from raw, which h keeps. start is the length of the leading junk.
func (h *Head) parse(raw []byte, start int, l Limits) error {
	h.Raw = raw
	s := string(raw[start:])
	if start > 0 {
		h.forgive(LeadingBlank)
	}
	line, s := h.cutLine(s)
	if strings.TrimRight(line, "\x00 \t") == "" {
		return syntaxError("start line", string(raw))
	}
	h.Line = line
	h.Fields = make(Fields, 0, min(strings.Count(s, "\n")+1, l.Fields))
	for s != "" {
		line, s = h.cutLine(s)
		if line == "" {
			continue
		}
		if len(h.Fields) == l.Fields {
			return &LimitError{"header lines", int64(l.Fields)}
		}
		h.addLine(line)
	}
	return nil
}

// cutLine cuts the first line off s, without its line end and without the NULs that some devices send from a buffer of fixed
// size.
func (h *Head) cutLine(s string) (line, rest string) {
	line, rest, ended := strings.Cut(s, "\n")
	if n := len(line); ended && (n == 0 || line[n-1] != '\r') {
		h.forgive(BareLF)
	}
	line = strings.TrimRight(line, "\r")
	if n := len(line); n > 0 && line[n-1] == 0 {
		h.forgive(NULPadding)
		line = strings.TrimRight(line, "\x00\r")
	}
	return line, rest
}

func (h *Head) addLine(line string) {
	if line[0] == ' ' || line[0] == '\t' {
		more := strings.Trim(line, " \t")
		if n := len(h.Fields); n > 0 && more != "" {
			h.forgive(FoldedLine)
			h.Fields[n-1].Value = strings.TrimLeft(h.Fields[n-1].Value+" "+more, " ")
			return
		}
		h.forgive(JunkLine)
		return
	}
	name, value, ok := strings.Cut(line, ":")
	trimmed := strings.TrimRight(name, " \t")
	if !ok || trimmed == "" {
		h.forgive(JunkLine)
		return
	}
	if trimmed != name {
		h.forgive(SpaceBeforeColon)
	}
	value = strings.Trim(value, " \t")
	if strings.IndexFunc(line, isControl) >= 0 {
		h.forgive(HeaderControlChars)
	}
	h.Fields = append(h.Fields, Field{Name: trimmed, Value: value})
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
