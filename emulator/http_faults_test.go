package emulator_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// What a fault on a request, or on its answer, may ask.
func TestHTTPConditions(t *testing.T) {
	type test = map[string]emulator.Test
	status := post("GetStatusInfo", "")
	old := strings.Replace(getDescription, "HTTP/1.1", "HTTP/1.0", 1)
	host := func(s string) string { return strings.Replace(status, "192.168.1.1:5000", s, 1) }
	is := func(s string) emulator.Test { return emulator.Test{Equals: &s} }
	tests := []struct {
		name      string
		on        emulator.Layer // "": http.request
		when      emulator.Condition
		cut       bool // requests are sent in two pieces
		hit, left []string
	}{
		{name: "client", when: emulator.Condition{Client: emulator.ClientTest{Addr: netip.MustParseAddr("192.168.1.10")}}, hit: []string{status}},
		{name: "another client", when: emulator.Condition{Client: emulator.ClientTest{Addr: netip.MustParseAddr("192.168.1.11")}}, left: []string{status}},
		{name: "header", when: emulator.Condition{Header: test{"soapaction": {Contains: new("#getstatusinfo")}}}, hit: []string{status}, left: []string{getDescription, post("GetNATRSIPStatus", "")}},
		{name: "no header", when: emulator.Condition{Header: test{"SOAPAction": {Empty: new(true)}}}, hit: []string{getDescription}, left: []string{status}},
		{name: "method", when: emulator.Condition{Method: is("POST")}, hit: []string{status}, left: []string{getDescription}},
		{name: "path", when: emulator.Condition{Path: emulator.Test{Begins: new("/control/")}}, hit: []string{status}, left: []string{getDescription}},
		{name: "its own host", when: emulator.Condition{Host: "own"}, hit: []string{status}, left: []string{host("192.168.1.1"), host("192.168.1.1:5001"), host("router:5000"), host("[fe80::1]:5000")}},
		{name: "another host", when: emulator.Condition{Host: "other"}, hit: []string{host("192.168.1.1"), host("192.168.1.2:5000"), host("")}, left: []string{status}},
		{name: "version", when: emulator.Condition{Version: is("HTTP/1.0")}, hit: []string{old}, left: []string{getDescription, status}},
		{name: "body", when: emulator.Condition{Body: emulator.Test{Contains: new("<u:getstatusinfo")}}, hit: []string{status}, left: []string{getDescription}},
		{name: "one read", when: emulator.Condition{Reads: emulator.Count{AtMost: new(1)}}, hit: []string{status}},
		{name: "two reads", when: emulator.Condition{Reads: emulator.Count{Over: new(1)}}, cut: true, hit: []string{status}},
		{name: "not two reads", when: emulator.Condition{Reads: emulator.Count{Over: new(1)}}, left: []string{status}},
		{name: "in flight alone", when: emulator.Condition{InFlight: emulator.Count{Over: new(1)}}, left: []string{status}},
		{name: "table size", when: emulator.Condition{Size: emulator.Count{Below: new(1)}}, hit: []string{status}},
		{name: "status", on: "http.head", when: emulator.Condition{Status: is("500")}, hit: []string{post("NoSuchAction", "")}, left: []string{status, getDescription}},
		{name: "status of the body", on: "http.body", when: emulator.Condition{Status: emulator.Test{Above: new(int64(399))}}, hit: []string{post("NoSuchAction", "")}, left: []string{status}},
		{name: "request of an answer", on: "http.body", when: emulator.Condition{Header: test{"SOAPAction": {Contains: new("GetStatusInfo")}}}, hit: []string{status}, left: []string{getDescription}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.on == "" {
					tt.on = "http.request"
				}
				const late = 7 * time.Second
				_, h := broken(t, emulator.Fault{On: tt.on, If: tt.when, Do: emulator.Deed{Delay: during(late)}})
				for i, request := range append(tt.hit, tt.left...) {
					c := connect(t, h)
					start := time.Now()
					if tt.cut {
						io.WriteString(c, request[:10])
						synctest.Wait()
						request = request[10:]
					}
					io.WriteString(c, request)
					r, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil {
						t.Fatal(err)
					}
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
					if got, want := time.Since(start), i < len(tt.hit); got != 0 != want {
						t.Errorf("request %d is answered after %v; acted on: want %v", i, got, want)
					}
				}
			})
		})
	}
}

// A client that closes its half behind a request is told from one that keeps it open, and from one that sends the next request.
func TestHalfClosed(t *testing.T) {
	request := post("GetStatusInfo", "")
	for _, tt := range []struct {
		name string
		send string
		half bool
		want int // answers
	}{
		{"open", request, false, 1},
		{"another request", request + request, false, 2},
		{"half closed", request, true, 0},
		{"another request, half closed", request + request, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, h := broken(t, emulator.Fault{On: "http.request", If: emulator.Condition{HalfClosed: new(true)}, Do: emulator.Deed{Close: emulator.FIN}})
				c := connect(t, h)
				io.WriteString(c, tt.send)
				if tt.half {
					if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
						t.Fatal(err)
					}
				}
				var all strings.Builder
				for _, a := range told(c, time.Second) {
					all.WriteString(a.Data)
				}
				if got := strings.Count(all.String(), "HTTP/1.1 200 OK"); got != tt.want {
					t.Errorf("%d answers, want %d: %q", got, tt.want, all.String())
				}
			})
		})
	}
}

