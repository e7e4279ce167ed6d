package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// arrival is what one Read of the client gave, and when.
type arrival struct {
	After time.Duration
	Data  string
}

// arrivals reads c to its end, which is told as data too.
func arrivals(c net.Conn) (all []arrival) {
	start := time.Now()
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		if n > 0 {
			all = append(all, arrival{time.Since(start), string(b[:n])})
		}
		if err != nil {
			return append(all, arrival{time.Since(start), err.Error()})
		}
	}
}

// serve runs s over pipes in the bubble of the test.
func serve(t *testing.T, s *Server) *pipes {
	l := newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l
}

// One Read of a pipe is one Write at most, so pieces are seen as they were sent.
func TestDelivery(t *testing.T) {
	const head, body = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "0123456789"
	at := func(d time.Duration, data string) arrival { return arrival{d, data} }
	const second, idle = time.Second, 30 * time.Second
	tests := []struct {
		name   string
		pieces []Piece
		end    End
		want   []arrival
	}{
		{"at once", nil, FIN, []arrival{at(0, head+body), at(0, "EOF")}},
		{"goes on", nil, Usual, []arrival{at(0, head+body), at(idle, "EOF")}},
		{"late", []Piece{{Bytes: 49, After: second}}, FIN, []arrival{at(second, head+body), at(second, "EOF")}},
		{"split", []Piece{{Bytes: 39}, {Bytes: 4, After: second}, {Bytes: 6, After: 2 * second}}, FIN,
			[]arrival{at(0, head), at(second, "0123"), at(3*second, "456789"), at(3*second, "EOF")}},
		{"drip", []Piece{{Bytes: 39}, {Bytes: 10, After: second, Each: 4}}, Usual,
			[]arrival{at(0, head), at(second, "0123"), at(2*second, "4567"), at(3*second, "89"), at(3*second+idle, "EOF")}},
		{"truncated", []Piece{{Bytes: 41}}, Usual, []arrival{at(0, head+"01"), at(0, "EOF")}},
		{"truncated and held", []Piece{{Bytes: 41}}, Hang, []arrival{at(0, head+"01"), at(time.Minute, "EOF")}},
		{"nothing", []Piece{}, FIN, []arrival{at(0, "EOF")}},
		{"late nothing", []Piece{{After: second}}, FIN, []arrival{at(second, "EOF")}},
		{"more than there is", []Piece{{Bytes: 100}, {Bytes: -1}, {Bytes: 100, Each: -1}}, Usual, []arrival{at(0, head+body), at(idle, "EOF")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := make(chan struct{})
				l := serve(t, &Server{HangTimeout: time.Minute, Handle: func(context.Context, *Request) *Reply {
					r := NewReply(200, nil, []byte(body))
					r.Pieces, r.End, r.Sent = tt.pieces, tt.end, func() { close(sent) }
					return r
				}})
				c := l.dial()
				defer c.Close()
				io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
				if d := cmp.Diff(tt.want, arrivals(c)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				<-sent
			})
		})
	}
}

// A connection that was delivered in pieces goes on with the next request.
func TestDeliveryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, &Server{Handle: func(_ context.Context, q *Request) *Reply {
			if q.Target == "/2" {
				return &Reply{Message: Message{Body: []byte("raw\n")}, Delay: time.Second, End: FIN}
			}
			return &Reply{Message: Message{Line: "A", Fields: Fields{{Name: "b", Value: "c", Colon: ":"}, {Value: "d"}, {Name: "e"}}}, Pieces: []Piece{{Bytes: 2}, {Bytes: 99}}}
		}})
		c := l.dial()
		defer c.Close()
		go io.WriteString(c, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
		want := []arrival{{0, "A\r"}, {0, "\nb:c\r\nd\r\ne:\r\n\r\n"}, {time.Second, "raw\n"}, {time.Second, "EOF"}}
		if d := cmp.Diff(want, arrivals(c)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// Whatever a connection waits for, Serve ends at once with its context.
func TestDeliveryEndsWithServe(t *testing.T) {
	for name, reply := range map[string]*Reply{
		"delay": {Delay: time.Hour},
		"drip":  {Message: Message{Body: []byte("drip")}, Pieces: []Piece{{Bytes: 4, After: time.Hour, Each: 1}}},
		"hang":  {End: Hang},
	} {
		for _, accept := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s := &Server{Handle: func(context.Context, *Request) *Reply { return reply }}
				if accept {
					s.Accept = func(Peer) *Reply { return reply }
				}
				l := newPipes()
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx, l) }()
				c := l.dial()
				defer c.Close()
				go io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
				synctest.Wait()
				start := time.Now()
				cancel()
				if err := <-served; err != nil || time.Since(start) > 0 {
					t.Errorf("%s: %v after %v", name, err, time.Since(start))
				}
			})
		}
	}
}

// A quarter of eight connections may hang, each for ten minutes; the peer may talk meanwhile.
func TestHangIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, &Server{MaxConns: 8, Accept: func(Peer) *Reply { return &Reply{End: Hang} }})
		dial := func() net.Conn {
			c := l.dial()
			t.Cleanup(func() { c.Close() })
			synctest.Wait()
			return c
		}
		start := time.Now()
		ends := func(c net.Conn, want time.Duration) {
			t.Helper()
			if _, err := c.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != want {
				t.Errorf("%v after %v, want the end after %v", err, time.Since(start), want)
			}
		}
		one, two := dial(), dial()
		ends(dial(), 0)
		two.Close()
		synctest.Wait()
		two = dial() // whoever leaves makes room
		go io.WriteString(one, strings.Repeat("x", 10_000))
		ends(one, 10*time.Minute)
		ends(two, 10*time.Minute)
	})
}

func TestAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var met []Peer
		replies := []*Reply{nil, {End: FIN}, {Delay: time.Second}, {Message: Message{Body: []byte("220 hello\r\n")}}}
		l := serve(t, &Server{Handle: echo, IdleTimeout: time.Minute, Accept: func(p Peer) *Reply {
			met = append(met, p)
			return replies[len(met)-1]
		}})
		const answer = "HTTP/1.1 200 OK\r\nX-Method: GET\r\nContent-Length: 3\r\n\r\n/a "
		want := [][]arrival{
			{{0, answer}, {0, "EOF"}},
			{{0, "EOF"}},
			{{time.Second, answer}, {time.Second, "EOF"}},
			{{0, "220 hello\r\n"}, {0, answer}, {0, "EOF"}},
		}
		var conns []net.Conn
		for range replies {
			c := l.dial()
			defer c.Close()
			conns = append(conns, c)
			synctest.Wait()
		}
		for i, c := range conns {
			go io.WriteString(c, "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")
			if d := cmp.Diff(want[i], arrivals(c)); d != "" {
				t.Errorf("connection %d (-want +got)\n%s", i+1, d)
			}
			synctest.Wait()
		}
		if d := cmp.Diff([]Peer{{Conn: 1, Open: 1}, {Conn: 2, Open: 2}, {Conn: 3, Open: 2}, {Conn: 4, Open: 3}}, met, cmp.Comparer(func(a, b Peer) bool {
			return a.Conn == b.Conn && a.Open == b.Open
		})); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// Of several requests at once, each knows how many came before it and are still there.
func TestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan string, 10)
		l := serve(t, &Server{Handle: func(_ context.Context, q *Request) *Reply {
			seen <- q.Target + " " + string(rune('0'+q.InFlight)) + " on " + string(rune('0'+q.Conn))
			r := NewReply(200, nil, nil)
			if q.Target == "/slow" {
				r.Pieces = []Piece{{Bytes: 99, After: time.Second}}
			}
			return r
		}})
		a, b, blank := l.dial(), l.dial(), l.dial()
		for _, c := range []net.Conn{a, b, blank} {
			defer c.Close()
		}
		ask := func(c net.Conn, target string) {
			io.WriteString(c, "GET "+target+" HTTP/1.1\r\n\r\n")
			c.Read(make([]byte, 4096))
		}
		io.WriteString(blank, "\r\n") // what some clients send behind a body is no request
		ask(a, "/alone")
		ask(b, "/after") // whoever has read an answer is never counted with it
		io.WriteString(a, "GET /half")
		synctest.Wait()
		ask(b, "/second")
		io.WriteString(a, " HTTP/1.1\r\n\r\n")
		a.Read(make([]byte, 4096))
		io.WriteString(b, "GET /slow HTTP/1.1\r\n\r\n")
		synctest.Wait()
		ask(a, "/second")
		b.Read(make([]byte, 4096))
		io.WriteString(a, "hello\r\n\r\n") // refused, and over
		a.Read(make([]byte, 4096))
		ask(b, "/alone")
		want := []string{"/alone 1 on 1", "/after 1 on 2", "/second 2 on 2", "/half 1 on 1", "/slow 1 on 2", "/second 2 on 1", "/alone 1 on 2"}
		close(seen)
		var got []string
		for s := range seen {
			got = append(got, s)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// On a real kernel: a reset is one, before an answer and behind a part of it, and pieces are read apart.
func TestDeliveryKernel(t *testing.T) {
	const gap = 50 * time.Millisecond
	replies := map[string]*Reply{
		"/rst":  {End: RST},
		"/part": {Message: Message{Line: "HTTP/1.1 200 OK", Fields: Fields{{Name: "Content-Length", Value: "4"}}, Body: []byte("body")}, Pieces: []Piece{{Bytes: 40}}, End: RST},
		"/two":  {Message: Message{Line: "HTTP/1.1 200 OK", Fields: Fields{{Name: "Content-Length", Value: "4"}}, Body: []byte("body")}, Pieces: []Piece{{Bytes: 38}, {Bytes: 4, After: gap}}, End: FIN},
	}
	addr := start(t, &Server{Handle: func(_ context.Context, q *Request) *Reply { return replies[q.Target] }})
	for target, want := range map[string][]string{
		"/rst": nil, "/part": {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo"}, "/two": {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "body"},
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, "GET "+target+" HTTP/1.1\r\n\r\n")
		var got []string
		for err == nil {
			b := make([]byte, 4096)
			var n int
			if n, err = c.Read(b); n > 0 {
				got = append(got, string(b[:n]))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", target, d)
		}
		if reset := target != "/two"; reset != errors.Is(err, syscall.ECONNRESET) || !reset && err != io.EOF {
			t.Errorf("%s: ends with %v", target, err)
		}
		c.Close()
	}
}
