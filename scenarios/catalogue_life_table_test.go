package scenarios_test

import (
	"fmt"
	"strings"
	"time"
)

// lifeTableRows are about what becomes of mappings in time.
func lifeTableRows() []row {
	return []row{
		{
			id: "life-table-grows",
			look: func(s *street) string {
				c := s.connections()[0]
				seen := []string{s.outcome(c.add("TCP", 8000, "192.168.1.10", 3600)), s.outcome(c.add("TCP", 8000, "192.168.1.10", 3600))}
				for port := 8001; port < 8040; port++ { // what syncthing does every 20 minutes
					if got := s.outcome(c.add("TCP", port, "192.168.1.10", 3600)); got != "200" {
						seen = append(seen, got)
						break
					}
				}
				n := len(s.listed(c))
				s.sleep(24 * time.Hour)
				return fmt.Sprintf("%s, %d mappings, a day later %d", strings.Join(seen, ", "), n, len(s.listed(c)))
			},
			want: "200, 500 718, 500 501, 32 mappings, a day later 32", sound: "200, 200, 40 mappings, a day later 0",
		},
		{
			id: "life-lan-ip-change-stale",
			look: func(s *street) string {
				c := s.connections()[0]
				var seen []string
				for _, protocol := range []string{"TCP", "UDP"} {
					seen = append(seen, s.holder(c, protocol, 8080), s.outcome(c.add(protocol, 8080, "192.168.1.10", 3600)), s.outcome(c.of("DeletePortMapping", protocol, 8080)))
				}
				return strings.Join(append(seen, s.outcome(c.add("TCP", 8081, "192.168.1.10", 3600))), ", ")
			},
			want:  "192.168.1.199:8080, 500 718, 500 714, 192.168.1.199:8080, 500 718, 500 714, 200",
			sound: "714, 200, 200, 714, 200, 200, 200",
		},
		{
			id: "life-offline-host-kept",
			look: func(s *street) string {
				c := s.connections()[0]
				first := s.ask(c.of("GetSpecificPortMappingEntry", "TCP", 6881)).args["NewLeaseDuration"]
				s.sleep(6 * 24 * time.Hour)
				days := s.holder(c, "TCP", 6881) + " " + s.holder(c, "UDP", 6881)
				s.sleep(24 * time.Hour)
				return fmt.Sprintf("%s s of lease, after six days %s, after seven %v", first, days, s.listed(c))
			},
			want:  "604800 s of lease, after six days 192.168.1.66:6881 192.168.1.66:6881, after seven []",
			sound: " s of lease, after six days 714 714, after seven []",
		},
		{
			id: "life-expired-lease-lingers",
			look: func(s *street) string {
				c := s.connections()[0]
				behind := s.run("8080")
				s.ok(c.add("TCP", 8080, "192.168.1.10", 60))
				s.sleep(9 * time.Minute)
				there := fmt.Sprint(s.listed(c), s.tcp(behind))
				s.sleep(time.Minute + time.Second)
				return fmt.Sprintf("after nine minutes %s, after ten %v", there, s.listed(c))
			},
			want: "after nine minutes [TCP 8080] true, after ten []", sound: "after nine minutes [] false, after ten []",
		},
		{
			id: "life-degrades",
			look: func(s *street) string {
				c := s.connections()[0]
				call := func() string { return s.outcome(c.request("GetStatusInfo")) }
				n := 0
				for ; n < 300 && call() == "200"; n++ {
				}
				s.sleep(24 * time.Hour)
				later := call() + ", " + s.outcome(c.add("TCP", 8080, "192.168.1.10", 0))
				s.reboot()
				return fmt.Sprintf("%d go well, a day later %s, after a restart %s", n, later, call())
			},
			want: "100 go well, a day later 500 501, 500 501, after a restart 200", sound: "300 go well, a day later 200, 200, after a restart 200",
		},
		{
			id: "life-many-mappings-kill",
			look: func(s *street) string {
				c := s.connections()[0]
				counts, last := map[string]int{}, ""
				for port := 8000; port < 8400 && last != "silence"; port++ {
					last = s.outcome(c.add("TCP", port, "192.168.1.10", 0))
					counts[last]++
				}
				there := len(s.gateways[0].Mappings())
				_, end := s.exchange(get(s.place().Path))
				alive := len(s.look(router, rootDevice, time.Second))
				s.reboot()
				return fmt.Sprintf("%v, %d mappings, the description: %s, replies to a search: %d, after a restart %s",
					counts, there, end, alive, s.outcome(c.request("GetStatusInfo")))
			},
			want:  "map[200:256 500 501:55 silence:1], 256 mappings, the description: silence, replies to a search: 1, after a restart 200",
			sound: "map[200:400], 400 mappings, the description: closed, replies to a search: 1, after a restart 200",
		},
	}
}

// holder is the client of a mapping with its port, or the error that there is instead.
func (s *street) holder(c connection, protocol string, port int) string {
	s.t.Helper()
	a := s.ask(c.of("GetSpecificPortMappingEntry", protocol, port))
	if code, ok := a.args["errorCode"]; ok {
		return code
	}
	return a.args["NewInternalClient"] + ":" + a.args["NewInternalPort"]
}
