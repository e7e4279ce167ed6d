package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/igdkit/igdkit/client"
)

// opened is a session that ends with the test.
func opened(t *testing.T, s *settings) *session {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) }) // runs after close
	s.listen, s.control = "127.0.0.1", "127.0.0.1:0"
	se, err := open(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := se.close(); err != nil {
			t.Error(err)
		}
	})
	return se
}

// ask sends one request to the control API; header lines are "Name: value", and Host is one of them.
func ask(t *testing.T, se *session, method, path string, header ...string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, se.control.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Add(name, value)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, body)
	}
	return resp.StatusCode, doc
}

func TestControl(t *testing.T) {
	se := opened(t, &settings{scenarios: []string{"igd1", "igd2", "igd2"}, wan: "198.51.100.4", seed: 42})
	second := se.gateways()[1]
	m, err := client.Map(t.Context(),
		client.Request{InternalPort: 8080, Description: "a test"}, client.Options{Gateway: second.Location()})
	if err != nil {
		t.Fatal(err)
	}

	status, doc := ask(t, se, "GET", "/v1/gateways")
	var names, scenarios []any
	for _, g := range doc["gateways"].([]any) {
		g := g.(map[string]any)
		names, scenarios = append(names, g["name"]), append(scenarios, g["scenario"])
	}
	if diff := cmp.Diff([]any{"igd1", "igd2", "igd2-2"}, names); diff != "" || status != http.StatusOK {
		t.Errorf("names differ (-want +got), status %d\n%s", status, diff)
	}
	if diff := cmp.Diff([]any{"igd1", "igd2", "igd2"}, scenarios); diff != "" {
		t.Errorf("scenarios differ (-want +got)\n%s", diff)
	}

	_, state := ask(t, se, "GET", "/v1/gateways/igd2/state")
	for _, key := range []string{"uptime_seconds", "time", "journal"} {
		if _, ok := state[key]; !ok {
			t.Errorf("the state has no %s", key)
		}
		delete(state, key)
	}
	want := map[string]any{
		"name": "igd2", "scenario": "igd2", "igd": 2.0, "udn": second.UDN(), "location": second.Location(),
		"ssdp": second.SSDP().String(), "external_ip": "198.51.100.4", "wan": "198.51.100.4",
		"seed": 42.0, "clock": "real", "status": "Connected", "mappings": 1.0,
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("state differs (-want +got)\n%s", diff)
	}

	_, doc = ask(t, se, "GET", "/v1/gateways/igd2/mappings")
	mapping := doc["mappings"].([]any)[0].(map[string]any)
	delete(mapping, "expires")
	if reach, ok := mapping["reach"].(string); !ok || !strings.HasPrefix(reach, "127.0.0.1:") {
		t.Errorf("reach %v", mapping["reach"])
	}
	delete(mapping, "reach")
	wantMapping := map[string]any{
		"protocol": "TCP", "external_port": 8080.0, "remote_host": "", "internal_client": "127.0.0.1", "internal_port": 8080.0,
		"enabled": true, "description": "a test 8080 TCP", "lease_seconds": 86400.0,
	}
	if diff := cmp.Diff(wantMapping, mapping); diff != "" {
		t.Errorf("mapping differs (-want +got)\n%s", diff)
	}
	_, doc = ask(t, se, "GET", "/v1/gateways/igd1/mappings")
	if diff := cmp.Diff(map[string]any{"mappings": []any{}}, doc); diff != "" {
		t.Errorf("mappings of the other gateway differ (-want +got)\n%s", diff)
	}

	_, doc = ask(t, se, "GET", "/v1/gateways/igd2/journal")
	entries := doc["entries"].([]any)
	last := entries[len(entries)-1].(map[string]any)["seq"].(float64)
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, doc = ask(t, se, "GET", "/v1/gateways/igd2/journal?since="+strconv.Itoa(int(last)))
	var actions []any
	for _, e := range doc["entries"].([]any) {
		e := e.(map[string]any)
		if e["seq"].(float64) <= last {
			t.Errorf("entry %v is not after %v", e["seq"], last)
		}
		actions = append(actions, e["name"])
	}
	if !slices.Contains(actions, any("DeletePortMapping")) {
		t.Errorf("after Close the journal tells of %v", actions)
	}
}

func TestControlRefuses(t *testing.T) {
	se := opened(t, &settings{advertise: "router.test:5000"})
	own := strings.TrimPrefix(se.control.url, "http://")
	for _, tt := range []struct {
		name, method, path string
		header             []string
		status             int
		kind               string // of the error; empty: none
	}{
		{"health", "GET", "/healthz", nil, 200, ""},
		{"ready", "GET", "/readyz", nil, 200, ""},
		{"head", "HEAD", "/v1/gateways", nil, 200, ""},
		{"by name of loopback", "GET", "/healthz", []string{"Host: localhost:1234"}, 200, ""},
		{"by another address", "GET", "/healthz", []string{"Host: 192.0.2.1"}, 200, ""},
		{"by an IPv6 address", "GET", "/healthz", []string{"Host: [::1]:80"}, 200, ""},
		{"by the advertised name", "GET", "/healthz", []string{"Host: ROUTER.test:80"}, 200, ""},
		{"own origin", "GET", "/healthz", []string{"Origin: http://" + own}, 200, ""},
		{"same site", "GET", "/healthz", []string{"Sec-Fetch-Site: same-origin"}, 200, ""},
		{"rebound name", "GET", "/healthz", []string{"Host: evil.example"}, 403, "foreign_host"},
		{"name that looks like ours", "GET", "/healthz", []string{"Host: localhost.evil.example"}, 403, "foreign_host"},
		{"web page", "GET", "/readyz", []string{"Origin: http://evil.example"}, 403, "foreign_origin"},
		{"sandboxed page", "GET", "/v1/gateways", []string{"Origin: null"}, 403, "foreign_origin"},
		{"page on another port", "GET", "/healthz", []string{"Origin: http://127.0.0.1:1"}, 403, "foreign_origin"},
		{"two origins", "GET", "/healthz", []string{"Origin: http://" + own, "Origin: http://evil.example"}, 403, "foreign_origin"},
		{"image of a page", "GET", "/healthz", []string{"Sec-Fetch-Site: cross-site"}, 403, "foreign_origin"},
		{"unknown gateway", "GET", "/v1/gateways/igd9/state", nil, 404, "no_such_gateway"},
		{"unknown view", "GET", "/v1/gateways/igd1/secrets", nil, 404, "no_such_path"},
		{"unknown path", "GET", "/", nil, 404, "no_such_path"},
		{"wrong method", "POST", "/v1/gateways/igd1/mappings", nil, 405, "method"},
		{"bad since", "GET", "/v1/gateways/igd1/journal?since=x", nil, 400, "usage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "HEAD" {
				resp, err := http.Head(se.control.url + tt.path)
				if err != nil {
					t.Fatal(err)
				}
				defer http.DefaultClient.CloseIdleConnections()
				resp.Body.Close()
				if resp.StatusCode != tt.status {
					t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
				}
				return
			}
			status, doc := ask(t, se, tt.method, tt.path, tt.header...)
			kind := ""
			if e, ok := doc["error"].(map[string]any); ok {
				kind = e["kind"].(string)
			}
			if status != tt.status || kind != tt.kind {
				t.Errorf("status %d, error %q; want %d, %q", status, kind, tt.status, tt.kind)
			}
		})
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
