package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// api asks the control API of a session; what it answers with is decoded into out unless that is nil.
func api(t *testing.T, se *session, method, path, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, se.control.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := noProxy().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return resp.StatusCode
}

// Every path refuses what it does not take, in JSON, and says what it takes.
func TestAPIMethods(t *testing.T) {
	se := opened(t, &settings{})
	allowed := map[string][]string{}
	for _, r := range routes() {
		allowed[r.path] = append(allowed[r.path], r.method)
	}
	fill := strings.NewReplacer("{name}", "igd1", "{fault}", "x")
	for path, methods := range allowed {
		req, err := http.NewRequestWithContext(t.Context(), "PATCH", se.control.url+fill.Replace(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := noProxy().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Error failureJSON }
		err = json.NewDecoder(resp.Body).Decode(&doc)
		resp.Body.Close()
		allow := strings.Split(resp.Header.Get("Allow"), ", ")
		if err != nil || resp.StatusCode != http.StatusMethodNotAllowed || doc.Error.Kind != "method" || doc.Error.Hint == "" {
			t.Errorf("PATCH %s: %s, %+v, %v", path, resp.Status, doc.Error, err)
		}
		for _, m := range methods {
			if !strings.Contains(strings.Join(allow, " "), m) {
				t.Errorf("%s takes %s, Allow says %v", path, m, allow)
			}
		}
	}
}

func TestAPIRefusesBodies(t *testing.T) {
	se := opened(t, &settings{})
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		message                  string // part of it
	}{
		{"not YAML", "POST", "/v1/gateways/igd1/faults", "{", 400, "body:"},
		{"unknown key", "POST", "/v1/gateways/igd1/reboot", `{"bybye": true}`, 400, `did you mean "byebye"?`},
		{"unknown layer", "POST", "/v1/gateways/igd1/faults", `{"on": "soup.x", "do": {"drop": true}}`, 400, "soup.x"},
		{"a verb that the layer has not", "POST", "/v1/gateways/igd1/faults", `{"on": "ssdp.search", "do": {"upnp-error": 501}}`, 400, "upnp-error"},
		{"no fault", "POST", "/v1/gateways/igd1/faults", "", 400, "no fault"},
		{"unknown fault", "DELETE", "/v1/gateways/igd1/faults/x", "", 404, `no fault "x"`},
		{"unknown status", "PUT", "/v1/gateways/igd1/wan", `{"status": "Sleeping"}`, 400, "Sleeping"},
		{"unknown connection", "PUT", "/v1/gateways/igd1/wan", `{"link": "down", "wan": 7}`, 400, "7"},
		{"nothing to change", "PUT", "/v1/gateways/igd1/wan", `{"event": false}`, 400, "nothing is to be changed"},
		{"IPv6", "PUT", "/v1/gateways/igd1/wan", `{"address": "2001:db8::1"}`, 400, "IPv4"},
		{"two actions", "POST", "/v1/gateways/igd1/do", `{"clear": true, "announce": "alive"}`, 400, ""},
		{"real time", "POST", "/v1/gateways/igd1/clock", `{"advance": "1h"}`, 409, "real time"},
		{"a body where none belongs", "POST", "/v1/gateways/igd1/reset", "{}", 400, "takes nothing to read"},
		{"no scenario", "POST", "/v1/gateways", "", 400, "which scenario?"},
		{"a file of this machine", "POST", "/v1/gateways?scenario=./x.yaml", "", 400, "does not read"},
		{"unknown scenario", "POST", "/v1/gateways?scenario=igd3", "", 400, "did you mean igd1"},
		{"unknown parameter", "POST", "/v1/gateways?scenaro=igd1", "", 400, "no parameter scenaro"},
		{"unknown clock", "POST", "/v1/gateways?scenario=igd1&clock=fast", "", 400, `"fast" is neither real nor virtual`},
		{"too many", "POST", "/v1/gateways?scenario=igd1&count=100000", "", 400, "100000"},
		{"an expectation that makes no sense", "POST", "/v1/gateways/igd1/verify", `[{"calls": "a", "faults": "b"}]`, 400, "one at a time"},
		{"waiting too long", "GET", "/v1/gateways/igd1/journal?wait=1h", "", 400, "between 0s and 5m0s"},
		{"unknown question", "GET", "/v1/gateways/igd1/journal?sicne=1", "", 400, "no parameter sicne"},
		{"too much", "POST", "/v1/gateways", strings.Repeat("#", maxBody+1), 413, "more than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var doc struct{ Error failureJSON }
			status := api(t, se, tt.method, tt.path, tt.body, &doc)
			if status != tt.status || !strings.Contains(doc.Error.Message, tt.message) || doc.Error.Kind == "" {
				t.Errorf("%d %+v; want %d with %q", status, doc.Error, tt.status, tt.message)
			}
		})
	}
	var state stateView
	if api(t, se, "GET", "/v1/gateways/igd1/state", "", &state); state.ExternalIP != "45.66.77.88" || state.Status != "Connected" {
		t.Errorf("something was changed: %+v", state)
	}
}

