package emulator_test

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/emulator"
)

// A dialect may say where HTTP is served, and who starts the gateway has the last word. A reboot with new ports leaves it.
func TestHTTPPort(t *testing.T) {
	_, gateway, _ := lan(t)
	o := emulator.Options{SSDP: "off", Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), Dialect: emulator.Dialect{HTTP: emulator.HTTPDialect{Port: 5351}}}
	g := emulator.Start(t, o)
	const want = "http://192.168.1.1:5351/description.xml"
	for _, how := range []emulator.Reboot{{}, {}} {
		if got := g.Location(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if err := g.Reboot(how); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
		t.Fatal(err)
	}
	if g.Location() == want {
		t.Errorf("%s after a reboot with new ports", want)
	}
	o.HTTPPort = 5000
	if got, want := emulator.Start(t, o).Location(), "http://192.168.1.1:5000/description.xml"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
