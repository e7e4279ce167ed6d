package scenarios_test

import (
	"fmt"
	"slices"
	"time"
)

func queryRows() []row {
	return slices.Concat(listRows(), entryRows(), deleteRows(), statusRows(), counterRows())
}

// entryRows are about GetSpecificPortMappingEntry.
func entryRows() []row {
	missing := func(s *street) string {
		c := s.connections()[0]
		entry := c.of("GetSpecificPortMappingEntry", "TCP", 8080)
		return s.asked(entry, c.add("TCP", 8080, "192.168.1.10", 0), entry)
	}
	lease := func(s *street) string {
		c := s.connections()[0]
		entry := c.of("GetSpecificPortMappingEntry", "TCP", 8080)
		s.ok(c.add("TCP", 8080, "192.168.1.10", 3600))
		first := s.answers(entry, "NewLeaseDuration")
		s.sleep(10 * time.Second)
		return first + " " + s.answers(entry, "NewLeaseDuration") + " " + s.answers(c.at(0), "NewLeaseDuration")
	}
	const soundly = "500 714 NoSuchEntryInArray, 200, 200"
	return []row{
		{id: "getspecific-402", look: missing, want: "500 402 Invalid Argument, 200, 200", sound: soundly},
		{id: "getspecific-501", look: missing, want: "500 501 PAL_UPNP_SOAP_E_ACTION_FAILED, 200, 200", sound: soundly}, // lontivero/Open.NAT#28
		{id: "getspecific-713", look: missing, want: "500 713 SpecifiedArrayIndexInvalid, 200, 200", sound: soundly},
		{
			id: "getspecific-714-after-add",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				entry := c.of("GetSpecificPortMappingEntry", "TCP", 8080)
				at := func(d time.Duration) string { s.sleep(d); return s.result(entry) }
				return fmt.Sprint(at(0), ", ", at(5*time.Second-time.Millisecond), ", ", len(s.listed(c)), " listed, ", s.through(8080), ", ", at(time.Millisecond))
			},
			want:  "500 714 NoSuchEntryInArray, 500 714 NoSuchEntryInArray, 1 listed, open, 200",
			sound: "200, 200, 1 listed, open, 200",
		},
		{id: "getspecific-lease-counts", look: lease, want: "3600 3590 3590", sound: "3600 3600 3600", than: "getspecific-total-lease"},
		{id: "getspecific-lease-counts: {shows: zero}", look: lease, want: "0 0 0", sound: "3600 3590 3590"},
		{id: "getspecific-total-lease", look: lease, want: "3600 3600 3600", sound: "3600 3590 3590"},
	}
}

func deleteRows() []row {
	foreign := func(s *street) string {
		c := s.connections()[0]
		s.map1(c, 8080)
		return s.resultFor(s.nas, c.of("DeletePortMapping", "TCP", 8080)) + ", " + s.found(8080)
	}
	own := func(s *street) string {
		c := s.connections()[0]
		s.map1(c, 8080)
		return s.result(c.of("DeletePortMapping", "TCP", 8080)) + ", " + s.found(8080) + ", " + s.through(8080)
	}
	missing := func(s *street) string { return s.result(s.connections()[0].of("DeletePortMapping", "TCP", 8080)) }
	return []row{
		{id: "delete-714", look: missing, want: "500 714 NoSuchEntryInArray", sound: "500 402 Invalid Args", than: "delete-402"},
		// upnpsoap.c of miniupnpd: IGD_V2 decides which of the two.
		{id: "delete-foreign-714-606", look: foreign, want: "500 606 Action not authorized, there", sound: "200, gone", than: "delete-anyone"},
		{id: "delete-foreign-714-606: {}", look: foreign, want: "500 714 NoSuchEntryInArray, there", sound: "200, gone", than: "delete-anyone"},
		{id: "delete-anyone", look: foreign, want: "200, gone", sound: "500 714 NoSuchEntryInArray, there"},
		{
			id: "delete-slow",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				begin := time.Now()
				said := s.result(c.of("DeletePortMapping", "TCP", 8080))
				return fmt.Sprint(said, " after ", time.Since(begin), ", ", s.found(8080))
			},
			want: "200 after 5s, gone", sound: "200 after 0s, gone",
		},
		{
			id: "delete-ok-remains", // miniupnp/miniupnp#628: 200, and one more row for each time
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				said := s.result(c.of("DeletePortMapping", "TCP", 8080))
				left, open := len(s.listed(c)), s.through(8080)
				s.map1(c, 8080)
				return fmt.Sprint(said, ", left ", left, " ", open, ", added ", len(s.listed(c)), " ", s.through(8080))
			},
			want: "200, left 1 open, added 2 open", sound: "200, left 0 shut, added 1 open",
		},
		{
			id: "delete-714-own-fresh", // lontivero/Open.NAT#55
			look: func(s *street) string {
				said := own(s)
				s.sleep(time.Minute)
				return said + "; " + s.result(s.connections()[0].of("DeletePortMapping", "TCP", 8080)) + ", " + s.found(8080)
			},
			want: "500 714 NoSuchEntryInArray, there, open; 200, gone", sound: "200, gone, shut; 500 714 NoSuchEntryInArray, gone",
		},
		{id: "delete-402", look: own, want: "500 402 Invalid Args, there, open", sound: "200, gone, shut"}, // lontivero/Open.NAT#61
	}
}
