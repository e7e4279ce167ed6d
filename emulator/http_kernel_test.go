package emulator_test

import (
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// The ends and pieces of connections as a kernel gives them to its program, over loopback.
func TestHTTPFaultsKernel(t *testing.T) {
	const late = 300 * time.Millisecond
	tests := []struct {
		name string
		on   emulator.Layer
		do   emulator.Deed
		want []string // of the head and the body H and B
	}{
		{"closed at once", "tcp.accept", emulator.Deed{Close: emulator.FIN}, []string{"EOF"}},
		// Were it at once, connecting itself would fail now and then.
		{"reset soon", "tcp.accept", emulator.Deed{Delay: during(late), Close: emulator.RST}, []string{"reset"}},
		{"silent", "tcp.accept", emulator.Deed{Hang: true}, []string{"open"}},
		{"closed", "http.request", emulator.Deed{Close: emulator.FIN}, []string{"EOF"}},
		{"reset", "http.request", emulator.Deed{Close: emulator.RST}, []string{"reset"}},
		{"never answered", "http.request", emulator.Deed{Hang: true}, []string{"open"}},
		{"body apart and cut", "http.body", emulator.Deed{Delay: during(late), Truncate: new(7)}, []string{"H", "B7", "EOF"}},
		{"body reset", "http.body", emulator.Deed{Delay: during(late), Truncate: new(7), Close: emulator.RST}, []string{"H", "B7", "reset"}},
		{"body drips", "http.body", emulator.Deed{Truncate: new(14), Drip: &emulator.Drip{Bytes: 7, Every: during(late)}}, []string{"H", "B7", "B7", "EOF"}},
		{"body never ends", "http.body", emulator.Deed{Truncate: new(0), Hang: true}, []string{"H", "open"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := emulator.Start(t, emulator.Options{SSDP: "off", Faults: []emulator.Fault{{On: tt.on, Do: tt.do}}})
			u, err := url.Parse(g.Location())
			if err != nil {
				t.Fatal(err)
			}
			c, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, getDescription)
			wait := 5 * time.Second
			if tt.want[len(tt.want)-1] == "open" {
				wait = late
			}
			var got []string
			for _, a := range told(c, wait) {
				switch {
				case strings.HasPrefix(a.Data, "HTTP/1.1 200 OK\r\n") && strings.HasSuffix(a.Data, "\r\n\r\n"):
					a.Data = "H"
				case len(a.Data) == 7:
					a.Data = "B7"
				}
				got = append(got, a.Data)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if err := g.Close(); err != nil {
				t.Error(err)
			}
			if all := told(c, 5*time.Second); all[0].Data == "open" {
				t.Error("the connection outlives the gateway")
			}
		})
	}
}

// A peer that ends its own half of a connection that hangs hears nothing either, by whichever fault it hangs.
func TestHangHalfClosed(t *testing.T) {
	for _, on := range []emulator.Layer{"tcp.accept", "http.request", "http.head", "forward"} {
		t.Run(string(on), func(t *testing.T) {
			t.Parallel()
			l := onLoopback(t, emulator.Options{})
			u, err := url.Parse(l.g.Location())
			if err != nil {
				t.Fatal(err)
			}
			address := u.Host
			if on == "forward" {
				address = l.add("TCP", tcpListener(t).Addr(), 0).String()
			}
			if err := l.g.AddFault(emulator.Fault{On: on, Do: emulator.Deed{Hang: true}}); err != nil {
				t.Fatal(err)
			}
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, getDescription)
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got := told(c, 1500*time.Millisecond); len(got) != 1 || got[0].Data != "open" {
				t.Errorf("it heard %v", got)
			}
		})
	}
}
