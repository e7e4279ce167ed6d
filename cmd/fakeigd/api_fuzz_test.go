package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzAPI sends anything to every path of the control API that takes a body. The answer is JSON: what was asked for, or an error that
// blames the sender; and afterwards the gateway is there and answers.
func FuzzAPI(f *testing.F) {
	var takes []route
	for _, r := range routes() {
		if r.body != "" {
			takes = append(takes, r)
		}
	}
	for i := range takes {
		for _, body := range []string{
			`{"on": "soap.*", "if": {"arg": {"NewInternalPort": {"below": 1024}}}, "do": {"upnp-error": 606}}`,
			`[{"on": "ssdp.notify", "do": {"then": {"announce": "alive"}}}, {"on": "http.head", "do": {"delay": "1ms..2ms"}}]`,
			`{"address": "198.51.100.9", "event": false, "status": "Disconnected", "link": "down", "wan": 0}`,
			`{"advance": "36500d"}`, `{"downtime": "1h", "new-udn": true}`, `{"remove": "unused"}`, `[{"calls": "*", "at-least": 1}]`,
			"schema: 1\ndevices: {igd: 2, timeline: [{every: 1s, do: {clear: true}}]}\n",
			"", "null", "[[[[", `{"a": &a [*a]}`, strings.Repeat("[", 5000),
		} {
			f.Add(i, []byte(body))
		}
	}
	se, err := open(f.Context(), &settings{listen: "127.0.0.1", clock: clockVirtual}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = se.close() })
	handler := newAPI(se)
	serve := func(t *testing.T, method, path string, body []byte) (int, []byte) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(string(body)))
		w := &answerWriter{httptest.NewRecorder()}
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.Bytes()
	}
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		r := takes[((which%len(takes))+len(takes))%len(takes)]
		status, answer := serve(t, r.method, strings.ReplaceAll(r.path, "{name}", "igd1"), body)
		var doc any
		if err := json.Unmarshal(answer, &doc); err != nil {
			t.Fatalf("%s %s: status %d, %v: %s", r.method, r.path, status, err, answer)
		}
		e, refused := doc.(map[string]any)["error"].(map[string]any)
		switch status {
		case http.StatusOK, http.StatusCreated:
			if refused {
				t.Fatalf("status %d: %s", status, answer)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if message, _ := e["message"].(string); message == "" || strings.ContainsAny(message, "\r\n") {
				t.Fatalf("status %d: %s", status, answer)
			}
		default:
			t.Fatalf("%s %s: status %d: %s", r.method, r.path, status, answer)
		}
		for _, g := range se.gateways() {
			if g.Name() != "igd1" {
				serve(t, "DELETE", "/v1/gateways/"+g.Name(), nil)
			}
		}
		if status, answer := serve(t, "POST", "/v1/gateways/igd1/reset", nil); status != http.StatusOK {
			t.Fatalf("reset: status %d: %s", status, answer)
		}
	})
}

// answerWriter is a recorder that has a deadline, as a connection has.
type answerWriter struct{ *httptest.ResponseRecorder }

func (*answerWriter) SetReadDeadline(time.Time) error { return nil }
