package soap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device is a raw listener on loopback: what it writes is what the wire carries.
type device struct {
	URL url.URL

	mu       sync.Mutex
	requests int
	gone     chan struct{} // closed when the test ends
}

// startDevice answers each connection's first request by answer, and closes the connection when answer returns.
func startDevice(t testing.TB, answer func(d *device, c net.Conn)) *device {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &device{URL: url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/ctl"}, gone: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				io.Copy(io.Discard, req.Body)
				d.mu.Lock()
				d.requests++
				d.mu.Unlock()
				answer(d, c)
			})
		}
	})
	t.Cleanup(func() {
		close(d.gone)
		l.Close()
		wg.Wait()
	})
	return d
}

// says answers with fixed bytes.
func says(wire string) func(*device, net.Conn) {
	return func(_ *device, c net.Conn) { io.WriteString(c, wire) }
}

// status is a whole response with a length.
func status(line, contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", line, contentType, len(body), body)
}

const (
	envBegin  = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>`
	envEnd    = `</s:Body></s:Envelope>`
	wanIP1    = "urn:schemas-upnp-org:service:WANIPConnection:1"
	prolog    = `<?xml version="1.0"?>`
	address   = "203.0.113.7"
	ipArg     = "<NewExternalIPAddress>" + address + "</NewExternalIPAddress>"
	ipElement = `<u:GetExternalIPAddressResponse xmlns:u="` + wanIP1 + `">` + ipArg + `</u:GetExternalIPAddressResponse>`
)

func ok(body string) string { return status("200 OK", `text/xml; charset="utf-8"`, body) }

func fault500(fault string) string {
	return status("500 Internal Server Error", `text/xml; charset="utf-8"`, prolog+envBegin+fault+envEnd)
}
