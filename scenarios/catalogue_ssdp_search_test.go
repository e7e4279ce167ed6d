package scenarios_test

import (
	"fmt"
	"strings"
	"time"
)

// ssdpSearchRows are about which searches are targets, and when.
func ssdpSearchRows() []row {
	const igd1Finds = "ssdp:all upnp:rootdevice InternetGatewayDevice:1 WANIPConnection:1"
	const igd2Finds = "ssdp:all upnp:rootdevice InternetGatewayDevice:1 InternetGatewayDevice:2 WANIPConnection:1 WANIPConnection:2"
	return []row{
		{
			id: "ssdp-all-first-device-only",
			look: func(s *street) string {
				var found []string
				for _, st := range []string{anything, rootDevice, gateway, ipConn1} {
					names := ""
					for _, d := range s.replies(group, st) {
						names += " " + short(masked(d.field("ST")))
					}
					found = append(found, names)
				}
				return strings.Join(found, ";")
			},
			want: " WFADevice:1;; InternetGatewayDevice:1;",
			// The ten of UDA 1.1 §1.3.3.
			sound: " upnp:rootdevice UDN InternetGatewayDevice:1 UDN WANDevice:1 UDN WANConnectionDevice:1" +
				" Layer3Forwarding:1 WANCommonInterfaceConfig:1 WANIPConnection:1; upnp:rootdevice; InternetGatewayDevice:1; WANIPConnection:1",
		},
		{id: "ssdp-rootdevice-only", look: targets, want: "upnp:rootdevice", sound: igd1Finds},
		{id: "ssdp-service-st-only", look: targets, want: "ssdp:all WANIPConnection:1", sound: igd1Finds},
		{id: "ssdp-igd2-only", look: targets, want: "ssdp:all upnp:rootdevice InternetGatewayDevice:2 WANIPConnection:2", sound: igd2Finds},
		{
			id: "ssdp-igd2-answers-as-igd1",
			look: func(s *street) string {
				d := s.replies(router, gateway)[0]
				_, usn, _ := strings.Cut(d.field("USN"), "::")
				return short(d.field("ST")) + " " + short(usn) + " described as " + s.described(d.field("LOCATION"))
			},
			want:  "InternetGatewayDevice:1 InternetGatewayDevice:1 described as InternetGatewayDevice:2",
			sound: "InternetGatewayDevice:1 InternetGatewayDevice:1 described as InternetGatewayDevice:1", than: "igd1",
		},
		{id: "ssdp-multicast-only", look: ways, want: "multicast", sound: "multicast unicast"},
		{id: "ssdp-unicast-ok", look: ways, want: "multicast unicast", sound: "multicast", than: "ssdp-multicast-only"},
		{
			id: "ssdp-mx-delay", // a fifteenth of 2 s; any other at random
			look: func(s *street) string {
				all := s.replies(group, anything)
				if len(all) < 10 {
					s.t.Fatalf("%d replies", len(all))
				}
				even := 0
				for i, d := range all {
					if d.after == time.Duration(i+1)*(2*time.Second/15) {
						even++
					}
				}
				single := s.replies(group, gateway)
				return fmt.Sprint(even == len(all), ", one within MX: ", len(single) == 1 && single[0].after > 0 && single[0].after < 2*time.Second)
			},
			want: "true, one within MX: true", sound: "false, one within MX: true",
		},
		{
			id: "ssdp-intermittent",
			look: func(s *street) string {
				n := 0
				for range 100 {
					n += len(s.replies(router, gateway))
				}
				switch {
				case n == 100:
					return "all"
				case n > 20 && n < 60: // 40, with a deviation of 5
					return "fewer than half"
				}
				return fmt.Sprint(n)
			},
			want: "fewer than half", sound: "all",
		},
		{
			id: "ssdp-comes-and-goes", // after 5, 12 and 19 minutes
			look: func(s *street) string {
				var seen []string
				for begin, at := time.Now(), 5*time.Minute; at < 20*time.Minute; at += 7 * time.Minute {
					s.sleep(at - time.Since(begin))
					_, end := s.exchange(get("/description.xml"))
					seen = append(seen, fmt.Sprint(len(s.replies(group, gateway)), len(s.replies(router, gateway)), " ", end))
				}
				return strings.Join(seen, ", ")
			},
			want: "1 1 closed, 0 0 silence, 1 1 closed", sound: "1 1 closed, 1 1 closed, 1 1 closed",
		},
	}
}

// ways are those by which a search is targets.
func ways(s *street) string {
	s.t.Helper()
	var all []string
	if len(s.replies(group, gateway)) == 1 {
		all = append(all, "multicast")
	}
	if found := s.replies(router, gateway); len(found) == 1 && found[0].after == 0 {
		all = append(all, "unicast")
	}
	return strings.Join(all, " ")
}
