package http1

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dialTo hands out one ready connection.
func dialTo(c net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return c, nil }
}

func TestMessage(t *testing.T) {
	unknownLength := func(s string) io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }
	tests := []struct {
		name, method, url string
		header            http.Header
		body              io.Reader
		version           string
		want              string
	}{
		{"as goupnp asks", "POST", "http://192.0.2.1:5000/ctl/IPConn", http.Header{"SOAPACTION": {`"urn:x#A"`}, "CONTENT-TYPE": {`text/xml; charset="utf-8"`}}, unknownLength("<a/>"), "",
			"POST /ctl/IPConn HTTP/1.1\r\nHost: 192.0.2.1:5000\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nContent-Length: 4\r\nSOAPAction: \"urn:x#A\"\r\nConnection: close\r\n\r\n<a/>"},
		{"canonical keys", "POST", "http://192.0.2.1/ctl", http.Header{"Soapaction": {`"x"`}, "User-Agent": {"u"}, "Content-Length": {"99"}, "Transfer-Encoding": {"chunked"}}, nil, "HTTP/1.0",
			"POST /ctl HTTP/1.0\r\nHost: 192.0.2.1\r\nContent-Length: 0\r\nSOAPAction: \"x\"\r\nUser-Agent: u\r\nConnection: close\r\n\r\n"},
		{"m-post", "M-POST", "http://192.0.2.1/ctl", http.Header{"MAN": {`"e"; ns=01`}, "01-SOAPACTION": {`"x"`}}, strings.NewReader("b"), "",
			"M-POST /ctl HTTP/1.1\r\nHost: 192.0.2.1\r\nContent-Length: 1\r\n01-SOAPACTION: \"x\"\r\nMAN: \"e\"; ns=01\r\nConnection: close\r\n\r\nb"},
		{"subscribe", "SUBSCRIBE", "http://192.0.2.1:80/evt", http.Header{"HOST": {"ignored"}, "CALLBACK": {"<http://192.0.2.9:1/>"}, "NT": {"upnp:event"}, "TIMEOUT": {"Second-1800"}}, nil, "",
			"SUBSCRIBE /evt HTTP/1.1\r\nHOST: 192.0.2.1:80\r\nCALLBACK: <http://192.0.2.9:1/>\r\nNT: upnp:event\r\nTIMEOUT: Second-1800\r\nConnection: close\r\n\r\n"},
		{"notify", "NOTIFY", "http://192.0.2.1:80/", http.Header{"CONTENT-TYPE": {"text/xml"}, "SEQ": {"0"}, "connection": {"keep-alive"}}, strings.NewReader("x"), "",
			"NOTIFY / HTTP/1.1\r\nHost: 192.0.2.1:80\r\nCONTENT-TYPE: text/xml\r\nContent-Length: 1\r\nSEQ: 0\r\nconnection: keep-alive\r\n\r\nx"},
		{"query and colons as written", "GET", "http://192.0.2.1/uuid:0-1/WANIPConnection:1?service=WANIPConn1&x", nil, nil, "",
			"GET /uuid:0-1/WANIPConnection:1?service=WANIPConn1&x HTTP/1.1\r\nHost: 192.0.2.1\r\nConnection: close\r\n\r\n"},
		{"no path", "GET", "http://192.0.2.1:1900", nil, nil, "", "GET / HTTP/1.1\r\nHost: 192.0.2.1:1900\r\nConnection: close\r\n\r\n"},
		{"empty query", "GET", "http://192.0.2.1/UD/?", nil, nil, "", "GET /UD/? HTTP/1.1\r\nHost: 192.0.2.1\r\nConnection: close\r\n\r\n"},
		{"escaped path", "GET", "http://192.0.2.1/a%2fB", nil, nil, "", "GET /a%2fB HTTP/1.1\r\nHost: 192.0.2.1\r\nConnection: close\r\n\r\n"},
		{"zone", "GET", "http://[fe80::1%25eth0]:49152/d", nil, nil, "", "GET /d HTTP/1.1\r\nHost: [fe80::1]:49152\r\nConnection: close\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(tt.method, tt.url, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if tt.header != nil {
				req.Header = tt.header
			}
			m, err := (&Transport{Version: tt.version}).Message(req)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(m.Append(nil))); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestMessageRefuses(t *testing.T) {
	var syntax *SyntaxError
	for name, req := range map[string]*http.Request{
		"line in a value": {URL: &url.URL{Scheme: "http", Host: "h"}, Header: http.Header{"A": {"b\r\nC: d"}}},
		"line in a name":  {URL: &url.URL{Scheme: "http", Host: "h"}, Header: http.Header{"A: b\r\nC": {"d"}}},
		"line in a query": {URL: &url.URL{Scheme: "http", Host: "h", RawQuery: "a\r\nB: c"}},
		"line in host":    {URL: &url.URL{Scheme: "http", Host: "h\r\nB: c"}},
	} {
		if _, err := new(Transport).RoundTrip(req); !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want *SyntaxError", name, err)
		}
	}
	if _, err := new(Transport).RoundTrip(&http.Request{URL: &url.URL{Scheme: "https", Host: "h"}}); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("https: %v", err)
	}
	if _, err := new(Transport).RoundTrip(&http.Request{URL: &url.URL{Scheme: "http"}}); err == nil {
		t.Error("no host: no error")
	}
}

