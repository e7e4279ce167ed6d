package http1

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// ParseHead parses one whole head held in b.
func ParseHead(b []byte, l Limits) (*Head, []byte, error) { panic("soon") }

// Reader reads messages.
type Reader struct{}

// NewReader reads from r.
func NewReader(r io.Reader, l Limits) *Reader { panic("soon") }

// ReadRequest reads.
func (r *Reader) ReadRequest() (*Request, error) { panic("soon") }

// ReadResponse reads.
func (r *Reader) ReadResponse(method string) (*Response, error) { panic("soon") }

// Transport is the client side.
type Transport struct {
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Limits  Limits
	Timeout time.Duration
	Trace   io.Writer
	Version string
}

// RoundTrip does.
func (t *Transport) RoundTrip(*http.Request) (*http.Response, error) { panic("soon") }

// Raw gives the underlying response.
func Raw(resp *http.Response) *Response { panic("soon") }

// Server is the connection loop.
type Server struct {
	Limits      Limits
	ReadTimeout time.Duration
	IdleTimeout time.Duration
	MaxConns    int
	Handle      func(ctx context.Context, req *Request) *Reply
}

// Serve accepts.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { panic("soon") }
