package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start serves on loopback until the test ends.
func start(t testing.TB, s *Server) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

func echo(_ context.Context, q *Request) *Reply {
	return NewReply(200, Fields{{Name: "X-Method", Value: q.Method}}, append([]byte(q.Target+" "), q.Body...))
}

// say writes request bytes and returns everything that comes back before the server closes. The client closes its side when
// half is true.
func say(t *testing.T, addr, request string, half bool) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request)
	if half {
		c.(*net.TCPConn).CloseWrite()
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("after %q: %v", b, err)
	}
	return string(b)
}

func TestServer(t *testing.T) {
	addr := start(t, &Server{Handle: echo, Limits: Limits{Body: 1000}})
	const close = "Connection: close\r\n\r\n"
	reply := func(method, body string) string {
		return "HTTP/1.1 200 OK\r\nX-Method: " + method + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	const refused = "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	tests := []struct {
		name, request string
		half          bool
		want          string
	}{
		{"post", "POST /ctl HTTP/1.1\r\nContent-Length: 5\r\n" + close + "hello", false, reply("POST", "/ctl hello")},
		{"odd methods", "M-POST /a HTTP/1.1\r\n\r\nSUBSCRIBE /b HTTP/1.1\r\n\r\nNOTIFY * HTTP/1.1\r\n" + close, false, reply("M-POST", "/a ") + reply("SUBSCRIBE", "/b ") + reply("NOTIFY", "* ")},
		{"version 1.0 closes", "GET / HTTP/1.0\r\n\r\n", false, reply("GET", "/ ")},
		{"version 1.0 kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", false, reply("GET", "/ ") + reply("GET", "/2 ")},
		{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false, reply("POST", "/ hello")},
		{"client closed its side", "GET / HTTP/1.1\r\n\r\n", true, reply("GET", "/ ")},
		{"continue", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + close, true, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request" + refused},
		{"not http", "hello\r\n\r\n", false, "HTTP/1.1 400 Bad Request" + refused},
		{"tls", "\x16\x03\x01\x02\x00\x01\x00\n\n", false, "HTTP/1.1 400 Bad Request" + refused},
		{"length invalid", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", false, "HTTP/1.1 400 Bad Request" + refused},
		{"lengths contradict", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", false, "HTTP/1.1 400 Bad Request" + refused},
		{"chunk invalid", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", false, "HTTP/1.1 400 Bad Request" + refused},
		{"body cut", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", true, "HTTP/1.1 400 Bad Request" + refused},
		{"too large", "POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + strings.Repeat("x", 1001), false, "HTTP/1.1 413 Request Entity Too Large" + refused},
		{"chunks too large", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + strings.Repeat("x", 2048), false, "HTTP/1.1 413 Request Entity Too Large" + refused},
		{"head too large", "GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 17<<10), false, "HTTP/1.1 431 Request Header Fields Too Large" + refused},
		{"too many lines", "GET / HTTP/1.1\r\n" + strings.Repeat("A: x\r\n", 101) + "\r\n", false, "HTTP/1.1 431 Request Header Fields Too Large" + refused},
		{"nothing", "", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, say(t, addr, tt.request, tt.half)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestServerRequest(t *testing.T) {
	seen := make(chan *Request, 1)
	addr := start(t, &Server{Handle: func(_ context.Context, q *Request) *Reply {
		seen <- q
		return &Reply{Message: Message{Line: "http/1.1 200", Fields: Fields{{Name: "eXT", Value: ""}, {Name: "B", Value: "c"}}, Body: []byte("raw")}, End: FIN}
	}})
	if got, want := say(t, addr, "POST /ctl HTTP/1.1\r\nhost: x\r\nSOAPAction: \"a\"\r\n\r\n", false), "http/1.1 200\r\neXT:\r\nB: c\r\n\r\nraw"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	q := <-seen
	if d := cmp.Diff(Fields{{Name: "host", Value: "x"}, {Name: "SOAPAction", Value: `"a"`}}, q.Fields); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if q.Local != netip.MustParseAddrPort(addr) || q.Remote.Addr() != q.Local.Addr() || q.Remote.Port() == 0 {
		t.Errorf("remote %v, local %v", q.Remote, q.Local)
	}
	if d := cmp.Diff([]int{len(q.Raw)}, q.Reads); d != "" {
		t.Errorf("reads (-want +got)\n%s", d)
	}
}

// TestServerUnderNetHTTP: the server satisfies a strict client, keep-alive and concurrent.
func TestServerUnderNetHTTP(t *testing.T) {
	addr := start(t, &Server{Handle: echo})
	tr := &http.Transport{MaxIdleConnsPerHost: 8}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				resp, err := client.Post("http://"+addr+"/p", "text/plain", strings.NewReader("x"))
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(b) != "/p x" {
					t.Errorf("%q, %v", b, err)
				}
			}
		})
	}
	wg.Wait()
}

// pipes is a listener of connections made in memory.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- far
	return near
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestServerTimeouts(t *testing.T) {
	tests := []struct {
		name, sent string
		want       string
		after      time.Duration
	}{
		{"silence", "", "", 5 * time.Second},
		{"half a head", "POST / HT", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 30 * time.Second},
		{"half a body", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 30 * time.Second},
		{"idle after a request", "GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Method: GET\r\nContent-Length: 3\r\n\r\n/a ", 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() {
					served <- (&Server{Handle: echo, IdleTimeout: 5 * time.Second}).Serve(ctx, l)
				}()
				c := l.dial()
				begin := time.Now()
				if tt.sent != "" {
					io.WriteString(c, tt.sent)
				}
				got, err := io.ReadAll(c)
				if err != nil || string(got) != tt.want || time.Since(begin) != tt.after {
					t.Errorf("%q, %v after %v", got, err, time.Since(begin))
				}
				c.Close()
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestServerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		ended := make(chan struct{})
		s := &Server{MaxConns: 2, Handle: func(ctx context.Context, _ *Request) *Reply {
			<-ctx.Done()
			close(ended)
			return nil
		}}
		go func() { served <- s.Serve(ctx, l) }()
		busy, idle := l.dial(), l.dial()
		io.WriteString(busy, "GET / HTTP/1.1\r\n\r\n")
		synctest.Wait()
		if n, err := l.dial().Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("third connection: %d, %v, want EOF", n, err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		<-ended
		for _, c := range []net.Conn{busy, idle} {
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%v, want EOF", err)
			}
		}
	})
}

// crowded is a listener that is out of descriptors at first.
type crowded struct {
	*pipes
	refusals int
}

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func (c *crowded) Accept() (net.Conn, error) {
	if c.refusals > 0 {
		c.refusals--
		return nil, temporary{errors.New("too many open files")}
	}
	return c.pipes.Accept()
}

func TestServerOutlivesTemporaryErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &crowded{newPipes(), 3}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- (&Server{Handle: echo}).Serve(ctx, l) }()
		c := l.dial()
		io.WriteString(c, "GET /a HTTP/1.0\r\n\r\n")
		if b, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(b), "/a ") {
			t.Errorf("%q, %v", b, err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestServerListenerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		l.Close()
		if err := (&Server{Handle: echo}).Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v, want the listener's error", err)
		}
	})
}

func TestNewReply(t *testing.T) {
	for want, r := range map[string]*Reply{
		"HTTP/1.1 200 OK\r\nEXT:\r\nContent-Length: 2\r\n\r\nok":            NewReply(200, Fields{{Name: "EXT", Value: ""}}, []byte("ok")),
		"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n":     NewReply(412, nil, nil),
		"HTTP/1.1 500 Internal Server Error\r\nCONTENT-LENGTH: 99\r\n\r\nx": NewReply(500, Fields{{Name: "CONTENT-LENGTH", Value: "99"}}, []byte("x")),
		"HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n":                         NewReply(299, nil, nil),
	} {
		if got := string(r.Append(nil)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if _, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(NewReply(200, nil, nil).Append(nil)))), nil); err != nil {
		t.Error(err)
	}
}
