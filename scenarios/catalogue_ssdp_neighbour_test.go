package scenarios_test

import (
	"fmt"
	"net/url"
	"strings"
)

// ssdpNeighbourRows are about other devices that answer: of the router, or of other hosts of the LAN.
func ssdpNeighbourRows() []row {
	const alone = "192.168.1.1 InternetGatewayDevice:1"
	const good = `192.168.1.1 Connected "45.66.77.88"`
	first := func(s *street) string { return s.finders(gateway) }
	return []row{
		{
			id: "ssdp-unparsable-200",
			look: func(s *street) string {
				var all []string
				for _, d := range s.replies(group, gateway) {
					all = append(all, fmt.Sprintf("%v %.12q of %v", d.from.Addr(), d.text, len(d.text) == 12))
				}
				return strings.Join(all, ", ")
			},
			want: `192.168.1.2 "HTTP/1.1 200" of true, 192.168.1.1 "HTTP/1.1 200" of false`, sound: `192.168.1.1 "HTTP/1.1 200" of false`,
		},
		{
			id: "ssdp-binary-garbage",
			look: func(s *street) string {
				var all []string
				for _, d := range s.replies(group, gateway) {
					all = append(all, fmt.Sprintf("%v of %v bytes, a reply: %v", d.from.Addr(), len(d.text)/1000*1000, strings.HasPrefix(d.text, "HTTP/")))
				}
				return strings.Join(all, ", ")
			},
			want: "192.168.1.2 of 3000 bytes, a reply: false, 192.168.1.1 of 0 bytes, a reply: true", sound: "192.168.1.1 of 0 bytes, a reply: true",
		},
		{id: "ssdp-igd-advertised-desc-is-not", look: first, want: "192.168.1.2 Basic:1, " + alone, sound: alone},
		{
			id: "ssdp-advertised-while-disabled",
			look: func(s *street) string {
				page := s.page(s.gateways[0].Location())
				return fmt.Sprint(first(s), ", connections: ", strings.Count(page, "service:WANIPConnection:")+strings.Count(page, "service:WANPPPConnection:"))
			},
			want: alone + ", connections: 0", sound: alone + ", connections: 1",
		},
		{
			id:   "ssdp-repeater-answers", // alanmcgovern/Mono.Nat#35
			look: candidates, want: `192.168.1.2 Connected "", ` + good, sound: good,
		},
		{id: "ssdp-several-igds", look: candidates, want: `192.168.1.2 Disconnected "", ` + good, sound: good},
		{id: "ssdp-ap-as-igd", look: candidates, want: `192.168.1.2 Connected "192.168.0.102", ` + good, sound: good},
		{
			id: "ssdp-flood-non-igd",
			look: func(s *street) string {
				roots := map[string]bool{}
				before := 0
				for _, d := range s.replies(group, anything) {
					kind := s.described(d.field("LOCATION"))
					roots[kind] = true
					if kind != "InternetGatewayDevice:1" && len(roots) > 0 && !roots["InternetGatewayDevice:1"] {
						before++
					}
				}
				return fmt.Sprint(len(roots), " root devices, ", before, " replies before those of the gateway; to a search for it ", len(s.replies(group, gateway)))
			},
			// Of a root device 3 targets and one for each service (UDA 1.1 §1.3.3): 7 + 4 + 3 + 4 + 4.
			want:  "6 root devices, 22 replies before those of the gateway; to a search for it 1",
			sound: "1 root devices, 0 replies before those of the gateway; to a search for it 1",
		},
		{
			id: "ssdp-fake-igd", // sipeed/NanoKVM#294
			look: func(s *street) string {
				d := s.replies(group, gateway)[0]
				page := s.page(d.field("LOCATION"))
				return fmt.Sprint(first(s), "; services: ", strings.Contains(page, "<serviceList>"), ", devices: ", strings.Contains(page, "<deviceList>"),
					", twice uuid: ", strings.Contains(page, "<UDN>uuid:uuid:"))
			},
			want:  "192.168.1.2 InternetGatewayDevice:1, " + alone + "; services: false, devices: false, twice uuid: true",
			sound: alone + "; services: true, devices: true, twice uuid: false",
		},
		{
			id: "ssdp-mesh-child-wps-only", // miniupnp/miniupnp#801
			look: func(s *street) string {
				u, err := url.Parse(s.replies(group, rootDevice)[0].field("LOCATION"))
				if err != nil {
					s.t.Fatal(err)
				}
				return fmt.Sprint(s.finders(rootDevice), ", ", u.Path, "; gateways: ", len(s.replies(group, gateway)))
			},
			want: "192.168.1.2 refused, /wps_device.xml; gateways: 0", sound: alone + ", /description.xml; gateways: 1",
		},
	}
}