// A question about the journal waits until there is an answer, and ends with the API at the latest.
func TestAPIJournalWaits(t *testing.T) {
	se := opened(t, &settings{})
	if status := api(t, se, "PUT", "/v1/gateways/igd1/wan", `{"address": "198.51.100.9"}`, nil); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	var v journalView
	api(t, se, "GET", "/v1/gateways/igd1/journal?wait=5m", "", &v) // what is there is there at once
	last := v.Last
	if len(v.Entries) == 0 || v.Entries[len(v.Entries)-1].Seq != last {
		t.Fatalf("%+v", v)
	}

	answer := make(chan error)
	go func() {
		defer close(answer)
		c := &controlClient{base: se.control.url}
		answer <- c.do(t.Context(), "GET", fmt.Sprintf("/v1/gateways/igd1/journal?wait=5m&since=%d", last), nil, &v)
	}()
	api(t, se, "PUT", "/v1/gateways/igd1/wan", `{"address": "0.0.0.0", "event": false}`, nil)
	if err := <-answer; err != nil || len(v.Entries) == 0 || v.Entries[0].Seq != last+1 {
		t.Errorf("after entry %d came %+v, %v", last, v, err)
	}
	var none journalView
	api(t, se, "GET", "/v1/gateways/igd1/journal?wait=10ms&since=1000", "", &none)
	if len(none.Entries) != 0 || none.Last != 1000 {
		t.Errorf("when nothing comes: %+v", none)
	}
}

// Who follows the journal gets each entry as a line, and the end with the gateway.
func TestAPIJournalFollows(t *testing.T) {
	se := opened(t, &settings{})
	resp, err := noProxy().Get(se.control.url + "/v1/gateways/igd1/journal?follow")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("Content-Type %s", got)
	}
	api(t, se, "POST", "/v1/gateways/igd1/reboot", "", nil)
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the reboot is not told: %v", err)
		}
		var e emulator.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "state.reboot" {
			break
		}
	}
	api(t, se, "DELETE", "/v1/gateways/igd1", "", nil)
	if rest, err := io.ReadAll(lines); err != nil {
		t.Errorf("after the end: %v, %s", err, rest)
	}
}

// Who waits for an answer does not hold up the end.
func TestAPIWaitersDoNotHoldUpTheEnd(t *testing.T) {
	se := opened(t, &settings{})
	asked := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		close(asked)
		resp, err := noProxy().Get(se.control.url + "/v1/gateways/igd1/journal?wait=5m&since=1000")
		if err == nil {
			resp.Body.Close()
		}
	}()
	<-asked
	start := time.Now()
	if err := se.close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the end took %v", took)
	}
	<-done
}

// Reset is the beginning again: the same places, address, faults and time, an empty journal.
func TestAPIReset(t *testing.T) {
	se := opened(t, &settings{clock: clockVirtual, seed: 5})
	var first, changed, again stateView
	api(t, se, "GET", "/v1/gateways/igd1/state", "", &first)
	if _, err := client.Map(t.Context(), client.Request{InternalPort: 8080}, client.Options{Gateway: first.Location}); err != nil {
		t.Fatal(err)
	}
	api(t, se, "PUT", "/v1/gateways/igd1/wan", `{"address": "198.51.100.9"}`, nil)
	api(t, se, "POST", "/v1/gateways/igd1/faults", `{"on": "soap.AddPortMapping", "do": {"upnp-error": 501}}`, nil)
	api(t, se, "POST", "/v1/gateways/igd1/clock", `{"advance": "1h"}`, nil)
	api(t, se, "GET", "/v1/gateways/igd1/state", "", &changed)
	var rebooted, down stateView
	defer func() {
		if rebooted.Uptime != 0 || rebooted.Location == first.Location || down.Uptime != 0 || down.Status != "Disconnected" {
			t.Errorf("after a reboot %+v, while it is down %+v", rebooted, down)
		}
	}()
	api(t, se, "POST", "/v1/gateways/igd1/reboot", `{"new-ports": true}`, &rebooted)
	api(t, se, "POST", "/v1/gateways/igd1/reboot", `{"downtime": "1m"}`, &down)
	if changed.Mappings != 1 || changed.ExternalIP != "198.51.100.9" || changed.Uptime != 3600 || changed.Journal == 0 {
		t.Fatalf("before: %+v", changed)
	}
	if status := api(t, se, "POST", "/v1/gateways/igd1/reset", "", &again); status != http.StatusOK {
		t.Fatalf("status %d: %+v", status, again)
	}
	if diff := cmp.Diff(first, again, cmp.AllowUnexported(stateView{})); diff != "" {
		t.Errorf("state (-at first +again):\n%s", diff)
	}
	var faults faultsView
	if api(t, se, "GET", "/v1/gateways/igd1/faults", "", &faults); len(faults.Faults) != 0 {
		t.Errorf("faults: %s", faults.Faults)
	}
	if _, err := client.Map(t.Context(), client.Request{InternalPort: 8080}, client.Options{Gateway: first.Location}); err != nil {
		t.Error(err)
	}
}

