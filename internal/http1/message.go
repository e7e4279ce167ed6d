package http1

import (
	"bytes"
	"strings"
)

// Message is written exactly as given, in one Write: nothing is added, sorted or corrected.
type Message struct {
	Line   string // without its line end; "": none, and without Fields there is no head at all
	Fields Fields // one without a name is a line of its own: its Value
	Body   []byte
}

// Append appends the message's bytes to b.
func (m *Message) Append(b []byte) []byte { return append(m.appendHead(b), m.Body...) }

// HeadSize is how many bytes the head has, through its empty line.
func (m *Message) HeadSize() int {
	if m.headless() {
		return 0
	}
	n := 2
	if m.Line != "" {
		n += len(m.Line) + 2
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		n += len(f.Name) + len(f.colon()) + len(f.Value) + 2
	}
	return n
}

func (m *Message) appendHead(b []byte) []byte {
	if n := m.HeadSize() + len(m.Body); cap(b)-len(b) < n {
		b = append(make([]byte, 0, len(b)+n), b...)
	}
	if m.headless() {
		return b
	}
	if m.Line != "" {
		b = append(b, m.Line...)
		b = append(b, "\r\n"...)
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		b = append(b, f.Name...)
		b = append(b, f.colon()...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

func (m *Message) headless() bool { return m.Line == "" && len(m.Fields) == 0 }

func (f *Field) colon() string {
	switch {
	case f.Name == "":
		return ""
	case f.Colon != "":
		return f.Colon
	case f.Value == "":
		return ":"
	}
	return ": "
}

// Exact takes a message apart as it stands: Append gives back the same bytes. One without an empty line has no head.
func Exact(b []byte) Message {
	text, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	lines := strings.Split(string(text), "\r\n")
	if !ok || lines[0] == "" {
		return Message{Body: b}
	}
	m := Message{Line: lines[0], Fields: make(Fields, len(lines)-1), Body: body}
	for i, line := range lines[1:] {
		m.Fields[i] = exactField(line)
	}
	return m
}

func exactField(line string) Field {
	name, value, ok := strings.Cut(line, ":")
	bare := strings.TrimRight(name, " \t")
	if !ok || bare == "" {
		return Field{Value: line}
	}
	f := Field{Name: bare, Value: strings.TrimLeft(value, " \t")}
	f.Colon = line[len(bare) : len(line)-len(f.Value)]
	if usual := (Field{Name: bare, Value: f.Value}); usual.colon() == f.Colon {
		f.Colon = ""
	}
	return f
}

// Status is the status code in the message's line, read leniently; 0 when it has none.
func (m *Message) Status() int {
	_, status, _, _, err := parseStatusLine(m.Line)
	if err != nil {
		return 0
	}
	return status
}
