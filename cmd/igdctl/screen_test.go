package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"

	"net/netip"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// A terminal shows the state of things by now, in the room that there is, and is given back as it was.
func TestScreen(t *testing.T) {
	at := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.Local)
	g := &client.Gateway{Local: netip.MustParseAddr("192.168.1.10"), Root: &goupnp.RootDevice{Device: goupnp.Device{FriendlyName: "Router\x1b[2J"}}}
	mapping := func(port uint16, host, description string) client.PortMapping {
		return client.PortMapping{ExternalPort: port, Protocol: "TCP", InternalPort: port, InternalClient: host, Enabled: true,
			Description: description, Lease: time.Hour, LeaseKnown: true}
	}
	width, height := 80, 24
	var out strings.Builder
	a := &app{UI: cli.UI{Stdout: &out}}
	a.env.size = func() (int, int, bool) { return width, height, true }
	s := a.screen()
	s.now = func() time.Time { return at.Add(30 * time.Minute) }
	address := netip.MustParseAddr("192.0.0.9")
	s.take(client.Change{Kind: client.GatewayAppeared, Time: at, Gateway: g, Address: address, Connection: client.Status{Connected: true, UptimeKnown: true, Uptime: time.Hour}})
	s.take(client.Change{Kind: client.MappingListed, Time: at, Gateway: g, Mapping: mapping(8080, "192.168.1.10", "mine")})
	s.take(client.Change{Kind: client.MappingAdded, Time: at.Add(time.Minute), Gateway: g, Mapping: mapping(443, "192.168.1.20", "Plex")})
	want := []string{
		"Router [2J  up for 1 hour  192.0.0.9 (public)",
		"",
		"EXTERNAL  INTERNAL                           REMAINING   DESCRIPTION",
		"443/tcp   192.168.1.20:443                   31 minutes  Plex",
		"8080/tcp  192.168.1.10:8080 (this computer)  30 minutes  mine",
		"",
		"09:00:00  Router [2J is there, up for 1 hour, external address 192.0.0.9 (public",
		`09:01:00  443/tcp → 192.168.1.20:443 "Plex" was opened, 1 hour`,
	}
	want[6] = want[6][:79] + "…"
	if diff := cmp.Diff(want, s.lines(width, height)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for port := uint16(9000); port < 9050; port++ {
		s.take(client.Change{Kind: client.MappingListed, Time: at, Gateway: g, Mapping: mapping(port, "192.168.1.30", "many")})
	}
	width, height = 40, 12
	lines := s.lines(width, height)
	if len(lines) != height || lines[8] != "… and 47 more" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for size := range 4 {
		if got := len(s.lines(size+1, size)); got > size {
			t.Errorf("%d lines on a terminal of %d", got, size)
		}
	}
	s.take(client.Change{Kind: client.MappingRemoved, Time: at, Gateway: g, Mapping: mapping(443, "192.168.1.20", "Plex"), Expired: true})
	s.take(client.Change{Kind: client.GatewayGone, Time: at, Gateway: g, Err: errors.New("hush")})
	if got := s.lines(80, 24); got[0] != "Router [2J does not answer any more, looking for it: hush" || strings.Contains(strings.Join(got[:10], "\n"), "443/tcp ") {
		t.Errorf("%q", got)
	}
	s.close()
	drawn := out.String()
	if !strings.HasPrefix(drawn, enterScreen) || !strings.HasSuffix(drawn, leaveScreen) || strings.Contains(drawn, "\x1b[2J") {
		t.Errorf("drawn: %.200q", drawn)
	}

	a.JSON = true
	if a.screen() != nil {
		t.Error("a table among documents")
	}
}
