package http1

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is being answered when Serve ends is answered within Grace; what takes longer is cut, and nothing new begins.
func TestGrace(t *testing.T) {
	tests := []struct {
		name   string
		begins string // of the request, before the end
		reply  Reply
		want   []arrival // after the end of ctx
		ended  time.Duration
	}{
		{"in time", "GET / HTTP/1.1\r\n\r\n", Reply{Message: Message{Body: []byte("late")}, Delay: 50 * time.Millisecond}, []arrival{{50 * time.Millisecond, "late"}, {50 * time.Millisecond, "EOF"}}, 50 * time.Millisecond},
		{"too late", "GET / HTTP/1.1\r\n\r\n", Reply{Message: Message{Body: []byte("late")}, Delay: time.Minute}, []arrival{{200 * time.Millisecond, "EOF"}}, 200 * time.Millisecond},
		{"idle", "", Reply{}, []arrival{{0, "EOF"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan time.Time, 1)
				s := &Server{Grace: 200 * time.Millisecond, Handle: func(context.Context, *Request) *Reply { return &tt.reply }}
				go func() {
					if err := s.Serve(ctx, l); err != nil {
						t.Error(err)
					}
					served <- time.Now()
				}()
				c := l.dial()
				defer c.Close()
				if _, err := io.WriteString(c, tt.begins); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				start := time.Now()
				cancel()
				if d := cmp.Diff(tt.want, arrivals(c)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				if took := (<-served).Sub(start); took != tt.ended {
					t.Errorf("Serve ended after %v, want %v", took, tt.ended)
				}
			})
		})
	}
}