// desc-drops-first-connection: the first connection of each client is closed without a word, the next is served.
func TestDropsFirstConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, gateway, host := lan(t)
		other := n.Host("other", prefix("192.168.1.11/24"))
		emulator.Start(t, emulator.Options{
			Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), HTTPPort: 5000, SSDP: "off",
			Faults: []emulator.Fault{{On: "tcp.accept", When: emulator.When{First: 1, Per: "client"}, Do: emulator.Deed{Close: emulator.FIN}}},
		})
		for _, h := range []*emulator.Host{host, other} {
			for i, want := range []string{"EOF", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK"} {
				c := connect(t, h)
				io.WriteString(c, getDescription)
				line, _, _ := strings.Cut(told(c, time.Second)[0].Data, "\r\n")
				if line != want {
					t.Errorf("connection %d: %q, want %q", i+1, line, want)
				}
			}
		}
	})
}

// soap-no-concurrency: while one request is on its way, another is closed without a byte. The first is answered all the same.
func TestNoConcurrency(t *testing.T) {
	fault := emulator.Fault{On: "http.request", If: emulator.Condition{InFlight: emulator.Count{Over: new(1)}}, Do: emulator.Deed{Close: emulator.FIN}}
	synctest.Test(t, func(t *testing.T) {
		_, h := broken(t, fault)
		one, two, three := connect(t, h), connect(t, h), connect(t, h)
		request := post("GetStatusInfo", "")
		io.WriteString(one, request[:50])
		synctest.Wait()
		io.WriteString(two, request)
		if d := cmp.Diff([]arrival{{0, "EOF"}}, told(two, time.Minute)); d != "" {
			t.Errorf("second (-want +got)\n%s", d)
		}
		io.WriteString(one, request[50:])
		for _, c := range []io.ReadWriter{one, three} { // and when it is answered, the next may come
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode != 200 {
				t.Errorf("status %d", r.StatusCode)
			}
			io.WriteString(three, request)
		}
	})
}

// soap-resp-corrupt-bytes: the Archer C8 writes over the end of errorDescription, and the length is that of what it sends.
func TestCorruptBytes(t *testing.T) {
	replace := []emulator.Replacement{{Find: "n</e", Hex: raw("\xef\xbf")}}
	fault := emulator.Fault{On: "http.body", If: emulator.Condition{Status: emulator.Test{Equals: new("500")}}, Do: emulator.Deed{Replace: replace}}
	synctest.Test(t, func(t *testing.T) {
		_, h := broken(t, fault)
		c := connect(t, h)
		io.WriteString(c, post("NoSuchAction", ""))
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != 500 || !bytes.Contains(body, []byte("<errorDescription>Invalid Actio\xef\xbfrrorDescription>")) || !bytes.HasSuffix(body, []byte(">")) {
			t.Errorf("%d, %v\n%q", r.StatusCode, err, body)
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == io.EOF {
			t.Errorf("%d bytes more than announced, %v", n, err)
		}
	})
}

// The answer to HEAD has no body to change, and announces the one that GET gives.
func TestHeadHasNoBody(t *testing.T) {
	fault := emulator.Fault{Name: "it", On: "http.body", Do: emulator.Deed{Suffix: raw("x")}}
	synctest.Test(t, func(t *testing.T) {
		g, h := broken(t, fault)
		c := connect(t, h)
		io.WriteString(c, strings.Replace(getDescription, "GET", "HEAD", 1))
		if all := told(c, time.Second); !strings.HasSuffix(all[0].Data, "\r\n\r\n") || acted(g, "it") {
			t.Errorf("%v", all)
		}
	})
}

// Strangers are not told of faults either.
func TestFaultsAreForClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g := emulator.Start(t, emulator.Options{
			Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), HTTPPort: 5000, SSDP: "off", Clients: []netip.Prefix{prefix("192.168.1.11/32")},
			Faults: []emulator.Fault{{Name: "accept", On: "tcp.accept", Do: emulator.Deed{Hang: true}}, {Name: "request", On: "http.request", Do: emulator.Deed{Hang: true}}},
		})
		c := connect(t, host)
		io.WriteString(c, getDescription)
		if d := cmp.Diff([]arrival{{0, "EOF"}}, told(c, time.Minute)); d != "" || acted(g, "accept") || acted(g, "request") {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// However connections wait, a gateway that is closed is gone within a second.
func TestFaultsDoNotHoldUpClose(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"accept":         {On: "tcp.accept", Do: emulator.Deed{Hang: true}},
		"accept delay":   {On: "tcp.accept", Do: emulator.Deed{Delay: during(time.Minute)}},
		"request":        {On: "http.request", Do: emulator.Deed{Hang: true}},
		"request delay":  {On: "http.request", Do: emulator.Deed{Delay: during(time.Minute)}},
		"head delay":     {On: "http.head", Do: emulator.Deed{Delay: during(time.Minute)}},
		"truncated body": {On: "http.body", Do: emulator.Deed{Truncate: new(1), Hang: true}},
		"slow body":      {On: "http.body", Do: emulator.Deed{Drip: &emulator.Drip{Bytes: 1, Every: during(time.Second)}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, h := broken(t, fault)
				c := connect(t, h)
				io.WriteString(c, getDescription)
				synctest.Wait()
				start := time.Now()
				if err := g.Close(); err != nil || time.Since(start) >= time.Second {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				if all := told(c, time.Minute); all[len(all)-1].After > 0 {
					t.Errorf("the connection is still there: %v", all)
				}
			})
		})
	}
}
