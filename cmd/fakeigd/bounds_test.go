package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const everySecond = `schema: 1
name: busy
summary: something happens every second
verdict: none
devices: {igd: 1}
timeline: {every: 1s, do: {clear: true}}
`

// A clock is moved by what can be written and by no more, and only as long as somebody waits for it.
func TestAPIAdvanceIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "busy.yaml")
	if err := os.WriteFile(file, []byte(everySecond), 0o600); err != nil {
		t.Fatal(err)
	}
	se := opened(t, &settings{scenarios: []string{"igd1", file}, clock: clockVirtual})

	const century = `{"advance": "36500d"}`
	var v clockView
	refused := 0
	for range 100 {
		if status := api(t, se, "POST", "/v1/gateways/igd1/clock", century, nil); status == http.StatusBadRequest {
			refused++
		} else if status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	if status := api(t, se, "GET", "/v1/gateways/igd1/clock", "", &v); status != http.StatusOK || v.Time.Year() > farthest || v.Time.Year() < farthest-100 || refused == 0 {
		t.Errorf("status %d, %d of 100 centuries refused, clock at %v", status, refused, v.Time)
	}
	if status := api(t, se, "POST", "/v1/gateways/igd1/clock", `{"advance": "2562047h"}`, nil); status != http.StatusBadRequest {
		t.Errorf("status %d for the longest time", status)
	}

	p := se.find("busy").play
	began := p.now()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		c := &controlClient{base: se.control.url}
		left <- c.do(ctx, "POST", "/v1/gateways/busy/clock", []byte(century), nil)
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for p.now().Equal(began) {
		<-tick.C
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the question ended with %v", err)
	}
	patience := time.After(10 * time.Second)
	for last := began; !p.now().Equal(last); {
		last = p.now()
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("nobody waits, and the clock runs on: it is %v", last)
		}
	}
}

// Who follows journals cannot take all of the process.
func TestAPIRequestsAreBounded(t *testing.T) {
	se := opened(t, &settings{})
	c := noProxy()
	defer c.CloseIdleConnections()
	var following []*http.Response
	defer func() {
		for _, resp := range following {
			resp.Body.Close()
		}
	}()
	for range maxRequests {
		resp, err := c.Get(se.control.url + "/v1/gateways/igd1/journal?follow")
		if err != nil {
			t.Fatal(err)
		}
		following = append(following, resp)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d with %d who follow", resp.StatusCode, len(following))
		}
	}
	status, doc := ask(t, se, "GET", "/healthz")
	if e, _ := doc["error"].(map[string]any); status != http.StatusServiceUnavailable || e["kind"] != "busy" || !strings.Contains(e["message"].(string), "256") {
		t.Errorf("status %d, %v", status, doc)
	}
	following[0].Body.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(10 * time.Second)
	for status != http.StatusOK {
		select {
		case <-tick.C:
			status, _ = ask(t, se, "GET", "/healthz")
		case <-patience:
			t.Fatal("the place of one who has left is not free")
		}
	}
}
