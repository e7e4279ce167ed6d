package http1

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// refusal is the answer to a request that could not be read, nil when there is nobody or nothing to answer.
func refusal(err error) *Reply {
	status := http.StatusBadRequest
	var limit *LimitError
	var syntax *SyntaxError
	switch {
	case errors.As(err, &limit) && limit.What == "body":
		status = http.StatusRequestEntityTooLarge
	case errors.As(err, &limit):
		status = http.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &syntax), err == io.ErrUnexpectedEOF:
	case isTimeout(err):
		status = http.StatusRequestTimeout
	default:
		return nil
	}
	return NewReply(status, Fields{{Name: "Connection", Value: "close"}}, nil)
}

// linger closes a connection on which the peer is still sending: closing at once would reset it, and what was answered would be
// lost.
func linger(c net.Conn) {
	h, ok := c.(interface{ CloseWrite() error })
	if !ok || h.CloseWrite() != nil {
		return
	}
	c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	io.CopyN(io.Discard, c, 1<<20)
}