// writes counts Write calls: a router that looks at the first segment only must find everything in it.
type writes struct {
	net.Conn
	sizes *[]int
}

func (w writes) Write(p []byte) (int, error) {
	*w.sizes = append(*w.sizes, len(p))
	return w.Conn.Write(p)
}

func TestOneWrite(t *testing.T) {
	addr := answers(t, false, "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok")
	var sizes []int
	var trace bytes.Buffer
	tr := &Transport{Trace: &trace, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return writes{c, &sizes}, err
	}}
	client := &http.Client{Transport: tr}
	resp, err := client.Post("http://"+addr+"/ctl", "text/xml", struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 100<<10))})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "ok" || resp.StatusCode != 200 || resp.Header.Get("server") != "x" || resp.ContentLength != 2 {
		t.Errorf("%q, %+v", b, resp)
	}
	if len(sizes) != 1 || sizes[0] < 100<<10 {
		t.Errorf("writes of %d bytes, want one", sizes)
	}
	if raw := Raw(resp); raw == nil || raw.Line != "HTTP/1.1 200 OK" || raw.Fields[0] != (Field{Name: "Server", Value: "x"}) {
		t.Errorf("raw %+v", raw)
	}
	for _, want := range []string{"> POST /ctl HTTP/1.1\n", "< HTTP/1.1 200 OK\n", "< ok\n"} {
		if !strings.Contains(trace.String(), want) {
			t.Errorf("trace lacks %q", want)
		}
	}
	if Raw(&http.Response{}) != nil || Raw(nil) != nil {
		t.Error("Raw of a foreign response")
	}
}

// early is a connection to a device that has answered and closed before it was written to.
type early struct {
	net.Conn
	answer io.Reader
}

func (e *early) Write([]byte) (int, error)       { return 0, syscall.EPIPE }
func (e *early) Read(p []byte) (int, error)      { return e.answer.Read(p) }
func (e *early) Close() error                    { return nil }
func (e *early) RemoteAddr() net.Addr            { return &net.TCPAddr{} }
func (e *early) SetReadDeadline(time.Time) error { return nil }

// TestEarlyAnswer: the answer of a device that refuses while it is being written to says more than the failed write.
func TestEarlyAnswer(t *testing.T) {
	req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://192.0.2.1/", nil)
	tr := &Transport{Dial: dialTo(&early{answer: strings.NewReader("HTTP/1.1 413 Too Large\r\n\r\n")})}
	if resp, err := tr.RoundTrip(req); err != nil || resp.StatusCode != 413 {
		t.Errorf("%v, %v", resp, err)
	}
	tr.Dial = dialTo(&early{answer: strings.NewReader("")})
	if _, err := tr.RoundTrip(req); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v, want the failed write", err)
	}
}

func TestCancel(t *testing.T) {
	stages := map[string]*Transport{
		"dial": {Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, errors.New("dial: gave up")
		}},
		"write": {Dial: func(context.Context, string, string) (net.Conn, error) {
			near, _ := net.Pipe()
			return near, nil
		}},
		"read": {},
	}
	for name, tr := range stages {
		t.Run(name, func(t *testing.T) {
			addr := answers(t, true, "HTTP/1.1 200 OK\r\n\r\n<root></root")
			for want, begin := range map[error]func() (context.Context, context.CancelFunc){
				context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
					return context.WithTimeout(t.Context(), 20*time.Millisecond)
				},
				context.Canceled: func() (context.Context, context.CancelFunc) {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(20*time.Millisecond, cancel)
					return ctx, cancel
				},
			} {
				ctx, cancel := begin()
				req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/", nil)
				if _, err := tr.RoundTrip(req); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
				cancel()
			}
			short := &Transport{Dial: tr.Dial, Timeout: 20 * time.Millisecond}
			req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/", nil)
			_, err := short.RoundTrip(req)
			var ne net.Error
			if !errors.As(err, &ne) || !ne.Timeout() || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("own timeout: %v", err)
			}
		})
	}
}

func TestReset(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Winsock has an error number of its own for a reset")
	}
	reset := func(data string) string {
		return listen(t, func(c *net.TCPConn, _ <-chan struct{}) {
			NewReader(c, Limits{}).ReadRequest()
			io.WriteString(c, data)
			c.SetLinger(0)
		})
	}
	for _, data := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<a>"} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+reset(data)+"/", nil)
		if _, err := new(Transport).RoundTrip(req); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after %q: %v, want ECONNRESET", data, err)
		}
	}
	for _, data := range []string{"\r\n<a></a>", "Transfer-Encoding: chunked\r\n\r\n7\r\n<a></a>", "Transfer-Encoding: chunked\r\n\r\n7\r\n<a></a>\r\n0"} {
		p, err := NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n"+data), resets{}), Limits{}).patient().ReadResponse("GET")
		if err != nil || string(p.Body) != "<a></a>" || !slices.Contains(p.Forgiven, ResetAtEnd) {
			t.Errorf("after a whole document %q: %+v, %v", data, p, err)
		}
	}
}

// resets is a connection that has been reset.
type resets struct{}

func (resets) Read([]byte) (int, error) { return 0, syscall.ECONNRESET }

func (r *Reader) patient() *Reader {
	r.idle = closedIdle
	return r
}
