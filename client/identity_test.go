package client

import "testing"

// A gateway is the same one at another port, and not on another host or under another name. Without a name it is what is described at one place.
func TestGatewayID(t *testing.T) {
	known := idOf("uuid:a", "http://192.168.1.1:5000/desc.xml")
	for _, tt := range []struct {
		udn, location string
		same          bool
	}{
		{"uuid:a", "http://192.168.1.1:5000/desc.xml", true},
		{"uuid:a", "http://192.168.1.1:49152/other.xml", true},
		{"uuid:a", "http://192.168.1.2:5000/desc.xml", false},
		{"uuid:b", "http://192.168.1.1:5000/desc.xml", false},
		{"", "http://192.168.1.1:5000/desc.xml", false},
		{"uuid:a", "", false},
		{"uuid:a", "http://%zz", false},
	} {
		if got := idOf(tt.udn, tt.location) == known; got != tt.same {
			t.Errorf("%q at %q: %v", tt.udn, tt.location, got)
		}
	}
	nameless := idOf("", "http://192.168.1.1:5000/desc.xml")
	if nameless != idOf("", "http://192.168.1.1:5000/desc.xml") || nameless == idOf("", "http://192.168.1.1:5001/desc.xml") {
		t.Error("what has no name is told by its place")
	}
	if idOf("uuid:a", "http://%zz") == idOf("uuid:a", "http://%zy") {
		t.Error("two places that cannot be read are one")
	}
}
