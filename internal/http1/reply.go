package http1

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Reply is what a [Server] sends: the bytes of its Message, in one Write unless Pieces say otherwise. The zero value sends
// nothing and lets the connection go on.
type Reply struct {
	Message
	// Delay is the silence before the first byte, or before End where nothing is sent.
	Delay time.Duration
	// Pieces are written in turn. What they leave out of the message is not sent, and the connection is closed. nil: one Write of all.
	Pieces []Piece
	// End is what becomes of the connection afterwards. The message is not changed by it: a reply that announces the close holds its
	// own Connection field.
	End End
	// Sent is called once the reply has been written or could not be; nil for nothing. What must follow an answer on another
	// connection (the first event of a subscription) starts there.
	Sent func()
}

// Piece is a run of a message's bytes.
type Piece struct {
	Bytes int           // how many
	After time.Duration // the silence before it
	Each  int           // at most so many in one Write, with After before every one of them; 0: all in one
}

// End is what becomes of a connection.
type End uint8

// The ends.
const (
	Usual End = iota // it goes on, unless the request's version or Connection field says otherwise (RFC 9112 §9.3)
	FIN              // it is closed
	RST              // it is reset; where the network has no reset, closed
	Hang             // it is held open, and nothing more is said on it until the peer closes it or [Server.HangTimeout] has passed; see [Hold]
)

// NewReply makes an HTTP/1.1 reply with the reason phrase of status. Content-Length is added last when fields lack it.
func NewReply(status int, fields Fields, body []byte) *Reply {
	r := &Reply{Message: Message{Line: StatusLine(status, http.StatusText(status)), Fields: fields, Body: body}}
	if _, ok := fields.Lookup("Content-Length"); !ok {
		r.Fields = append(fields[:len(fields):len(fields)], Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
	}
	return r
}

// StatusLine is that of HTTP/1.1; without a reason the blank before it is left out as well.
func StatusLine(status int, reason string) string {
	if status == http.StatusOK && reason == "OK" {
		return "HTTP/1.1 200 OK"
	}
	return strings.TrimRight("HTTP/1.1 "+strconv.Itoa(status)+" "+reason, " ")
}
