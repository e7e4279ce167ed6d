package main

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
)

func TestEventText(t *testing.T) {
	entry := client.Entry{
		Protocol: "TCP",
		External: netip.MustParseAddrPort("192.0.0.9:80"),
		Internal: netip.MustParseAddrPort("192.168.1.10:8080"),
		Lease:    client.Lease{Granted: 2 * time.Hour, Known: true},
		Expires:  time.Date(2026, time.November, 23, 6, 30, 0, 0, time.Local),
	}
	hidden := entry
	hidden.External = netip.AddrPortFrom(netip.Addr{}, 80)
	endless := entry
	endless.Lease, endless.Expires = client.Lease{Known: true}, time.Time{}
	for _, tt := range []struct {
		event client.Event
		want  string
	}{
		{client.Event{Kind: client.Mapped, Entry: entry}, "192.0.0.9:80/tcp leads to 192.168.1.10:8080, kept open, next renewed before Mon 23 Nov 06:30"},
		{client.Event{Kind: client.Mapped, Entry: hidden}, "80/tcp leads to 192.168.1.10:8080, kept open, next renewed before Mon 23 Nov 06:30"},
		{client.Event{Kind: client.Mapped, Entry: endless}, "192.0.0.9:80/tcp leads to 192.168.1.10:8080, kept open"},
		{client.Event{Kind: client.Renewed, Entry: entry}, "192.0.0.9:80/tcp is renewed, next renewed before Mon 23 Nov 06:30"},
		{client.Event{Kind: client.Repaired, Entry: entry}, "192.0.0.9:80/tcp had gone and is open again, next renewed before Mon 23 Nov 06:30"},
		{client.Event{Kind: client.Lost, Entry: entry, Err: &client.OwnedError{Owner: client.PortMapping{ExternalPort: 80, InternalClient: "192.168.1.20", InternalPort: 81}}},
			"192.0.0.9:80/tcp is lost: the port already leads to 192.168.1.20:81"},
		{client.Event{Kind: client.AddressChanged, Entry: entry, Verdict: client.CGNAT, Previous: netip.MustParseAddr("192.0.0.10")},
			"192.0.0.9:80/tcp is the new address (cgnat), it was 192.0.0.10 before"},
		{client.Event{Kind: client.AddressChanged, Entry: entry, Verdict: client.Public}, "192.0.0.9:80/tcp is the new address (public)"},
		{client.Event{Kind: client.AddressChanged, Entry: hidden, Verdict: client.None, Previous: netip.MustParseAddr("192.0.0.10")},
			"80/tcp has no address any more (none), it was 192.0.0.10 before"},
		{client.Event{Kind: client.GatewayGone, Err: context.DeadlineExceeded}, "the gateway does not answer any more, looking for it: the gateway does not answer in time"},
		{client.Event{Kind: client.Retrying, After: 5 * time.Second, Err: fault("AddPortMapping", 501)},
			"80/tcp: trying again in 5 seconds: the gateway failed to do it (501 Action Failed)"},
		{client.Event{Kind: client.Failed, Err: fault("AddPortMapping", 501)}, "80/tcp cannot be kept open: the gateway failed to do it (501 Action Failed)"},
		{client.Event{Kind: closed}, "80/tcp is closed"},
		{client.Event{Kind: staysOpen}, "80/tcp stays open: it was opened before"},
		{client.Event{Kind: "new kind"}, "80/tcp: new kind"},
	} {
		if got := eventText(spec{external: 80, internal: 8080, protocol: "tcp"}, tt.event); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.event.Kind, got, tt.want)
		}
	}
}
