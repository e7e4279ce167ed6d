package emulator

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/soap"
)

const connections = 8

// rawRequest is GetExternalIPAddress as bytes.
func rawRequest(host string, keepAlive bool) []byte {
	body := soap.WriteRequest(serviceURN+"WANIPConnection:2", "GetExternalIPAddress", nil)
	connection := "close"
	if keepAlive {
		connection = "keep-alive"
	}
	return fmt.Appendf(nil, "POST /control/WANIPConnection2 HTTP/1.1\r\nHost: %s\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nContent-Length: %d\r\n"+
		"SOAPAction: \"%sWANIPConnection:2#GetExternalIPAddress\"\r\nConnection: %s\r\n\r\n%s", host, len(body), serviceURN, connection, body)
}

// exchange sends one request and reads its answer to the last byte.
func exchange(c net.Conn, r *bufio.Reader, request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if len(line) > 16 && strings.EqualFold(string(line[:15]), "Content-Length:") {
			fmt.Sscan(string(line[15:]), &length)
		}
	}
	if length == 0 {
		return io.ErrUnexpectedEOF
	}
	_, err := r.Discard(length)
	return err
}

// load makes n requests over several connections at once and tells how long that took.
func load(b *testing.B, host string, n int, keepAlive bool) time.Duration {
	b.Helper()
	request := rawRequest(host, keepAlive)
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var wg sync.WaitGroup
	start := time.Now()
	for range connections {
		wg.Go(func() {
			r := bufio.NewReader(nil)
			var c net.Conn
			for range work {
				if c == nil || !keepAlive {
					var err error
					if c, err = net.Dial("tcp", host); err != nil {
						b.Error(err)
						return
					}
					r.Reset(c)
				}
				if err := exchange(c, r, request); err != nil {
					b.Error(err)
					return
				}
				if !keepAlive {
					c.Close()
				}
			}
			if c != nil {
				c.Close()
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// BenchmarkGetExternalIPAddress measures the gateway against a net/http handler that only writes the same bytes, in turns. The
// ratio of requests per second is to be at least 0.5 with close and 0.35 with keep-alive.
func BenchmarkGetExternalIPAddress(b *testing.B) {
	for _, keepAlive := range []bool{false, true} {
		name := "close"
		if keepAlive {
			name = "keep-alive"
		}
		b.Run(name, func(b *testing.B) {
			c := call1(b, Options{})
			body := soap.WriteResponse(serviceURN+"WANIPConnection:2", "GetExternalIPAddress", []soap.Arg{{Name: "NewExternalIPAddress", Value: "45.66.77.88"}})
			bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", xmlType)
				w.Write(body)
			}))
			defer bare.Close()
			load(b, bare.Listener.Addr().String(), connections*10, keepAlive)
			load(b, c.g.presence.http.String(), connections*10, keepAlive)
			var ours, theirs time.Duration
			b.ResetTimer()
			for left := b.N; left > 0; left -= 1000 {
				n := min(left, 1000)
				theirs += load(b, bare.Listener.Addr().String(), n, keepAlive)
				ours += load(b, c.g.presence.http.String(), n, keepAlive)
			}
			b.ReportMetric(float64(b.N)/ours.Seconds(), "req/s")
			b.ReportMetric(float64(b.N)/theirs.Seconds(), "bare-req/s")
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
		})
	}
}

// BenchmarkLiveMappings measures add, get, generic get and delete of one mapping beside 10 and beside 10,000 live ones, in turns.
// The ratio of time is to stay below 1.3.
func BenchmarkLiveMappings(b *testing.B) {
	filled := func(n int) caller {
		c := call1(b, Options{Plane: Plane{Mode: PlaneOff}})
		c.g.do(func(s *state) {
			for i := range n {
				s.store(Mapping{
					Protocol: "UDP", ExternalPort: uint16(10000 + i), InternalClient: c.addr, InternalPort: 9,
					Lease: time.Hour, Expires: s.now.Add(time.Hour + time.Duration(i)*time.Millisecond),
				}, nil)
			}
		})
		return c
	}
	few, many := filled(10), filled(10_000)
	round := func(c caller, index string) time.Duration {
		start := time.Now()
		for _, step := range []struct {
			action string
			args   []string
		}{
			{"AddPortMapping", add()},
			{"GetSpecificPortMappingEntry", add()[:6]},
			{"GetGenericPortMappingEntry", []string{"NewPortMappingIndex", index}},
			{"DeletePortMapping", add()[:6]},
		} {
			if code, _ := c.do(ipConnection, 2, step.action, step.args...); code != 0 {
				b.Fatalf("%s: error %d", step.action, code)
			}
		}
		return time.Since(start)
	}
	for range 100 {
		round(few, "9")
		round(many, "9999")
	}
	var withFew, withMany time.Duration
	b.ResetTimer()
	for range b.N {
		withFew += round(few, "9")
		withMany += round(many, "9999")
	}
	b.ReportMetric(float64(withFew.Nanoseconds())/float64(b.N)/4, "ns/action-10")
	b.ReportMetric(float64(withMany.Nanoseconds())/float64(b.N)/4, "ns/action-10000")
	b.ReportMetric(withMany.Seconds()/withFew.Seconds(), "ratio")
}
