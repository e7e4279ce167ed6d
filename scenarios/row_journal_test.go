package scenarios_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// chancy is a house in which as much as possible is left to chance: quirks of the catalogue, faults that draw, windows, spans, new names
// and ports at each reboot, and a second device at the same socket.
const chancy = `schema: 1
name: chancy
devices:
  - name: gateway
    profile: igd2
    quirks:
      - ssdp-src-port-ephemeral
      - {extip-intermittent: {gap: 1m..5m, for: 40s}}
      - {life-listed-not-forwarding: {age: 2m}}
      - {life-unused-cleaned: {every: 180s, limit: 3}}
    faults:
      - {on: soap.AddPortMapping, when: {chance: 20%}, do: {upnp-error: 501}}
      - {on: soap.AddPortMapping, when: {chance: 30%}, do: {delay: 100ms..2s}}
      - {on: http.body, when: {chance: 20%}, do: {split: 100}}
      - {on: ssdp.reply, when: {chance: 30%}, do: {drop: true}}
      - {on: ssdp.search, if: {via: unicast}, when: {every: 3}, do: {drop: true, then: {announce: alive, in: 5s..10s}}}
      - {on: forward, when: {chance: 30%}, do: {delay: 10ms..1s}}
      - {on: gena.notify, when: {chance: 50%}, do: {drop: true}}
    timeline:
      - {every: 4m, in: 0s..20s, do: {wan-address: 45.66.77.99}}
      - {every: 5m, in: 0s..20s, do: {wan-address: 45.66.77.88}}
      - {at: 6m, every: 7m, in: 1s..30s, do: {reboot: {byebye: false, new-ports: true, new-paths: true, new-udn: true, downtime: 5s}}}
  - name: wps
    profile: wps
    dialect: {ssdp: {reply-in: 0s..2s}}
`

// The same seed and the same calls give the same journal, byte for byte.
func TestSameSeedSameJournal(t *testing.T) {
	one := chronicle(t, 7)
	if diff := cmp.Diff(one, chronicle(t, 7)); diff != "" {
		t.Errorf("one seed, two journals (-first +second)\n%s", diff)
	}
	if one == chronicle(t, 8) {
		t.Error("two seeds, one journal")
	}
	// It is a journal of all that.
	kinds, faults := map[string]int{}, map[string]int{}
	for line := range strings.Lines(one) {
		var e struct{ Kind, Name, Gateway string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		kinds[e.Kind]++
		if e.Kind == "fault" {
			faults[e.Name]++
		}
	}
	for _, kind := range []string{
		"ssdp.search", "ssdp.reply", "ssdp.notify", "http.request", "soap.call", "gena.subscribe", "gena.notify", "forward.open",
		"state.mapping-added", "state.mapping-deleted", "state.external-ip", "state.planned", "state.reboot",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no %s in the journal", kind)
		}
	}
	if len(faults) != 10 {
		t.Errorf("these faults have acted: %v, want all ten", faults)
	}
}

// chronicle is the journals of half an hour in which two hosts search, map ports, subscribe and are visited, one after the other.
func chronicle(t *testing.T, seed uint64) string {
	t.Helper()
	sc, err := scenarios.Parse("chancy.yaml", []byte(chancy))
	if err != nil {
		t.Fatal(err)
	}
	var journals []*bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s := stand(t, sc, seed, func() io.Writer {
			journals = append(journals, new(bytes.Buffer))
			return journals[len(journals)-1]
		})
		callback, err := s.nas.Listen(t.Context(), netip.MustParseAddrPort("192.168.1.11:4004"))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			acknowledge(callback)
		}()
		behind := s.run("8080")
		for round := range 60 {
			s.look(group, []string{anything, rootDevice, gateway}[round%3], 3*time.Second)
			s.look(router, gateway, time.Second)
			s.visit(round, behind)
			s.sleep(20 * time.Second)
		}
		for _, g := range s.gateways {
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		}
		callback.Close()
		<-done
	})
	var all strings.Builder
	for _, j := range journals {
		all.Write(j.Bytes())
	}
	return all.String()
}

// visit is what two clients and a peer do with a gateway that may be down, or goes down meanwhile.
func (s *street) visit(round int, behind *program) {
	location, err := url.Parse(s.gateways[0].Location())
	if err != nil {
		s.t.Fatal(err)
	}
	page := s.try(s.pc, location.Host, get(location.Path))
	control := regexp.MustCompile(`<controlURL>([^<]*/WANIPConnection2)</controlURL>`).FindStringSubmatch(page)
	events := regexp.MustCompile(`<eventSubURL>([^<]*/WANIPConnection2)</eventSubURL>`).FindStringSubmatch(page)
	if control == nil || events == nil {
		return
	}
	c := connection{control[1], "urn:schemas-upnp-org:service:WANIPConnection:2"}
	for _, call := range []struct {
		from    *emulator.Host
		request string
	}{
		{s.pc, c.add("TCP", 8080, "192.168.1.10", 600)},
		{s.pc, c.add("UDP", 8080, "192.168.1.10", 600)},
		{s.nas, c.add("TCP", 9000+round, "192.168.1.11", 60*round)},
		{s.nas, c.request("GetExternalIPAddress")},
		{s.pc, c.at(round % 4)},
		{s.nas, c.of("DeletePortMapping", "TCP", 9000+round-3)},
		{s.nas, "SUBSCRIBE " + events[1] + " HTTP/1.1\r\nHost: 192.168.1.1\r\nConnection: close\r\nCALLBACK: <http://192.168.1.11:4004/>\r\n" +
			"NT: upnp:event\r\nTIMEOUT: Second-1800\r\n\r\n"},
	} {
		s.try(call.from, location.Host, call.request)
	}
	s.udp(behind)
	s.tcp(behind)
}

// try is what comes back for a request to addr, if anything does.
func (s *street) try(from *emulator.Host, addr, request string) string {
	c, err := from.Dial(s.t.Context(), "tcp", netip.Addr{}, addr)
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil {
		return ""
	}
	all, _ := io.ReadAll(c)
	return string(all)
}

// acknowledge takes events, until l is closed.
func acknowledge(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.Copy(io.Discard, q.Body)
			q.Body.Close()
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
		c.Close()
	}
}
