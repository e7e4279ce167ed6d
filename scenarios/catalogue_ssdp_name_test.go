package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/huin/goupnp"
)

// ssdpNameRows are about what the gateway and its boots are called.
func ssdpNameRows() []row {
	return []row{
		{
			id: "ssdp-usn-not-uuid", // tailscale/tailscale#13745
			look: func(s *street) string {
				const name = "uuid:UUID-MIKROTIK-INTERNET-GATEWAY-DEVICE-4PWK-AH73"
				return fmt.Sprint(masked(s.replies(router, gateway)[0].field("USN")), ", described as ", masked(s.tree().UDN), ", found by it: ", len(s.replies(router, name)))
			},
			want:  "uuid:UUID-MIKROTIK-INTERNET-GATEWAY-DEVICE-4PWK-AH73::" + gateway + ", described as uuid:UUID-MIKROTIK-INTERNET-GATEWAY-DEVICE-4PWK-AH73, found by it: 1",
			sound: "UDN::" + gateway + ", described as UDN, found by it: 0",
		},
		{
			id: "ssdp-usn-missing",
			look: func(s *street) string {
				return s.replies(router, gateway)[0].names() + ", " + s.rebooted("ssdp:alive")[0].names()
			},
			want:  "CACHE-CONTROL DATE EXT LOCATION SERVER ST BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, HOST CACHE-CONTROL LOCATION NT NTS SERVER BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
			sound: "CACHE-CONTROL DATE EXT LOCATION SERVER ST USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, HOST CACHE-CONTROL LOCATION NT NTS SERVER USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
		},
		{
			id: "ssdp-bootid-constant", look: (*street).reply, // tailscale/tailscale: net/portmapper/upnp_test.go
			want: lines("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=120", "ST: "+gateway, "USN: UDN::"+gateway, "EXT:", "SERVER: Linux/5.4.0-1034-gcp UPnP/1.1 MiniUPnPd/1.9",
				"LOCATION: http://192.168.1.1:PORT/description.xml", `OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01`, "01-NLS: 1", "BOOTID.UPNP.ORG: 1", "CONFIGID.UPNP.ORG: 1337"),
			sound: ideal(),
		},
		{
			id: "ssdp-bootid-constant",
			look: func(s *street) string {
				seen := map[string]bool{s.replies(router, gateway)[0].field("BOOTID.UPNP.ORG"): true}
				for range 2 {
					s.sleep(time.Minute)
					for _, d := range s.rebooted("ssdp:alive") {
						seen[d.field("BOOTID.UPNP.ORG")] = true
					}
					seen[s.replies(router, gateway)[0].field("BOOTID.UPNP.ORG")] = true
				}
				return fmt.Sprint(len(seen), " of three boots")
			},
			want: "1 of three boots", sound: "3 of three boots",
		},
		{
			id: "ssdp-bootid-absent",
			look: func(s *street) string {
				return s.replies(router, gateway)[0].names() + ", " + s.rebooted("ssdp:alive")[0].names() + ", " + s.rebooted("ssdp:byebye")[0].names()
			},
			want: "CACHE-CONTROL DATE EXT LOCATION SERVER ST USN, HOST CACHE-CONTROL LOCATION NT NTS SERVER USN, HOST NT NTS USN",
			sound: "CACHE-CONTROL DATE EXT LOCATION SERVER ST USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, " +
				"HOST CACHE-CONTROL LOCATION NT NTS SERVER USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, HOST NT NTS USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
		},
		{
			id: "ssdp-same-version-noise",
			look: func(s *street) string {
				types := []string{rootDevice}
				s.tree().VisitDevices(func(d *goupnp.Device) { types = append(types, d.DeviceType, d.UDN) })
				s.tree().VisitServices(func(v *goupnp.Service) { types = append(types, v.ServiceType) })
				var noise []string
				for _, d := range s.replies(group, anything) {
					if st := d.field("ST"); !slices.Contains(types, st) {
						noise = append(noise, short(st))
					}
				}
				return strings.Join(noise, " ")
			},
			want: "WFADevice:1 WFAWLANConfig:1 WANPPPConnection:1", sound: "",
		},
		{
			id: "ssdp-udn-not-desc-udn", // home-assistant/core#110216
			look: func(s *street) string {
				name, _, _ := strings.Cut(s.replies(router, gateway)[0].field("USN"), "::")
				digits := strings.TrimPrefix(name, "uuid:upnp-InternetGatewayDevice-1_0-")
				shape := "another"
				if len(digits) == 12 && strings.Trim(digits, "0123456789abcdef") == "" {
					shape = "upnp-InternetGatewayDevice-1_0"
				}
				return fmt.Sprint(shape, ", as described: ", name == s.tree().UDN, ", found by it: ", len(s.replies(router, name)))
			},
			want: "upnp-InternetGatewayDevice-1_0, as described: false, found by it: 1", sound: "another, as described: true, found by it: 1",
		},
		{
			id: "ssdp-v1-v2-same-udn",
			look: func(s *street) string {
				udns, found := map[string]bool{}, map[string]bool{}
				for _, d := range s.replies(group, rootDevice) {
					name, _, _ := strings.Cut(d.field("USN"), "::")
					udns[name] = true
					found[d.field("LOCATION")[strings.LastIndex(d.field("LOCATION"), "/"):]+" "+s.described(d.field("LOCATION"))] = true
				}
				return fmt.Sprint(len(udns), " name: ", found)
			},
			want:  "1 name: map[/igd2desc.xml InternetGatewayDevice:2:true /igddesc.xml InternetGatewayDevice:1:true]",
			sound: "1 name: map[/description.xml InternetGatewayDevice:1:true]",
		},
		{
			id: "ssdp-uuid-shared-by-models", // ofekp/TinyUPnP#1
			look: func(s *street) string {
				var all []string
				for _, d := range s.replies(group, rootDevice) {
					all = append(all, fmt.Sprint(d.from.Addr(), " ", strings.HasPrefix(d.field("USN"), "uuid:060b7353-fca6-4070-85f4-1fbfb9add62c::"), " ", d.field("SERVER")))
				}
				return strings.Join(all, ", ")
			},
			want: "192.168.1.2 true ipos/7.0 UPnP/1.0 TL-WR841N/9.0, " +
				"192.168.1.1 true ipos/7.0 UPnP/1.0 Archer_C8/1.0",
			sound: "192.168.1.1 false igdkit/1 UPnP/1.1 igdkit-emulator/1",
		},
	}
}
