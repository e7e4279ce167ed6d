package main

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// The JSON of the ready line, the control API and ctl. Keys are spelled as igdctl's.

// gatewayView is a running gateway: in the ready line, and at /v1/gateways and /v1/gateways/{name}.
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

// gatewaysView is /v1/gateways.
type gatewaysView struct {
	Gateways []gatewayView `json:"gateways"`
}

// stateView is /v1/gateways/{name}/state.
type stateView struct {
	gatewayView
	Seed     uint64    `json:"seed"`
	Clock    string    `json:"clock"`  // real or virtual
	Time     time.Time `json:"time"`   // on that clock
	Status   string    `json:"status"` // ConnectionStatus: Connected, Disconnected, …
	Uptime   int64     `json:"uptime_seconds"`
	Mappings int       `json:"mappings"` // how many
	Journal  uint64    `json:"journal"`  // seq of the latest entry
}

// mappingsView is /v1/gateways/{name}/mappings.
type mappingsView struct {
	Mappings []emulator.Mapping `json:"mappings"`
}

// journalView is /v1/gateways/{name}/journal.
type journalView struct {
	Entries []emulator.Entry `json:"entries"`
	Last    uint64           `json:"last"` // what to give as since the next time
}

// clockView is /v1/gateways/{name}/clock.
type clockView struct {
	Clock string           `json:"clock"` // real or virtual
	Time  time.Time        `json:"time"`
	Fired []emulator.Entry `json:"fired,omitempty"` // what happened while it was advanced
}

// clockChange is the body of POST …/clock.
type clockChange struct {
	Advance emulator.Duration `yaml:"advance,required"`
}

// wanChange is the body of PUT …/wan.
type wanChange struct {
	Address *netip.Addr        `yaml:"address"` // 0.0.0.0: none
	Status  string             `yaml:"status"`
	Link    emulator.LinkState `yaml:"link"`
	Event   *bool              `yaml:"event"` // whether subscribers are told; nil: yes
	WAN     *int               `yaml:"wan"`   // which connection, from 0; nil: the default one
}

// faultsView is /v1/gateways/{name}/faults, in the words of scenarios.
type faultsView struct {
	Faults []json.RawMessage `json:"faults"`
}

// verifyView is /v1/gateways/{name}/verify.
type verifyView struct {
	Checked int              `json:"checked"` // how many expectations
	Unmet   []emulator.Unmet `json:"unmet"`
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

// readyAnswer is /readyz.
type readyAnswer struct {
	Status   string `json:"status"`
	Gateways int    `json:"gateways"`
}

// stoppedLine is the last line of serve.
type stoppedLine struct {
	Event  string    `json:"event"` // "stopped"
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"` // sigterm, sigint, sighup, max-lifetime
}

func (g *gateway) view() gatewayView {
	return gatewayView{
		Name: g.Name(), Scenario: g.play.scenario, IGD: g.options.Version, UDN: g.UDN(), Location: g.Location(),
		SSDP: g.searchAddress(), ExternalIP: addrText(g.ExternalIP()), WAN: addrText(g.wan()),
	}
}

func viewsOf(all []*gateway) gatewaysView {
	v := gatewaysView{[]gatewayView{}} // an empty list, not null
	for _, g := range all {
		v.Gateways = append(v.Gateways, g.view())
	}
	return v
}

func (g *gateway) state() stateView {
	v := stateView{
		gatewayView: g.view(), Seed: g.play.seed, Clock: g.play.clockKind(), Time: g.play.now(), Status: g.ConnectionStatus(),
		Mappings: len(g.Mappings()), Uptime: int64(g.DefaultConnection().Uptime() / time.Second),
	}
	if all := g.Journal(); len(all) > 0 {
		v.Journal = all[len(all)-1].Seq
	}
	return v
}

func (se *session) ready() readyLine {
	first := se.first.view()
	r := readyLine{
		Event: "ready", Location: first.Location, SSDP: first.SSDP, Scenario: first.Scenario, Seed: se.settings.seed,
		ExternalIP: first.ExternalIP, WAN: first.WAN, PID: os.Getpid(), Gateways: viewsOf(se.gateways()).Gateways,
	}
	if se.control != nil {
		r.Control = se.control.url
	}
	return r
}

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

func addrText(a netip.Addr) string {
	if !a.IsValid() || a.IsUnspecified() {
		return ""
	}
	return a.String()
}
