package scenarios_test

import (
	"fmt"
	"strings"
	"time"
)

// ssdpReplyRows are about the bytes of replies and announcements. A whole reply is one to a search for the gateway, masked.
func ssdpReplyRows() []row {
	// changed is the ideal reply with some lines replaced.
	changed := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(ideal()) }
	return []row{
		{
			id: "ssdp-duplicate-replies",
			look: func(s *street) string {
				seen := map[string]int{}
				for _, d := range s.replies(router, anything) {
					seen[d.text]++
				}
				copies := map[int]bool{}
				for _, n := range seen {
					copies[n] = true
				}
				return fmt.Sprint(len(seen), " replies, copies of each: ", copies)
			},
			want: "10 replies, copies of each: map[2:true]", sound: "10 replies, copies of each: map[1:true]",
		},
		{
			id: "ssdp-junk-line", look: (*street).reply, // StevenLooman/async_upnp_client: tests/test_ssdp.py
			want: changed("200 OK\r\n", "200 OK\r\nDEFUNCT\r\n"), sound: ideal(),
		},
		{
			id: "ssdp-no-final-blank-line",
			look: func(s *street) string {
				return s.reply() + s.rebooted("ssdp:alive")[0].text[:8] + end(s.rebooted("ssdp:alive")[0].text)
			},
			want: strings.TrimSuffix(ideal(), "\r\n") + "NOTIFY *one line end", sound: ideal() + "NOTIFY *two line ends",
		},
		{
			id: "ssdp-no-space-after-colon", look: (*street).reply, // ofekp/TinyUPnP#14
			want: lines("HTTP/1.1 200 OK", "ST:"+gateway, "USN:UDN::"+gateway, "Location:http://192.168.1.1:PORT/description.xml", "Cache-Control:max-age=900",
				"Server:Allegro-Software-RomUpnp/4.07 UPnP/1.0 IGD/1.00", "Ext:"),
			sound: ideal(),
		},
		{
			id: "ssdp-header-case-mixed", look: (*street).reply, // lbryio/aioupnp: tests/serialization/test_ssdp.py
			want: lines("HTTP/1.1 200 OK", "cache-CONTROL: max-age=1800", "location: http://192.168.1.1:PORT/description.xml",
				"Server: igdkit/1 UPnP/1.1 igdkit-emulator/1", "st: "+gateway, "Usn: UDN::"+gateway),
			sound: ideal(),
		},
		{
			id: "ssdp-maxage-spaced",
			look: func(s *street) string {
				return s.line("CACHE-CONTROL") + ", " + s.rebooted("ssdp:alive")[0].field("CACHE-CONTROL")
			},
			want: "CACHE-CONTROL: max-age = 1800, max-age = 1800", sound: "CACHE-CONTROL: max-age=1800, max-age=1800",
		},
		{
			id: "ssdp-maxage-extreme", // announcements come again before half of it is over
			look: func(s *street) string {
				news := s.member()
				s.sleep(time.Minute)
				n := 0
				for _, d := range listen(news, time.Second) {
					if d.field("NT") == rootDevice && d.field("NTS") == "ssdp:alive" {
						n++
					}
				}
				return fmt.Sprint(s.line("CACHE-CONTROL"), ", announced again within a minute: ", n > 3)
			},
			want: "CACHE-CONTROL: max-age=30, announced again within a minute: true", sound: "CACHE-CONTROL: max-age=1800, announced again within a minute: false",
		},
		{
			id: "ssdp-no-ext-no-date", look: (*street).reply, // lbryio/aioupnp: tests/test_upnp.py
			want: lines("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "LOCATION: http://192.168.1.1:PORT/description.xml",
				"SERVER: Linux, UPnP/1.0, DIR-890L Ver 1.20", "ST: "+gateway, "USN: UDN::"+gateway),
			sound: ideal(),
		},
		{id: "ssdp-ext-with-space", look: (*street).reply, want: changed("EXT:\r\n", "EXT: \r\n"), sound: ideal()},
		{
			id: "ssdp-server-empty", look: (*street).reply, // tailscale/tailscale: net/portmapper/upnp_test.go
			want: lines("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "DATE: DATE", "EXT:", "LOCATION: http://192.168.1.1:PORT/description.xml",
				`OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01`, "01-NLS: UUID", "SERVER: ", "User-Agent: redsonic", "ST: "+gateway, "USN: UDN::"+gateway),
			sound: ideal(),
		},
		{
			id: "ssdp-server-malformed", look: (*street).reply, // tailscale/tailscale#8364
			want: changed("igdkit/1 UPnP/1.1 igdkit-emulator/1", "RouterOS/7.7UPnP/1.0 MikroTik UPnP/1.0"), sound: ideal(),
		},
		{
			id: "ssdp-request-header-in-reply", look: (*street).reply, // lbryio/aioupnp: tests/serialization/test_ssdp.py
			want: lines("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "DATE: DATE", "EXT:", "LOCATION: http://192.168.1.1:PORT/description.xml",
				`OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01`, "01-NLS: UUID",
				"SERVER: Linux/3.14.28-Prod_17.2, UPnP/1.0, Portable SDK for UPnP devices/1.6.22", "X-User-Agent: redsonic", "ST: "+gateway, "USN: UDN::"+gateway),
			sound: ideal(),
		},
		{
			id: "ssdp-request-header-in-reply",
			look: func(s *street) string {
				answer, _ := s.exchange(s.connections()[0].request("GetStatusInfo"))
				return raw{text: answer}.field("X-User-Agent")
			},
			want: "redsonic", sound: "",
		},
		{
			id: "ssdp-notify-trailing-space", // lbryio/aioupnp: tests/serialization/test_ssdp.py
			look: func(s *street) string {
				first, _, _ := strings.Cut(s.rebooted("ssdp:alive")[0].text, "\r\n")
				return first
			},
			want: "NOTIFY * HTTP/1.1 ", sound: "NOTIFY * HTTP/1.1",
		},
		{
			id:   "ssdp-byebye-no-location",
			look: func(s *street) string { return s.rebooted("ssdp:byebye")[0].names() },
			want: "HOST NT NTS USN", sound: "HOST NT NTS USN BOOTID.UPNP.ORG CONFIGID.UPNP.ORG",
		},
		{
			id: "ssdp-date-1970", look: (*street).reply, // arvidn/libtorrent: src/upnp.cpp
			want: changed("DATE: DATE", "DATE: Fri, 02 Jan 1970 08:10:38 GMT"), sound: ideal(),
		},
		{
			id: "ssdp-value-contains-st", look: (*street).reply,
			want: changed("200 OK\r\n", "200 OK\r\nUser-Agent: redsonic st:none nt:none\r\n"), sound: ideal(),
		},
	}
}

// end is how a datagram ends.
func end(text string) string {
	switch {
	case strings.HasSuffix(text, "\r\n\r\n"):
		return "two line ends"
	case strings.HasSuffix(text, "\r\n"):
		return "one line end"
	}
	return "none"
}
