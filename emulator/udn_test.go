package emulator

import "testing"

func TestValidUDN(t *testing.T) {
	for udn, want := range map[string]bool{
		"uuid:f5c1d177-62e5-45d1-a6e7-542f8a37f428":          true,
		"uuid:upnp-InternetGatewayDevice-1_0-12345678900001": true, // D-Link
		"uuid:upnp-InternetGatewayDevice-C0:C9:E3:00:00:010": true, // TP-Link
		"uuid:uuid:4d696e69-444c-164e-9d44-3c37862e42ac":     true, // NETGEAR
		"uuid:a::b":                            false, // a USN
		"uuid:a:":                              false,
		"uuid::a":                              false,
		"uuid:":                                false,
		"f5c1d177-62e5-45d1-a6e7-542f8a37f428": false,
		"uuid:a b":                             false,
		"uuid:a<b":                             false,
	} {
		if got := validUDN(udn); got != want {
			t.Errorf("%s: %v, want %v", udn, got, want)
		}
	}
}
