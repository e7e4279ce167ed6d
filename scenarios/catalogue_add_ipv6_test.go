package scenarios_test

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
)

// six is the same scenario on a LAN of IPv6: the gateway at 2001:db8:1::1, the pc at ::10, the nas at ::11.
func (s *street) six() *street {
	s.t.Helper()
	n := emulator.NewNetwork()
	s.t.Cleanup(func() { n.Close() })
	lan := netip.MustParsePrefix("2001:db8:1::1/64")
	host := n.Host("router", lan)
	v := &street{
		t: s.t, scenario: s.scenario,
		pc:  n.Host("pc", netip.MustParsePrefix("2001:db8:1::10/64")),
		nas: n.Host("nas", netip.MustParsePrefix("2001:db8:1::11/64")),
	}
	for _, o := range s.scenario.Options() {
		o.Net, o.LAN, o.SSDP, o.Seed = host, lan.Addr(), "off", 1
		v.gateways = append(v.gateways, emulator.Start(s.t, o))
	}
	return v
}

// firewall is the WANIPv6FirewallControl of the description.
func (s *street) firewall() (c connection) {
	s.t.Helper()
	s.tree().VisitServices(func(v *goupnp.Service) {
		if strings.Contains(v.ServiceType, ":WANIPv6FirewallControl:") {
			c = connection{v.ControlURL.Str, v.ServiceType}
		}
	})
	if c.control == "" {
		s.t.Fatal("no WANIPv6FirewallControl is described")
	}
	return c
}

// pinhole is a call for TCP 8080 of a host, an hour long.
func (c connection) pinhole(client string) string {
	return c.request("AddPinhole", "RemoteHost", "", "RemotePort", "0", "InternalClient", client, "InternalPort", "8080", "Protocol", "6", "LeaseTime", "3600")
}

// addIPv6Rows are about what hosts of IPv6 ask for.
func addIPv6Rows() []row {
	const pc, nas = "2001:db8:1::10", "2001:db8:1::11"
	// allowed asks whether there are pinholes, for one, and what is there.
	allowed := func(s *street) string {
		s = s.six()
		c := s.firewall()
		status := s.ok(c.request("GetFirewallStatus"))
		added := s.tell(c.pinhole(pc))
		return fmt.Sprint(status["FirewallEnabled"], status["InboundPinholeAllowed"], " ", added, ", ", len(s.gateways[0].Pinholes()), " open")
	}
	return []row{
		{id: "pinhole-refused", look: allowed, want: "10 703 InboundPinholeNotAllowed, 0 open", sound: "11 ok, 1 open"},
		{
			id:   `{profile: igd2, quirks: [{pinhole-refused: {answer: {code: 403, text: Not available Action}}}]}`, // kbr/fritzconnection#161
			look: allowed, than: "igd2", want: "10 403 Not available Action, 0 open", sound: "11 ok, 1 open",
		},
		{
			id: "pinhole-source-bound", than: "{profile: igd2, policy: {pinholes: {clients: any}}}",
			look: func(s *street) string {
				s = s.six()
				c := s.firewall()
				foreign := s.tells(s.pc, c.pinhole(nas))
				return fmt.Sprint(foreign, ", ", s.tells(s.nas, c.pinhole(nas)), ", ", s.tells(s.pc, c.pinhole(pc)), "; ", len(s.gateways[0].Pinholes()), " open")
			},
			want: "606 Action not authorized, ok, ok; 2 open", sound: "ok, ok, ok; 2 open",
		},
		{
			id: "add-v6-client-402", than: "{profile: igd2, quirks: [add-600]}",
			look: func(s *street) string {
				four := s.tell(s.connections()[0].want("NewInternalClient", pc), s.connections()[0].want())
				s = s.six()
				return four + "; by IPv6: " + s.tell(s.connections()[0].want("NewInternalClient", pc), s.firewall().pinhole(pc))
			},
			want:  "402 Invalid Args, ok; by IPv6: 402 Invalid Args, ok",
			sound: "600 Argument Value Invalid, ok; by IPv6: 600 Argument Value Invalid, ok",
		},
	}
}
