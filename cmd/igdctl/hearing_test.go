package main

import "testing"

// A command that stays listens where an announcement can be about its gateway, and nowhere else; one that ends at once never does.
func TestHearing(t *testing.T) {
	for _, tt := range []struct {
		name          string
		gateway, ssdp string
		want          bool
	}{
		{"whichever gateway is there", "", "", true},
		{"the router's address", "192.168.1.1", "", true},
		{"its description", "http://192.168.1.1:5000/rootDesc.xml", "", true},
		{"its name", "http://router.lan/rootDesc.xml", "", true},
		{"an emulator on this computer", "http://127.0.0.1:5000/d.xml", "", false},
		{"by another address of it", "127.0.0.9", "", false},
		{"by IPv6", "http://[::1]:5000/d.xml", "", false},
		{"by name", "http://localhost:5000/d.xml", "", false},
		{"searches go somewhere else", "", "192.168.1.1:1901", false},
		{"both", "http://192.168.1.1:5000/d.xml", "192.168.1.1:1901", false},
	} {
		a := &app{gateway: tt.gateway, ssdp: tt.ssdp}
		if got := a.hearing().Listen; got != tt.want {
			t.Errorf("%s: listens: %v, want %v", tt.name, got, tt.want)
		}
		if a.options().Listen {
			t.Errorf("%s: a command that ends at once listens", tt.name)
		}
	}
}
