package scenarios_test

import (
	"fmt"
	"time"
)

// addConflictRows are about a port that somebody has, or is said to have.
func addConflictRows() []row {
	// taken asks for a port that the nas may have, reads it, tries it, and asks for another.
	taken := func(s *street) string {
		c := s.connections()[0]
		s.greet(s.pc, "192.168.1.10:8080", "pc")
		s.greet(s.nas, "192.168.1.11:8080", "nas")
		before := s.entry(c, 8080)
		added := s.tell(c.want())
		return fmt.Sprint(before, "; ", added, "; ", len(s.listed(c)), " listed, reached ", s.reached(8080), "; ", s.tell(c.want(port("8081")...)))
	}
	const free = "714; ok; 1 listed, reached pc; ok"
	// renewed is what comes of adding twice.
	renewed := func(s *street) string {
		c := s.connections()[0]
		s.greet(s.pc, "192.168.1.10:8080", "pc")
		remove := c.of("DeletePortMapping", "TCP", 8080)
		twice := s.tell(c.want(), c.want("NewLeaseDuration", "7200")) + ": " + s.entry(c, 8080) + " " + s.reached(8080)
		return twice + "; deleted: " + s.tell(remove, c.want()) + ", another: " + s.tell(c.want(port("9000")...))
	}
	const renews = "ok, ok: 192.168.1.10:8080 for 7200 pc; deleted: ok, ok, another: ok"
	// foreign asks for a mapping to the nas, and for one of its own.
	foreign := func(s *street) string {
		c := s.connections()[0]
		s.greet(s.nas, "192.168.1.11:8080", "nas")
		nas := s.tell(c.want("NewInternalClient", "192.168.1.11"))
		return nas + " " + s.reached(8080) + ", own: " + s.tell(c.want(port("9000")...))
	}
	const trusting = "{profile: igd1, policy: {clients: {accept: lan}}}"
	// anything tries this and that.
	anything := func(s *street) string {
		c := s.connections()[0]
		tried := s.tell(c.want(), c.want("NewLeaseDuration", "0"), c.want(port("50123")...), c.want("NewProtocol", "UDP"))
		return fmt.Sprint(tried, "; ", len(s.listed(c)), " listed")
	}
	return []row{
		{
			id: "add-718-other-client", look: taken,
			want: "192.168.1.11:8080 for 0; 718 ConflictInMappingEntry; 2 listed, reached nas; ok", sound: free,
		},
		{
			id: "add-718-own-renewal", look: renewed,
			want:  "ok, 718 ConflictInMappingEntry: 192.168.1.10:8080 for 3600 pc; deleted: ok, ok, another: ok",
			sound: renews,
		},
		{
			id: "add-needs-delete-first", look: renewed,
			want:  "ok, 501 Action Failed: 192.168.1.10:8080 for 3600 pc; deleted: ok, ok, another: ok",
			sound: renews,
		},
		{
			id: "add-delete-first-harmful", look: renewed, // in place it renews
			want:  "ok, ok: 192.168.1.10:8080 for 7200 pc; deleted: ok, 718 ConflictInMappingEntry, another: ok",
			sound: renews,
		},
		{
			id: "add-delete-first-harmful", // for good
			look: func(s *street) string {
				c := s.connections()[0]
				s.tell(c.want(), c.of("DeletePortMapping", "TCP", 8080))
				s.sleep(7 * 24 * time.Hour)
				return s.tell(c.want())
			},
			want: "718 ConflictInMappingEntry", sound: "ok",
		},
		{
			id: "add-718-static-forward", look: taken,
			want: "714; 718 ConflictInMappingEntry; 0 listed, reached nas; ok", sound: free,
		},
		{
			id: "add-718-ghost", look: taken,
			want: "714; 718 ConflictInMappingEntry; 0 listed, reached nobody; ok", sound: free,
		},
		{
			id: "add-718-secure-mode", look: foreign, than: trusting,
			want: "718 ConflictInMappingEntry nobody, own: ok", sound: "ok nas, own: ok",
		},
		{
			id: "add-606-secure-mode", look: foreign, than: trusting,
			want: "606 Action not authorized nobody, own: ok", sound: "ok nas, own: ok",
		},
		{
			id: "add-606-permission", look: anything, // the text as captured, lontivero/Open.NAT#80
			want:  "606 Unknown Error Code, 606 Unknown Error Code, 606 Unknown Error Code, 606 Unknown Error Code; 0 listed",
			sound: "ok, ok, ok, ok; 3 listed",
		},
		{
			id: "{profile: igd2, quirks: [add-606-permission]}", than: "igd2",
			look: func(s *street) string { return s.tell(s.connections()[0].wantAny()) },
			want: "606 Unknown Error Code", sound: "ok 8080",
		},
		{
			id: "add-501-for-conflict", look: taken,
			want: "192.168.1.11:8080 for 0; 501 Action Failed; 2 listed, reached nas; ok", sound: free,
		},
		{
			id: "add-501-generic", look: anything,
			want:  "501 Action Failed, 501 Action Failed, 501 Action Failed, 501 Action Failed; 0 listed",
			sound: "ok, ok, ok, ok; 3 listed",
		},
		{
			id: "add-501-private-wan",
			look: func(s *street) string {
				c := s.connections()[0]
				a := s.ok(c.request("GetExternalIPAddress"))
				return fmt.Sprintf("%q, %s", a["NewExternalIPAddress"], s.tell(c.want()))
			},
			want: `"", 501 Action Failed`, sound: `"45.66.77.88", ok`,
		},
	}
}
