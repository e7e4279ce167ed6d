package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
)

// Whatever goes on, the end comes within a second: many gateways, connections that hang, wait, drip or have said half of what they have
// to say, subscribers who take events and never answer, open doors, a gateway that is down.
func TestEndOfBusyGateways(t *testing.T) {
	const busy = `schema: 1
name: busy
verdict: none
devices:
  igd: 1
  faults:
    - {on: http.request, if: {path: {begins: /hang}}, do: {hang: true}}
    - {on: http.request, if: {path: {begins: /wait}}, do: {delay: 10m}}
    - {on: http.body, if: {path: {begins: /drip}}, do: {suffix: "20 20 20 20", drip: {bytes: 1, every: 10m}}}
    - {on: ssdp.search, do: {drop: true, then: {announce: alive, in: 1h}}}
`
	file := filepath.Join(t.TempDir(), "busy.yaml")
	if err := os.WriteFile(file, []byte(busy), 0o600); err != nil {
		t.Fatal(err)
	}
	se := opened(t, &settings{scenarios: []string{file}, count: 100, seed: 1})
	first, second := se.gateways()[0], se.gateways()[1]
	host := func(g *gateway) string {
		at, _, _ := strings.Cut(strings.TrimPrefix(g.Location(), "http://"), "/")
		return at
	}
	connect := func(to, request string) net.Conn {
		c, err := net.Dial("tcp", to)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		return c
	}

	silent, err := net.Listen("tcp", "127.0.0.1:0") // whose backlog takes connections
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for range 10 {
		for _, path := range []string{"/hang", "/wait", "/drip"} {
			connect(host(first), "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		}
		connect(host(first), "POST /control HTTP/1.1\r\nContent-Le")
		c := connect(host(first), fmt.Sprintf("SUBSCRIBE /event/WANIPConnection1 HTTP/1.1\r\nHost: x\r\nNT: upnp:event\r\nCALLBACK: <http://%v/>\r\n\r\n", silent.Addr()))
		b := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 200" {
			t.Fatalf("%q, %v", b, err)
		}
	}
	if _, err := client.Map(t.Context(), client.Request{InternalPort: uint16(silent.Addr().(*net.TCPAddr).Port)}, client.Options{Gateway: first.Location()}); err != nil {
		t.Fatal(err)
	}
	reach := first.Mappings()[0].Reach
	for range 10 {
		connect(reach.String(), "hello")
	}
	if status := api(t, se, "POST", "/v1/gateways/"+second.Name()+"/reboot", `{"downtime": "1h"}`, nil); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	began := map[string]int{}
	for e := range first.Follow(t.Context(), 0) {
		if e.Kind == "fault" || e.Kind == "forward.open" {
			began[e.Kind]++
		}
		if began["fault"] >= 30 && began["forward.open"] >= 10 {
			break
		}
	}

	start := time.Now()
	if err := se.close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the end took %v", took)
	} else {
		t.Logf("the end took %v", took)
	}
}
