package scenarios_test

import (
	"fmt"
	"time"
)

// addTableRows are about what fits into a table and what is really in it.
func addTableRows() []row {
	// full asks for one more, and for it once more when there is room.
	full := func(s *street) string {
		c := s.connections()[0]
		one := s.tell(c.want(), c.want("NewLeaseDuration", "0"))
		return fmt.Sprint(one, "; ", len(s.listed(c)), " listed")
	}
	// many adds mappings and counts those that are there.
	many := func(n int) func(s *street) string {
		return func(s *street) string {
			c := s.connections()[0]
			added := 0
			for i := range n {
				if s.tell(c.want(port(fmt.Sprint(8001+i))...)) == "ok" {
					added++
				}
			}
			renewed := s.tell(c.want(port("8001")...))
			return fmt.Sprint(added, " added, ", len(s.listed(c)), " listed, the last ", s.entry(c, 8000+n), ", the first renewed: ", renewed)
		}
	}
	// seen is what a mapping looks like from all sides.
	seen := func(s *street) string {
		c := s.connections()[0]
		s.greet(s.pc, "192.168.1.10:8080", "pc")
		s.greet(s.nas, "192.168.1.11:8080", "nas")
		added := s.tell(c.want())
		return fmt.Sprint(added, "; ", s.entry(c, 8080), "; ", len(s.listed(c)), " listed; reached ", s.reached(8080))
	}
	const sound = "ok; 192.168.1.10:8080 for 3600; 1 listed; reached pc"
	return []row{
		{id: "add-table-full-402", look: full, want: "402 Invalid Args, 402 Invalid Args; 4 listed", sound: "ok, ok; 1 listed"},
		{id: "add-table-full-402: {entries: 5}", look: full, want: "ok, ok; 5 listed", sound: "ok, ok; 1 listed"},
		{
			id: "add-table-full-402", // whose own entries can be renewed
			look: func(s *street) string {
				c := s.connections()[0]
				nas := func(n string) string { return c.want(append(port(n), "NewInternalClient", "192.168.1.11")...) }
				renewed := s.tells(s.nas, nas("6881"))
				deleted := s.tells(s.nas, c.of("DeletePortMapping", "TCP", 6881))
				return fmt.Sprintln(renewed, deleted, s.tell(c.want(), c.want(port("8081")...)))
			},
			want: "ok ok ok, 402 Invalid Args\n", sound: "ok ok ok, ok\n",
		},
		{
			id: "add-table-full-501", look: full, // the text as captured, libp2p/go-libp2p#3057
			want:  "501 Port mapping table id full !, 501 Port mapping table id full !; 4 listed",
			sound: "ok, ok; 1 listed",
		},
		{
			id: "add-table-full-silent-32", look: many(34),
			want:  "34 added, 32 listed, the last 714, the first renewed: ok",
			sound: "34 added, 34 listed, the last 192.168.1.10:8034 for 3600, the first renewed: ok",
		},
		{
			id: "add-table-full-silent-160", look: many(162),
			want:  "162 added, 160 listed, the last 714, the first renewed: ok",
			sound: "162 added, 162 listed, the last 192.168.1.10:8162 for 3600, the first renewed: ok",
		},
		{
			id: "add-table-full-728",
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.wantAny(), c.wantAny("NewProtocol", "UDP"), c.wantAny(port("9000")...))
			},
			want:  "728 NoPortMapsAvailable, 728 NoPortMapsAvailable, 728 NoPortMapsAvailable",
			sound: "ok 8080, ok 8080, ok 9000",
		},
		{id: "add-ok-not-listed", look: seen, want: "ok; 192.168.1.10:8080 for 3600; 0 listed; reached pc", sound: sound},
		{id: "add-ok-no-conflict-check", look: seen, want: "ok; 192.168.1.10:8080 for 3600; 1 listed; reached nas", sound: sound},
		{id: "add-duplicates-per-client", look: seen, want: "ok; 192.168.1.10:8080 for 3600; 3 listed; reached nas", sound: sound},
		{
			id: "add-duplicates-per-client", // and when the first goes, it is the other's turn
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:9000", "pc")
				s.greet(s.nas, "192.168.1.11:9000", "nas")
				pc := s.tell(c.want(port("9000")...))
				nas := s.tells(s.nas, c.want(append(port("9000"), "NewInternalClient", "192.168.1.11")...))
				first := s.reached(9000)
				s.ok(c.of("DeletePortMapping", "TCP", 9000))
				return fmt.Sprintln(pc, nas, first, s.reached(9000))
			},
			want: "ok ok pc nas\n", sound: "ok 718 ConflictInMappingEntry pc nobody\n",
		},
		{
			id: "add-other-host-ignored", than: "{profile: igd1, policy: {clients: {accept: lan}}}",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.nas, "192.168.1.11:9000", "nas")
				nas := s.tell(c.want(append(port("9000"), "NewInternalClient", "192.168.1.11")...))
				nas = fmt.Sprint(nas, "; ", s.entry(c, 9000), "; reached ", s.reached(9000))
				return nas + "; own: " + seen(s)
			},
			want:  "ok; 714; reached nobody; own: " + sound,
			sound: "ok; 192.168.1.11:9000 for 3600; reached nas; own: ok; 192.168.1.10:8080 for 3600; 2 listed; reached pc",
		},
		{id: "add-leased-not-listed", look: seen, want: "ok; 714; 0 listed; reached pc", sound: sound},
		{
			id: "add-leased-not-listed", // permanent ones are
			look: func(s *street) string {
				c := s.connections()[0]
				s.tell(c.want(), c.want(append(port("8081"), "NewLeaseDuration", "0")...))
				return fmt.Sprint(s.listed(c), " ", s.entry(c, 8081))
			},
			want: "[TCP 8081] 192.168.1.10:8081 for 0", sound: "[TCP 8080 TCP 8081] 192.168.1.10:8081 for 0",
		},
		{
			id: "add-vanishes-in-seconds",
			look: func(s *street) string {
				c := s.connections()[0]
				first := seen(s)
				s.sleep(2 * time.Second)
				soon := s.entry(c, 8080)
				s.sleep(7 * time.Second)
				return fmt.Sprint(first, "; ", soon, "; ", s.entry(c, 8080), "; ", len(s.listed(c)), " listed; reached ", s.reached(8080))
			},
			want:  sound + "; 192.168.1.10:8080 for 3598; 714; 0 listed; reached nobody",
			sound: sound + "; 192.168.1.10:8080 for 3598; 192.168.1.10:8080 for 3591; 1 listed; reached pc",
		},
	}
}
