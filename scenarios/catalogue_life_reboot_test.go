package scenarios_test

import (
	"fmt"
	"maps"
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
