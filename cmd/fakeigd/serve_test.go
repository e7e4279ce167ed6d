package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// process is a program of these tests that runs in the background.
type process struct {
	*exec.Cmd
	out    *bufio.Reader
	pipe   io.Closer // our end of its stdout
	stderr strings.Builder
}

// background starts a program, which is killed at the end of the test if it has not ended by then.
func background(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), name, args...)}
	p.Stderr = &p.stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.pipe = bufio.NewReader(out), out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
		if t.Failed() {
			t.Logf("%s said on stderr: %s", name, p.stderr.String())
		}
	})
	return p
}

// line reads one line of stdout.
func (p *process) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("stdout ended: %v", err)
	}
	return strings.TrimSuffix(s, "\n")
}

// object reads one line of NDJSON.
func (p *process) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if s := p.line(t); json.Unmarshal([]byte(s), &v) != nil {
		t.Fatalf("not a JSON object: %q", s)
	}
	return v
}

// code waits for the end. What stands on stdout must have been read.
func (p *process) code(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return cli.ExitCode(p.ProcessState)
}

func TestServeReadyLine(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "j.ndjson")
	p := background(t, "fakeigd", "serve", "--scenario", "igd2", "--seed", "18446744073709551615", "--wan", "198.51.100.1", "--journal", journal)
	s := p.line(t)
	var ready readyLine
	dec := json.NewDecoder(strings.NewReader(s))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&ready); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	for _, key := range []string{"event", "location", "ssdp", "control", "scenario", "seed", "external_ip", "wan", "pid", "gateways"} {
		if !strings.Contains(s, `"`+key+`":`) {
			t.Errorf("no key %s in %s", key, s)
		}
	}
	if ready.Event != "ready" || ready.Scenario != "igd2" || ready.Seed != 18446744073709551615 || ready.PID != p.Process.Pid ||
		ready.ExternalIP != "198.51.100.1" || ready.WAN != "198.51.100.1" {
		t.Errorf("ready line: %s", s)
	}
	if _, err := netip.ParseAddrPort(ready.SSDP); err != nil {
		t.Errorf("ssdp: %v", err)
	}
	if len(ready.Gateways) != 1 || ready.Gateways[0].Location != ready.Location || ready.Gateways[0].IGD != 2 {
		t.Errorf("gateways: %+v", ready.Gateways)
	}
	if out, err := exec.Command("fakeigd", "readyz", "--control", ready.Control).CombinedOutput(); err != nil {
		t.Errorf("readyz: %v: %s", err, out)
	}
	if g, err := client.Find(t.Context(), client.Options{SSDP: ready.SSDP}); err != nil {
		t.Errorf("search at ssdp: %v", err)
	} else if g.Location != ready.Location {
		t.Errorf("the search finds %s, not %s", g.Location, ready.Location)
	}
	if text, err := os.ReadFile(journal); err != nil || !strings.Contains(string(text), `"kind":"http.request"`) {
		t.Errorf("journal (%v): %s", err, text)
	}
}

func TestServeEvents(t *testing.T) {
	p := background(t, "fakeigd", "serve")
	ready := p.object(t)
	gateway := client.Options{Gateway: ready["location"].(string)}
	m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Protocol: "udp", Description: "x"}, gateway)
	if err != nil {
		t.Fatal(err)
	}
	e := p.object(t)
	when, err := time.Parse(time.RFC3339Nano, e["time"].(string))
	if err != nil || time.Since(when) > time.Minute {
		t.Errorf("time %v: %v", e["time"], err)
	}
	delete(e, "time")
	delete(e["mapping"].(map[string]any), "expires")
	if reach, err := netip.ParseAddrPort(fmt.Sprint(e["mapping"].(map[string]any)["reach"])); err != nil || !reach.Addr().IsLoopback() {
		t.Errorf("reach %v: %v", e["mapping"].(map[string]any)["reach"], err)
	}
	delete(e["mapping"].(map[string]any), "reach")
	want := map[string]any{
		"event": "mapping-added", "gateway": "igd1",
		"mapping": map[string]any{
			"protocol": "UDP", "external_port": 8080.0, "remote_host": "", "internal_client": "127.0.0.1",
			"internal_port": 8080.0, "enabled": true, "description": "x 8080 UDP", "lease_seconds": 86400.0,
		},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("event differs (-want +got)\n%s", diff)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := p.object(t); e["event"] != "mapping-deleted" {
		t.Errorf("after Close: %v", e)
	}
	if _, err := client.Map(t.Context(), client.Request{InternalPort: 8081, Lease: time.Second}, gateway); err != nil {
		t.Fatal(err)
	}
	if e := p.object(t); e["event"] != "mapping-added" {
		t.Errorf("after Map: %v", e)
	}
	if e := p.object(t); e["event"] != "mapping-expired" {
		t.Errorf("after the lease: %v", e)
	}
}

