package soap

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
)

// Error is an action refused by the device: a UPnP fault (UDA 1.1 §3.1.3).
type Error struct {
	Service     string // service type of the request, a URN
	Action      string
	Code        int    // UPnP error code; 0 when the device sent none that can be read
	Name        string // the standard's name of Code, "" when it has none; see [ErrorName]
	Description string // the device's own words; devices put anything here
	Status      int    // HTTP status of the answer, 500 by the standard
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("upnp error")
	if e.Code != 0 {
		fmt.Fprintf(&b, " %d", e.Code)
	}
	if e.Name != "" {
		b.WriteString(" " + e.Name)
	}
	if e.Description != "" && !strings.EqualFold(e.Description, e.Name) {
		fmt.Fprintf(&b, " (%q)", e.Description)
	}
	if e.Action != "" {
		b.WriteString(" from " + e.Action)
	}
	return b.String()
}

// HTTPError is an HTTP status without a fault that can be read: a web page, an empty 500, a redirect.
type HTTPError struct {
	Status int
	Reason string // the device's reason phrase, may be empty
	Body   []byte // how the body begins, at most 1 KiB
}

func (e *HTTPError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = http.StatusText(e.Status)
	}
	return strings.TrimSpace(fmt.Sprintf("http status %d %s", e.Status, reason))
}

// LimitError says that the peer sent more than is allowed.
type LimitError struct {
	What  string // "body", "head", "header lines", "depth"
	Limit int64  // bytes, lines or levels
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s exceeds the limit of %d", e.What, e.Limit)
}

// SyntaxError says that an answer cannot be read even leniently.
type SyntaxError struct {
	What string // what is wrong with it
	Text string // how it begins, at most 64 bytes
	Err  error  // the cause, may be nil
}

func (e *SyntaxError) Error() string {
	s := e.What
	if e.Text != "" {
		s += fmt.Sprintf(" %q", e.Text)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

func syntaxError(what string, b []byte, err error) error {
	return &SyntaxError{what, string(b[:min(len(b), 64)]), err}
}

// public turns the errors of internal/http1 into those that users can name; others stay as they are.
func public(err error) error {
	var l *http1.LimitError
	var s *http1.SyntaxError
	switch {
	case errors.As(err, &l):
		return &LimitError{l.What, l.Limit}
	case errors.As(err, &s):
		return &SyntaxError{What: "malformed http " + s.What, Text: s.Text, Err: err}
	}
	return err
}
