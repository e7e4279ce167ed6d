package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen serves every connection on loopback by handle and ends with the test. gone is closed then.
func listen(t testing.TB, handle func(c *net.TCPConn, gone <-chan struct{})) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn), gone)
			})
		}
	})
	t.Cleanup(func() {
		close(gone)
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// answers reads one request with net/http's reader, writes the pieces one by one and closes, unless held is true.
func answers(t testing.TB, held bool, pieces ...string) (addr string) {
	return listen(t, func(c *net.TCPConn, gone <-chan struct{}) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		for _, p := range pieces {
			io.WriteString(c, p)
		}
		if held {
			<-gone
		}
	})
}
