package main

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// gatewayView is a running gateway as the ready line and the control API show it.
type gatewayView struct {
	Name       string `json:"name"`
	Scenario   string `json:"scenario"`
	IGD        int    `json:"igd"` // 1 or 2
	UDN        string `json:"udn"`
	Location   string `json:"location"`
	SSDP       string `json:"ssdp"`        // where unicast searches are answered; empty when nowhere
	ExternalIP string `json:"external_ip"` // what it tells its clients; empty when it tells none
	WAN        string `json:"wan"`         // what its WAN side has
}

func (g *gateway) view() gatewayView {
	return gatewayView{
		Name: g.Name(), Scenario: g.scenario, IGD: g.options.Version, UDN: g.UDN(), Location: g.Location(),
		SSDP: g.searchAddress(), ExternalIP: addrText(g.ExternalIP()), WAN: addrText(g.wan()),
	}
}

// wan is the address that the scenario or --wan gives its WAN side. A policy may keep it from clients.
func (g *gateway) wan() netip.Addr { return cmp.Or(g.options.ExternalIP, g.ExternalIP()) }

// searchAddress is where clients send unicast searches; empty when nowhere. A socket on every address is reached at the
// host that clients are told.
func (g *gateway) searchAddress() string {
	ap := g.SSDP()
	switch {
	case !ap.IsValid():
		return ""
	case !ap.Addr().IsUnspecified():
		return ap.String()
	}
	host, _, err := net.SplitHostPort(g.options.Advertise)
	if err != nil {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(ap.Port())))
}

// readyLine is the one line that says that everything stands. The keys at the top are the first gateway's.
type readyLine struct {
	Event      string        `json:"event"` // "ready"
	Location   string        `json:"location"`
	SSDP       string        `json:"ssdp"`
	Control    string        `json:"control"` // URL; empty when off
	Scenario   string        `json:"scenario"`
	Seed       uint64        `json:"seed"`
	ExternalIP string        `json:"external_ip"`
	WAN        string        `json:"wan"`
	PID        int           `json:"pid"`
	Gateways   []gatewayView `json:"gateways"`
}

func (se *session) ready() readyLine {
	first := se.gateways[0].view()
	r := readyLine{
		Event: "ready", Location: first.Location, SSDP: first.SSDP, Scenario: first.Scenario, Seed: se.seed,
		ExternalIP: first.ExternalIP, WAN: first.WAN, PID: os.Getpid(), Gateways: se.views(),
	}
	if se.control != nil {
		r.Control = se.control.url
	}
	return r
}

func (se *session) views() []gatewayView {
	var all []gatewayView
	for _, g := range se.gateways {
		all = append(all, g.view())
	}
	return all
}

// stateView is /v1/gateways/{name}/state.
type stateView struct {
	gatewayView
	Seed     uint64 `json:"seed"`
	Status   string `json:"status"` // ConnectionStatus: Connected, Disconnected, …
	Uptime   int64  `json:"uptime_seconds"`
	Mappings int    `json:"mappings"` // how many
}

func (se *session) state(g *gateway) stateView {
	return stateView{
		gatewayView: g.view(), Seed: se.seed, Status: g.ConnectionStatus(),
		Uptime: int64(time.Since(se.started) / time.Second), Mappings: len(g.Mappings()),
	}
}

// mappingsView is /v1/gateways/{name}/mappings.
func mappingsView(g *gateway) any {
	mappings := g.Mappings()
	if mappings == nil {
		mappings = []emulator.Mapping{} // an empty list, not null
	}
	return map[string]any{"mappings": mappings}
}

// journalAnswer is /v1/gateways/{name}/journal?since=SEQ: the entries after that one, of those still in memory.
func journalAnswer(w http.ResponseWriter, r *http.Request, g *gateway) {
	var since uint64
	if s := r.URL.Query().Get("since"); s != "" {
		var err error
		if since, err = strconv.ParseUint(s, 10, 64); err != nil {
			writeError(w, http.StatusBadRequest, "usage", "since is not a number", "give the seq of the last entry that you have")
			return
		}
	}
	entries := []emulator.Entry{}
	for _, e := range g.Journal() {
		if e.Seq > since {
			entries = append(entries, e)
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"entries": entries})
}

// stoppedLine is the last line of serve.
type stoppedLine struct {
	Event  string    `json:"event"` // "stopped"
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"` // sigterm, sigint, sighup, max-lifetime
}

func addrText(a netip.Addr) string {
	if !a.IsValid() || a.IsUnspecified() {
		return ""
	}
	return a.String()
}
