package client

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/soap"
)

func TestOwnershipOf(t *testing.T) {
	want := rowOf(8080, "TCP", us, 80, "igdkit 8080 TCP")
	disabled := func(m PortMapping) PortMapping { m.Enabled = false; return m }
	remote := func(m PortMapping) PortMapping { m.RemoteHost = "198.51.100.1"; return m }
	tests := []struct {
		name  string
		found PortMapping
		shown string
		want  ownership
	}{
		{"our own", rowOf(8080, "TCP", us, 80, "igdkit 8080 TCP"), "", ours},
		{"our own, from another run", rowOf(8080, "TCP", us, 80, "igdkit 9090 TCP"), "", ours},
		{"our own, disabled by somebody", disabled(rowOf(8080, "TCP", us, 80, "igdkit 8080 TCP")), "", ours},
		{"our own, shown differently as before", rowOf(8080, "TCP", us, 80, "libminiupnpd"), "libminiupnpd", ours},
		{"v4-mapped address", rowOf(8080, "TCP", "::ffff:"+us, 80, "igdkit 8080 TCP"), "", ours},
		{"miniupnpd on nftables lists no internal port", rowOf(8080, "TCP", us, 0, "igdkit 8080 TCP"), "", alike},
		{"or no client", rowOf(8080, "TCP", "0.0.0.0", 80, "igdkit 8080 TCP"), "", alike},
		{"or neither", rowOf(8080, "TCP", "0.0.0.0", 0, "igdkit 8080 TCP"), "", alike},
		{"same place, other program", rowOf(8080, "TCP", us, 80, "Transmission"), "", shared},
		{"same place, no description", rowOf(8080, "TCP", us, 80, ""), "igdkit 8080 TCP", shared},
		{"same place, other program, disabled", disabled(rowOf(8080, "TCP", us, 80, "Transmission")), "", owned},
		{"other host", rowOf(8080, "TCP", them, 80, "Plex"), "", owned},
		{"igdkit on another host", rowOf(8080, "TCP", them, 80, "igdkit 8080 TCP"), "", owned},
		{"other program, same host", rowOf(8080, "TCP", us, 81, "Transmission"), "", owned},
		{"our other mapping", rowOf(8080, "TCP", us, 81, "igdkit 8080 TCP"), "", owned},
		{"no internal port, other program", rowOf(8080, "TCP", us, 0, "Transmission"), "", owned},
		{"no client, other program", rowOf(8080, "TCP", "", 80, "Transmission"), "", owned},
		{"a host name", rowOf(8080, "TCP", "nas.lan", 80, "igdkit 8080 TCP"), "", alike},
		{"a host name, other program", rowOf(8080, "TCP", "nas.lan", 80, "Plex"), "", owned},
		{"zeros before the numbers", rowOf(8080, "TCP", "192.168.001.010", 80, "igdkit 8080 TCP"), "", ours},
		{"zeros before the numbers, other host", rowOf(8080, "TCP", "192.168.001.020", 80, "igdkit 8080 TCP"), "", owned},
		{"for one remote host", remote(rowOf(8080, "TCP", us, 80, "igdkit 8080 TCP")), "", owned},
		{"name that only begins like ours", rowOf(8080, "TCP", us, 80, "igdkitten"), "", shared},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ownershipOf(tt.found, want, tt.shown); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestReadRemoteHost(t *testing.T) {
	for shown, want := range map[string]string{"": "", "0.0.0.0": "", "*": "", " 000.000.000.000": "", "::": "",
		"198.51.100.1": "198.51.100.1", "198.051.100.001": "198.51.100.1", "nas.lan": "nas.lan"} {
		if got := (&entryArguments{NewRemoteHost: shown}).mapping(new(soap.Recording)).RemoteHost; got != want {
			t.Errorf("%q: got %q, want %q", shown, got, want)
		}
	}
}

func TestOurTextCut(t *testing.T) {
	const sent = "the garden camera of the second floor"
	for found, want := range map[string]bool{
		sent:                                   true,
		"the garden camera of the":             true,
		"the garden":                           false, // too little to tell
		"":                                     false,
		"the garden camera of the third floor": false,
	} {
		if got := ourText(found, sent, sent); got != want {
			t.Errorf("%q: got %v, want %v", found, got, want)
		}
	}
}

func TestOpenedFor(t *testing.T) {
	for _, tt := range []struct {
		client, description string
		host                string
		want                bool
	}{
		{"192.168.1.10", "igdkit 8080 TCP", "192.168.1.10", true},
		{"192.168.1.10", "igdkit 8080 TCP", "::ffff:192.168.1.10", true},
		{" 192.168.1.10 ", "igdkit 8080 TCP", "192.168.1.10", true},
		{"::ffff:192.168.1.10", "igdkit", "192.168.1.10", true},
		{"192.168.1.20", "igdkit 8080 TCP", "192.168.1.10", false},
		{"0.0.0.0", "igdkit 8080 TCP", "192.168.1.10", false},
		{"", "igdkit 8080 TCP", "", false},
		{"laptop", "igdkit 8080 TCP", "192.168.1.10", false},
		{"192.168.1.10", "igdkitten", "192.168.1.10", false},
		{"192.168.1.10", "", "192.168.1.10", false},
	} {
		host, _ := netip.ParseAddr(tt.host)
		if got := (PortMapping{InternalClient: tt.client, Description: tt.description}).OpenedFor(host); got != tt.want {
			t.Errorf("%q, %q for %q: %t", tt.client, tt.description, tt.host, got)
		}
	}
}
