package http1

import (
	"cmp"
	"fmt"
)

// Limits cap what is read from a peer. The zero value is usable.
type Limits struct {
	Head   int   // bytes of one head, 0 = 16 KiB
	Fields int   // header lines of one head, 0 = 100
	Body   int64 // bytes of one body after chunks are joined, 0 = 1 MiB
}

func (l Limits) defaults() Limits {
	l.Head = cmp.Or(l.Head, 16<<10)
	l.Fields = cmp.Or(l.Fields, 100)
	l.Body = cmp.Or(l.Body, 1<<20)
	return l
}

// LimitError says that a peer sent more than [Limits] allow. Nothing beyond the limit was kept.
type LimitError struct {
	What  string // "head", "header lines" or "body"
	Limit int64  // bytes, or lines
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("http: %s larger than %d", e.What, e.Limit)
}

// SyntaxError says that a message cannot be read as HTTP even leniently.
type SyntaxError struct {
	What string // what was being read: "status line", "request line", "content-length", "chunk"
	Text string // the offending bytes, at most 64
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("http: malformed %s %q", e.What, e.Text)
}

func syntaxError(what, text string) error {
	return &SyntaxError{what, text[:min(len(text), 64)]}
}
