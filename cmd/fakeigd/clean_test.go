package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a client sends is told from what a fault makes of it.
func TestCleanToldFromFaults(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rude.yaml")
	scenario := "schema: 1\ndevices: [{igd: 1, faults: [{on: http.request, when: {first: 1}, do: {http-status: 400}}]}]\n"
	if err := os.WriteFile(name, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	se := opened(t, &settings{scenarios: []string{name}, clean: true})
	location := se.first.Location()
	status := func(method string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, location, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := noProxy().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := status("GET"); got != http.StatusBadRequest {
		t.Fatalf("the fault answers %d", got)
	}
	if unmet := se.unmet(); len(unmet) != 0 {
		t.Errorf("a fault is blamed on the client: %v", unmet)
	}
	if got := status("POST"); got != http.StatusMethodNotAllowed {
		t.Fatalf("POST of the description is answered by %d", got)
	}
	unmet := se.unmet()
	if len(unmet) != 1 || unmet[0].Expectation != "no request is malformed (HTTP status 405)" || unmet[0].Seen != 1 {
		t.Errorf("after a request that is malformed: %v", unmet)
	}
}