// The gateways of one scenario share time and end together; those of another do not.
func TestAPIPlays(t *testing.T) {
	se := opened(t, &settings{clock: clockVirtual})
	var added gatewaysView
	scenario := "schema: 1\nname: pair\ndevices: [{igd: 1}, {igd: 2}]\nexpect: {requests: '*'}\n"
	if status := api(t, se, "POST", "/v1/gateways?seed=9", scenario, &added); status != http.StatusCreated || len(added.Gateways) != 2 {
		t.Fatalf("%d %+v", status, added)
	}
	one, two := added.Gateways[0].Name, added.Gateways[1].Name
	clockOf := func(name string) time.Time {
		var v clockView
		api(t, se, "GET", "/v1/gateways/"+name+"/clock", "", &v)
		return v.Time
	}
	before, other := clockOf(two), clockOf("igd1")
	api(t, se, "POST", "/v1/gateways/"+one+"/clock", `{"advance": "1d"}`, nil)
	if got := clockOf(two).Sub(before); got != 24*time.Hour {
		t.Errorf("the clock beside it went on by %v", got)
	}
	if got := clockOf("igd1").Sub(other); got != 0 {
		t.Errorf("another scenario's clock went on by %v", got)
	}

	// What is expected may be seen by either.
	var v verifyView
	if api(t, se, "POST", "/v1/gateways/"+one+"/verify", "", &v); v.Checked != 1 || len(v.Unmet) != 1 {
		t.Errorf("before a request: %+v", v)
	}
	resp, err := noProxy().Get(added.Gateways[1].Location)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if api(t, se, "POST", "/v1/gateways/"+one+"/verify", "", &v); len(v.Unmet) != 0 {
		t.Errorf("after a request: %+v", v)
	}

	// Both begin again where they were.
	var again gatewaysView
	if status := api(t, se, "POST", "/v1/gateways/"+two+"/reset", "", nil); status != http.StatusOK {
		t.Errorf("reset: status %d", status)
	}
	api(t, se, "GET", "/v1/gateways", "", &again)
	if diff := cmp.Diff(added.Gateways, again.Gateways[1:]); diff != "" {
		t.Errorf("after a reset (-before +after):\n%s", diff)
	}

	var gone, left gatewaysView
	api(t, se, "DELETE", "/v1/gateways/"+two, "", &gone)
	api(t, se, "GET", "/v1/gateways", "", &left)
	if len(gone.Gateways) != 2 || len(left.Gateways) != 1 {
		t.Errorf("gone %+v, left %+v", gone, left)
	}
}

// --count makes copies with names, ports and UDNs of their own.
func TestCount(t *testing.T) {
	se := opened(t, &settings{count: 25, scenarios: []string{"igd1", "igd2"}})
	seen := map[string]bool{}
	for _, v := range viewsOf(se.gateways()).Gateways {
		for _, key := range []string{v.Name, v.UDN, v.Location, v.SSDP} {
			if seen[key] {
				t.Errorf("%s twice", key)
			}
			seen[key] = true
		}
	}
	if !seen["igd1-1"] || !seen["igd2-25"] || len(seen) != 50*4 {
		t.Errorf("%d things seen", len(seen))
	}
}

// The journal of a file goes on with gateways that are added.
func TestJournalOfAddedGateways(t *testing.T) {
	name := t.TempDir() + "/j.ndjson"
	se := opened(t, &settings{journal: name})
	api(t, se, "POST", "/v1/gateways?scenario=igd2", "", nil)
	api(t, se, "POST", "/v1/gateways/igd2/reboot", "", nil)
	text := readFile(t, name)
	if !bytes.Contains(text, []byte(`"gateway":"igd2","kind":"state.reboot"`)) {
		t.Errorf("the journal holds\n%s", text)
	}
}
