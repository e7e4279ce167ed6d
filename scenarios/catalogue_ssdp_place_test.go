package scenarios_test

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/igdkit/igdkit/emulator"
)

// ssdpPlaceRows are about where replies come from and where they lead.
func ssdpPlaceRows() []row {
	return []row{
		{
			id: "ssdp-src-ip-not-gateway",
			look: func(s *street) string {
				d := s.replies(router, gateway)[0]
				c := s.connections()[0]
				behind := s.run("8080")
				s.ok(c.add("TCP", 8080, "192.168.1.10", 3600))
				return fmt.Sprint(d.from, " ", hostOf(d.field("LOCATION")), " ", s.described(d.field("LOCATION")), ", mapped: ", s.tcp(behind))
			},
			want:  "192.168.1.2:1900 192.168.1.2 InternetGatewayDevice:1, mapped: true",
			sound: "192.168.1.1:1900 192.168.1.1 InternetGatewayDevice:1, mapped: true",
		},
		{
			id:   "ssdp-location-loopback6", // home-assistant/core#57052
			look: (*street).led,
			want: "from 192.168.1.1 to ::1, refused; at 192.168.1.1 InternetGatewayDevice:1", sound: direct,
		},
		{
			id: "ssdp-location-other-subnet", look: (*street).led,
			want: "from 192.168.1.1 to 192.168.2.1, refused; at 192.168.1.1 InternetGatewayDevice:1", sound: direct,
		},
		{
			id: "ssdp-location-host-mismatch", // home-assistant/core#55551
			look: func(s *street) string {
				return s.led() + "; " + s.replies(router, gateway)[0].field("SERVER")
			},
			want:  "from 192.168.1.1 to 192.168.72.1, refused; at 192.168.1.1 InternetGatewayDevice:1; Unspecified, UPnP/1.0, Unspecified",
			sound: direct + "; igdkit/1 UPnP/1.1 igdkit-emulator/1",
		},
		{
			id: "ssdp-location-empty",
			look: func(s *street) string {
				return s.line("LOCATION") + ", " + hostOf(s.rebooted("ssdp:alive")[0].field("LOCATION"))
			},
			want: "LOCATION: , ", sound: "LOCATION: http://192.168.1.1:PORT/description.xml, 192.168.1.1",
		},
		{
			id: "ssdp-location-missing",
			look: func(s *street) string {
				return s.replies(router, gateway)[0].names() + ", " + s.rebooted("ssdp:alive")[0].names()
			},
			want:  "CACHE-CONTROL DATE EXT SERVER ST USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, HOST CACHE-CONTROL NT NTS SERVER USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
			sound: "CACHE-CONTROL DATE EXT LOCATION SERVER ST USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG, HOST CACHE-CONTROL LOCATION NT NTS SERVER USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
		},
		{
			id: "ssdp-random-path", // /87895a19/gatedesc.xml
			look: func(s *street) string {
				paths := map[string]bool{}
				shape := "elsewhere"
				for range 3 {
					u, err := url.Parse(s.replies(router, gateway)[0].field("LOCATION"))
					if err != nil {
						s.t.Fatal(err)
					}
					paths[u.Path] = true
					if dir, ok := strings.CutSuffix(u.Path, "/gatedesc.xml"); ok && len(dir) == 9 && strings.Trim(dir[1:], "0123456789abcdef") == "" {
						shape = "in a directory of chance"
					}
					if s.described(u.String()) == "closed" {
						s.t.Fatal("nothing is described there")
					}
					if err := s.gateways[0].Reboot(emulator.Reboot{}); err != nil {
						s.t.Fatal(err)
					}
				}
				return fmt.Sprint(len(paths), " paths ", shape)
			},
			want: "3 paths in a directory of chance", sound: "1 paths elsewhere",
		},
	}
}

// direct is what led gives where LOCATION is right.
const direct = "from 192.168.1.1 to 192.168.1.1, InternetGatewayDevice:1"

// led tells from where a reply comes, to where its LOCATION leads and what is there; else what is at the same port and path of the sender.
func (s *street) led() string {
	s.t.Helper()
	d := s.replies(group, gateway)[0]
	u, err := url.Parse(d.field("LOCATION"))
	if err != nil {
		s.t.Fatal(err)
	}
	there := s.described(u.String())
	text := fmt.Sprintf("from %v to %s, %s", d.from.Addr(), u.Hostname(), there)
	if there != "refused" {
		return text
	}
	u.Host = d.from.Addr().String() + ":" + u.Port()
	return text + fmt.Sprintf("; at %s %s", u.Hostname(), s.described(u.String()))
}

// line is the line of a reply to a search for the gateway that has a field, masked.
func (s *street) line(field string) string {
	s.t.Helper()
	for line := range strings.SplitSeq(s.reply(), "\r\n") {
		if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, field) {
			return line
		}
	}
	return ""
}