// Several scenarios make several gateways, of different names and addresses, in one process.
func TestServeSeveral(t *testing.T) {
	p := background(t, "fakeigd", "serve", "--scenario", "igd1", "--scenario", "igd2", "--scenario", "igd1", "--max-lifetime", "1ms")
	var names, udns, locations []string
	for _, g := range p.object(t)["gateways"].([]any) {
		g := g.(map[string]any)
		names = append(names, g["name"].(string))
		udns = append(udns, g["udn"].(string))
		locations = append(locations, g["location"].(string))
	}
	if diff := cmp.Diff([]string{"igd1", "igd2", "igd1-2"}, names); diff != "" {
		t.Errorf("names differ (-want +got)\n%s", diff)
	}
	for _, list := range [][]string{udns, locations} {
		slices.Sort(list)
		if len(slices.Compact(list)) != 3 {
			t.Errorf("not all different: %v", list)
		}
	}
	if last := p.object(t); last["event"] != "stopped" || last["reason"] != "max-lifetime" {
		t.Errorf("last line %v", last)
	}
	if code := p.code(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// In a container the gateway stands on every address, and clients are told the one that leads there.
func TestServeAdvertise(t *testing.T) {
	for range 10 { // a port that was free a moment ago may be another's now
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		_, port, _ := net.SplitHostPort(address)
		p := background(t, "fakeigd", "serve", "--listen", "0.0.0.0:"+port, "--advertise", address, "--control", "0.0.0.0:0")
		if _, err := p.out.Peek(1); err != nil {
			if p.code(t); strings.Contains(p.stderr.String(), "is taken by another program") {
				continue
			}
			t.Fatalf("no ready line: %s", p.stderr.String())
		}
		ready := p.object(t)
		for key, want := range map[string]string{"location": "http://127.0.0.1:" + port + "/", "ssdp": "127.0.0.1:", "control": "http://127.0.0.1:"} {
			if got := ready[key].(string); !strings.HasPrefix(got, want) {
				t.Errorf("%s is %s, want %s…", key, got, want)
			}
		}
		g, err := client.Find(t.Context(), client.Options{SSDP: ready["ssdp"].(string)})
		if err != nil {
			t.Fatal(err)
		}
		if g.Location != ready["location"] {
			t.Errorf("the search finds %s, want %s", g.Location, ready["location"])
		}
		return
	}
	t.Fatal("ten free ports were taken one after the other")
}

// The same seed gives the same gateway, another seed another one.
func TestServeSeed(t *testing.T) {
	udn := func(seed string) string {
		p := background(t, "fakeigd", "serve", "--seed", seed, "--control", "off", "--ssdp", "off", "--max-lifetime", "1ms")
		ready := p.object(t)
		if ready["control"] != "" || ready["ssdp"] != "" {
			t.Errorf("control %v and ssdp %v are off", ready["control"], ready["ssdp"])
		}
		g := ready["gateways"].([]any)[0].(map[string]any)
		p.object(t)
		p.code(t)
		return g["udn"].(string)
	}
	one, again, other := udn("7"), udn("7"), udn("8")
	if one != again || one == other {
		t.Errorf("seeds 7, 7, 8 gave %s, %s, %s", one, again, other)
	}
}

// A port that is taken is one clear error, and nothing of the rest is started or made.
func TestServeTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	tcp, udp := l.Addr().String(), u.LocalAddr().String()
	for _, tt := range []struct{ flag, value, want string }{
		{"--control", tcp, "fakeigd: error: the control API cannot use " + tcp + ": another program listens there\n" +
			"fakeigd: hint: take another port, or leave --control out, and a free one is taken\n"},
		{"--listen", tcp, "fakeigd: error: " + tcp + " is taken by another program\n" +
			"fakeigd: hint: leave the port out, and a free one is taken; the ready line tells which\n"},
		{"--ssdp", udp, "fakeigd: error: " + udp + " is taken by another program\n" +
			"fakeigd: hint: leave the port out, and a free one is taken; the ready line tells which\n"},
	} {
		t.Run(tt.flag, func(t *testing.T) {
			journal := filepath.Join(t.TempDir(), "j.ndjson")
			cmd := exec.Command("fakeigd", "serve", tt.flag, tt.value, "--journal", journal)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, _ := cmd.Output()
			if code := cli.ExitCode(cmd.ProcessState); code != 2 || len(out) != 0 {
				t.Errorf("exit code %d, stdout %q; want 2 and nothing", code, out)
			}
			if diff := cmp.Diff(tt.want, stderr.String()); diff != "" {
				t.Errorf("stderr differs (-want +got)\n%s", diff)
			}
			if _, err := os.Stat(journal); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a journal was left behind (%v)", err)
			}
		})
	}
}
