package http1

import (
	"bytes"
	"net/http"
	"strconv"
)

// Message is written exactly as given, in one Write: nothing is added, sorted or corrected.
type Message struct {
	Line   string // without its line end
	Fields Fields
	Body   []byte
}

// Append appends the message's bytes to b.
func (m *Message) Append(b []byte) []byte {
	n := len(m.Line) + len(m.Body) + 4
	for i := range m.Fields {
		n += len(m.Fields[i].Name) + len(m.Fields[i].Value) + 4
	}
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, len(b)+n), b...)
	}
	b = append(b, m.Line...)
	b = append(b, "\r\n"...)
	for i := range m.Fields {
		b = append(b, m.Fields[i].Name...)
		b = append(b, ':')
		if m.Fields[i].Value != "" {
			b = append(b, ' ')
		}
		b = append(b, m.Fields[i].Value...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, m.Body...)
}

// Reply is what a [Server] sends back: the bytes of its Message in one Write.
type Reply struct {
	Message
	// Close ends the connection after the reply whatever the request asked for. The message is not changed by it: a reply that
	// announces the close holds its own Connection field.
	Close bool
	// Sent is called once the reply has been written or could not be; nil for nothing. What must follow an answer on another
	// connection (the first event of a subscription) starts there.
	Sent func()
}

// NewReply makes an HTTP/1.1 reply with the reason phrase of status. Content-Length is added last when fields lack it.
func NewReply(status int, fields Fields, body []byte) *Reply {
	r := &Reply{Message: Message{Line: statusLine(status), Fields: fields, Body: body}}
	if _, ok := fields.Lookup("Content-Length"); !ok {
		r.Fields = append(fields[:len(fields):len(fields)], Field{"Content-Length", strconv.Itoa(len(body))})
	}
	return r
}

func statusLine(status int) string {
	if status == http.StatusOK {
		return "HTTP/1.1 200 OK"
	}
	return string(bytes.TrimRight(append(strconv.AppendInt([]byte("HTTP/1.1 "), int64(status), 10), " "+http.StatusText(status)...), " "))
}
