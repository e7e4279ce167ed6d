package scenarios_test

import (
	"fmt"
	"time"
)

// lifeTrafficRows are about what passes through mapped ports.
func lifeTrafficRows() []row {
	return []row{
		{
			id: "life-firewall-reload-flushes",
			look: func(s *street) string {
				c := s.connections()[0]
				behind := s.run("8080")
				both := func() {
					for _, protocol := range []string{"TCP", "UDP"} {
						s.ok(c.add(protocol, 8080, "192.168.1.10", 3600))
					}
				}
				both()
				seen := []bool{s.tcp(behind), s.udp(behind)}
				s.sleep(time.Minute)
				seen = append(seen, s.tcp(behind), s.udp(behind))
				there := s.listed(c)
				both()
				return fmt.Sprint(append(seen, s.tcp(behind), s.udp(behind)), there)
			},
			want: "[true true false false true true] [TCP 8080 UDP 8080]", sound: "[true true true true true true] [TCP 8080 UDP 8080]",
		},
		{
			id: "life-ok-no-forward",
			look: func(s *street) string {
				c := s.connections()[0]
				behind := s.run("8080")
				passes := func() string {
					added := s.outcome(c.add("TCP", 8080, "192.168.1.10", 3600)) + " " + s.outcome(c.add("UDP", 8080, "192.168.1.10", 3600))
					return fmt.Sprintf("%s, listed %v, TCP %v, UDP %v", added, s.listed(c), s.tcp(behind), s.udp(behind))
				}
				first := passes()
				for _, protocol := range []string{"TCP", "UDP"} {
					s.ok(c.of("DeletePortMapping", protocol, 8080))
				}
				s.sleep(time.Hour)
				return first + "; again " + passes()
			},
			want:  "200 200, listed [TCP 8080 UDP 8080], TCP false, UDP false; again 200 200, listed [TCP 8080 UDP 8080], TCP false, UDP false",
			sound: "200 200, listed [TCP 8080 UDP 8080], TCP true, UDP true; again 200 200, listed [TCP 8080 UDP 8080], TCP true, UDP true",
		},
	}
}
