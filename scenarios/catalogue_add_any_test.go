package scenarios_test

import (
	"fmt"
	"strconv"
	"strings"
)

// addAnyRows are about the port that AddAnyPortMapping grants, and where a mapping leads.
func addAnyRows() []row {
	// unsupported calls the action, and the older one.
	unsupported := func(s *street) string {
		c := s.connections()[0]
		return s.outcome(c.wantAny()) + ", " + s.outcome(c.want())
	}
	// again calls it three times for the same.
	again := func(s *street) string {
		c := s.connections()[0]
		return fmt.Sprint(s.tell(c.wantAny(), c.wantAny(), c.wantAny()), "; ", len(s.listed(c)), " listed")
	}
	// ranges asks for ports of a shared address, inside and outside, and for any.
	ranges := func(s *street) string {
		c := s.connections()[0]
		return s.tell(c.want(), c.want(port("5488")...), c.want(port("62831")...), c.wantAny(port("8081")...), c.wantAny(port("65535")...))
	}
	return []row{
		{id: "addany-unsupported", look: unsupported, want: "500 401, 200", sound: "200, 200"},
		{
			id:   "{profile: igd2, quirks: [{addany-unsupported: {answer: {close: rst}}}]}", // Ubee EVW32C-0S
			look: unsupported, than: "igd2", want: "reset, 200", sound: "200, 200",
		},
		{
			id: "addany-other-port",
			look: func(s *street) string {
				c := s.connections()[0]
				s.tells(s.nas, c.want("NewInternalClient", "192.168.1.11"))
				var granted []string
				for i := range 5 {
					text := strings.TrimPrefix(s.tell(c.wantAny("NewInternalPort", fmt.Sprint(9000+i))), "ok ")
					n, err := strconv.Atoi(text)
					if err != nil || n < 8075 || n > 8085 {
						text = "far"
					}
					granted = append(granted, text)
				}
				return strings.Join(granted, " ")
			},
			want: "8081 8079 8082 8078 8083", sound: "far far far far far", // by chance
		},
		{id: "addany-port-piles-up", look: again, want: "ok 8080, ok 8081, ok 8079; 3 listed", sound: "ok 8080, ok 8080, ok 8080; 1 listed"},
		{
			id: "addany-port-piles-up", // what it is renewed by instead
			look: func(s *street) string {
				c := s.connections()[0]
				return fmt.Sprint(s.tell(c.wantAny(), c.want(), c.want(), c.wantAny()), "; ", len(s.listed(c)), " listed")
			},
			want: "ok 8080, ok, ok, ok 8081; 2 listed", sound: "ok 8080, ok, ok, ok 8080; 1 listed",
		},
		{
			id: "add-port-ranges-shared-ip", look: ranges,
			want:  "606 Action not authorized, 606 Action not authorized, ok, ok 9568, ok 62830",
			sound: "ok, ok, ok, ok 8081, ok 65535",
		},
		{
			id: "{profile: igd2, quirks: [{add-port-ranges-shared-ip: {ports: 8193-65535}}]}", look: ranges, than: "igd2", // Iliad
			want:  "606 Action not authorized, 606 Action not authorized, ok, ok 8193, ok 65535",
			sound: "ok, ok, ok, ok 8081, ok 65535",
		},
		{
			id: "add-internal-port-forced",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:41641", "tailscaled")
				s.greet(s.pc, "192.168.1.10:9000", "another")
				s.greet(s.pc, "192.168.1.10:9001", "a third")
				ask := []string{"NewExternalPort", "9000", "NewInternalPort", "41641"}
				any := s.tell(c.wantAny(ask...)) + ", " + s.entry(c, 9000) + ", " + s.reached(9000)
				ask[1] = "9001"
				one := s.tell(c.want(ask...)) + ", " + s.entry(c, 9001) + ", " + s.reached(9001)
				return any + "; " + one + "; " + s.tell(c.want(port("41641")...)) + ", " + s.reached(41641)
			},
			want:  "ok 9000, 192.168.1.10:9000 for 3600, another; ok, 192.168.1.10:9001 for 3600, a third; ok, tailscaled",
			sound: "ok 9000, 192.168.1.10:41641 for 3600, tailscaled; ok, 192.168.1.10:41641 for 3600, tailscaled; ok, tailscaled",
		},
	}
}
