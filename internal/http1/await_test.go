package http1

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whether the peer says no more is told for each request, and nothing of what it says instead is lost.
func TestAwaitEnd(t *testing.T) {
	addr := start(t, &Server{Handle: func(_ context.Context, q *Request) *Reply {
		wait := time.Minute
		if q.Target == "/open" {
			wait = 20 * time.Millisecond
		}
		q.AwaitEnd(wait)
		return NewReply(200, nil, fmt.Appendf(nil, "%s %s %v\n", q.Target, q.Body, q.HalfClosed))
	}})
	const one, open = "POST /one HTTP/1.1\r\nContent-Length: 1\r\n\r\na", "GET /open HTTP/1.1\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		request string
		half    bool
		want    []string
	}{
		{one, true, []string{"/one a true"}},
		{one + one, true, []string{"/one a false", "/one a true"}},
		{one + open, false, []string{"/one a false", "/open  false"}},
	} {
		got := say(t, addr, tt.request, tt.half)
		for _, want := range tt.want {
			_, rest, ok := strings.Cut(got, want+"\n")
			if !ok {
				t.Errorf("%q: no %q in %q", tt.request, want, got)
			}
			got = rest
		}
	}
}
