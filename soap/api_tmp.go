package soap

import (
	"context"
	"net/http"
	"time"

	"github.com/beevik/etree"
)

type Transport struct {
	Base     http.RoundTripper
	MaxBody  int64
	MaxDepth int
}

func (t *Transport) RoundTrip(*http.Request) (*http.Response, error) { panic("soon") }

type Recording struct{}

func Record(ctx context.Context) (context.Context, *Recording) { panic("soon") }
func (r *Recording) Err(err error) error                       { return err }
func (r *Recording) Quirks() []string                          { return nil }
func (r *Recording) Values() []Arg                             { return nil }
func (r *Recording) Unknown(arg string) bool                   { return false }

type Arg struct{ Name, Value string }

type Error struct {
	Service     string
	Code        int
	Name        string
	Description string
	Action      string
	Status      int
}

func (e *Error) Error() string { return e.Name }

type HTTPError struct {
	Status int
	Reason string
	Body   []byte
}

func (e *HTTPError) Error() string { return e.Reason }

type LimitError struct {
	What  string
	Limit int64
}

func (e *LimitError) Error() string { return e.What }

type SyntaxError struct {
	What string
	Text string
	Err  error
}

func (e *SyntaxError) Error() string { return e.What }

func ErrorName(service string, code int) string { panic("soon") }

type Limits struct {
	Size  int64
	Depth int
}

func ReadXML(b []byte, contentType string, l Limits) (*etree.Document, []string, error) {
	panic("soon")
}

type Message struct {
	Action   string
	Service  string
	Response bool
	Args     []Arg
	Fault    *Fault
}
type Fault struct {
	Code, String string
	UPnPCode     int
	Description  string
}

func Parse(b []byte, contentType string, l Limits) (*Message, []string, error) { panic("soon") }
func WriteRequest(service, action string, args []Arg) []byte                   { panic("soon") }
func WriteResponse(service, action string, args []Arg) []byte                  { panic("soon") }
func WriteFault(code int, description string) []byte                           { panic("soon") }

type PortListingEntry struct {
	RemoteHost     string
	ExternalPort   uint16
	Protocol       string
	InternalPort   uint16
	InternalClient string
	Enabled        bool
	Description    string
	Lease          time.Duration
	Unknown        []string
}

func ParsePortListing(s string) ([]PortListingEntry, []string, error) { panic("soon") }
func WritePortListing(entries []PortListingEntry) string              { panic("soon") }
