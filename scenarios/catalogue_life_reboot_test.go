package scenarios_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"
)

// lifeRebootRows are about restarts, of the router or of its daemon, and what they change.
func lifeRebootRows() []row {
	const kept = "said [], listed [TCP 8080], up 120 s"
	hour := func(s *street) string { return s.aftermath(3600) }
	return []row{
		{
			id: "life-reboot-clears", look: hour,
			want: "said [ssdp:byebye ssdp:alive], listed [], up 70 s", sound: kept,
		},
		{
			id: "life-no-byebye", look: hour, than: "life-reboot-clears",
			want: "said [ssdp:alive], listed [], up 70 s", sound: "said [ssdp:byebye ssdp:alive], listed [], up 70 s",
		},
		{
			id: "life-reload-drops-all", look: hour,
			want: "said [ssdp:byebye ssdp:alive], listed [], up 120 s", sound: kept,
		},
		{
			id: "life-vanish-after-days", look: hour,
			want: "said [], listed [], up 120 s", sound: kept,
		},
		{
			id: "life-nvram-persists",
			look: func(s *street) string {
				return s.aftermath(100) + ", deleted " + s.outcome(s.connections()[0].of("DeletePortMapping", "TCP", 8080))
			},
			want:  "said [ssdp:byebye ssdp:alive], listed [TCP 8080], up 70 s, deleted 200",
			sound: "said [], listed [], up 120 s, deleted 500 714",
		},
		{
			id: "life-uptime-resets-only",
			look: func(s *street) string {
				words := func() string {
					replies := s.look(router, anything, time.Second)
					fields := maps.Clone(replies[0].fields)
					delete(fields, "Date")
					return fmt.Sprint(len(replies), fields, s.page(s.gateways[0].Location()))
				}
				before := words()
				left := s.aftermath(3600)
				_, boots := s.look(router, anything, time.Second)[0].fields["Bootid.upnp.org"]
				return fmt.Sprintf("%s, the same words: %v, a BOOTID: %v", left, words() == before, boots)
			},
			want:  "said [], listed [], up 85 s, the same words: true, a BOOTID: false",
			sound: "said [], listed [TCP 8080], up 121 s, the same words: true, a BOOTID: true",
		},
		{
			id: "life-http-port-random", // asuswrt: 43502, then 41395
			look: func(s *street) string {
				old := s.place()
				said := s.aftermath(3600)
				now := s.place()
				_, end := s.exchangeAt(old.Host, get(old.Path))
				return fmt.Sprintf("%s; another port: %v, another path: %v, the old one: %s", said, now.Port() != old.Port(), now.Path != old.Path, end)
			},
			want:  "said [ssdp:byebye ssdp:alive], listed [], up 70 s; another port: true, another path: false, the old one: refused",
			sound: kept + "; another port: false, another path: false, the old one: closed",
		},
		{
			id: "life-url-path-random", // TP-Link: /lsxbv/rootDesc.xml
			look: func(s *street) string {
				old, control := s.place(), s.connections()[0].control
				said := s.aftermath(3600)
				now := s.place()
				letters := regexp.MustCompile(`^/[a-z]{5}/`)
				alike := letters.MatchString(old.Path) && letters.MatchString(control) && old.Path[:7] == control[:7] && letters.MatchString(now.Path)
				return fmt.Sprintf("%s; letters: %v, another port: %v, another path: %v, the old ones: %s, %s", said, alike, now.Port() != old.Port(),
					now.Path != old.Path, s.outcome(get(old.Path)), s.outcome(connection{control, "urn:schemas-upnp-org:service:WANIPConnection:1"}.request("GetStatusInfo")))
			},
			want:  "said [ssdp:byebye ssdp:alive], listed [], up 70 s; letters: true, another port: false, another path: true, the old ones: 404, 404",
			sound: kept + "; letters: false, another port: false, another path: false, the old ones: 200, 200",
		},
		{
			id: "life-port-hops-4915x", // F@st 5684: :49152/7a573845/gatedesc0b.xml, then :49153/59754157/gatedesc0b.xml
			look: func(s *street) string {
				var ports, same []string
				place := regexp.MustCompile(`^192\.168\.1\.1:(4915[0-9])/[0-9a-f]{8}/gatedesc0b\.xml$`)
				for range 4 {
					u := s.place()
					found := place.FindStringSubmatch(u.Host + u.Path)
					if found == nil {
						return "elsewhere"
					}
					ports = append(ports, found[1])
					s.aftermath(3600)
					if now := s.place(); now.Path == u.Path {
						same = append(same, now.Path)
					}
				}
				return fmt.Sprint(ports, same)
			},
			want: "[49152 49153 49154 49152] []", sound: "elsewhere",
		},
		{
			id: "life-lease-file-cuts", // 127 bytes of TCP:8080:192.168.1.10:8080:1789054293:…
			look: func(s *street) string {
				c := s.connections()[0]
				long := strings.Repeat("x", 200)
				news := s.member()
				add := func(port, description string) {
					s.ok(c.request("AddPortMapping", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP", "NewInternalPort", port,
						"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", description, "NewLeaseDuration", "3600"))
				}
				add("8080", long)
				add("8081", "short")
				kinds := kindsOf(hear(s.t, news, time.Minute))
				var left []string
				for i := range 2 {
					entry := s.ok(c.at(i))
					text := entry["NewPortMappingDescription"]
					left = append(left, fmt.Sprint(len(text), " ", strings.HasPrefix(long, text) || text == "short", " ", entry["NewLeaseDuration"]))
				}
				return fmt.Sprint(kinds, " ", strings.Join(left, ", "))
			},
			want: "[ssdp:byebye ssdp:alive] 89 true 3540, 5 true 3540", sound: "[] 200 true 3540, 5 true 3540",
		},
		{
			id: "life-wan-reconnect-clears",
			look: func(s *street) string {
				c := s.connections()[0]
				s.ok(c.add("TCP", 8080, "192.168.1.10", 3600))
				s.sleep(35 * time.Second)
				during := s.status(c)
				s.sleep(25 * time.Second)
				after := fmt.Sprint(s.status(c), " ", s.listed(c))
				s.ok(c.add("TCP", 8081, "192.168.1.10", 3600)) // and once more, for another reason
				s.ok(c.request("ForceTermination"))
				s.ok(c.request("RequestConnection"))
				return fmt.Sprintf("%s; %s; again %v", during, after, s.listed(c))
			},
			want:  "Disconnected ; Connected " + external + " []; again []",
			sound: "Connected " + external + "; Connected " + external + " [TCP 8080]; again [TCP 8080 TCP 8081]",
		},
		{
			id: "life-udn-changes",
			look: func(s *street) string {
				was, old := s.tree().UDN, s.place().String()
				s.aftermath(3600)
				now := s.tree()
				usn := s.look(router, rootDevice, time.Second)[0].fields.Get("USN")
				return fmt.Sprintf("another UDN: %v, in SSDP too: %v, another place: %v", now.UDN != was, usn == now.UDN+"::"+rootDevice, s.place().String() != old)
			},
			want:  "another UDN: true, in SSDP too: true, another place: false",
			sound: "another UDN: false, in SSDP too: true, another place: false",
		},
		{
			id: "life-mode-change",
			look: func(s *street) string {
				replies := s.look(group, gateway, 5*time.Second)
				if len(replies) != 1 {
					return fmt.Sprint(len(replies), " replies")
				}
				return replies[0].fields.Get("ST") + " is " + s.tree().DeviceType
			},
			want:  gateway + " is urn:schemas-upnp-org:device:Basic:1",
			sound: gateway + " is " + gateway,
		},
	}
}
