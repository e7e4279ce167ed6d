package scenarios_test

import "fmt"

// addPortRows are about which ports can be had.
func addPortRows() []row {
	// reserved asks for a port, and for the next.
	reserved := func(s *street) string {
		c := s.connections()[0]
		return fmt.Sprint(s.tell(c.want(), c.want(port("8081")...)), ", ", s.entry(c, 8080))
	}
	// low asks for ports below 1024, outside and inside.
	low := func(s *street) string {
		c := s.connections()[0]
		return s.tell(c.want(port("80")...), c.want("NewExternalPort", "1023"), c.want("NewInternalPort", "80"), c.want(port("1024")...))
	}
	return []row{
		{
			id: "add-729", look: reserved,
			want: "729 ConflictWithOtherMechanisms, ok, 714", sound: "ok, ok, 192.168.1.10:8080 for 3600",
		},
		{
			id: "{profile: igd1, quirks: [add-729]}", look: reserved,
			want: "718 ConflictInMappingEntry, ok, 714", sound: "ok, ok, 192.168.1.10:8080 for 3600",
		},
		{
			id: "add-716-port-zero", // upnpsoap.c
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewExternalPort", "0"), c.want("NewExternalPort", "*"), c.want())
			},
			want:  "716 WildCardNotPermittedInExtPort, 716 WildCardNotPermittedInExtPort, ok",
			sound: "716 WildCardNotPermittedInExtPort, 402 Invalid Args, ok",
		},
		{
			id: "add-port-zero-opens-all",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:8080", "web")
				s.greet(s.pc, "192.168.1.10:22", "ssh")
				s.greet(s.pc, "192.168.1.10:9000", "not to be seen")
				s.greet(s.nas, "192.168.1.11:9000", "nas")
				nas := s.tells(s.nas, c.want(append(port("9000"), "NewInternalClient", "192.168.1.11")...))
				all := s.tell(c.want("NewExternalPort", "0"))
				return fmt.Sprintln(nas, all, s.reached(8080), s.reached(22), s.reached(9000), s.reached(4711))
			},
			want:  "ok ok web ssh nas nobody\n",
			sound: "ok 716 WildCardNotPermittedInExtPort nobody nobody nas nobody\n",
		},
		{
			id: "add-low-port-refused", look: low,
			want: "718 ConflictInMappingEntry, 718 ConflictInMappingEntry, 718 ConflictInMappingEntry, ok", sound: "ok, ok, ok, ok",
		},
		{
			id: "{profile: igd2, quirks: [add-low-port-refused]}", look: low, than: "{profile: igd2, policy: {ports: {lowest: 1}}}",
			want: "606 Action not authorized, 606 Action not authorized, 606 Action not authorized, ok", sound: "ok, ok, ok, ok",
		},
		{
			id: "add-724-same-port",
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewInternalPort", "80"), c.want("NewExternalPort", "8081"), c.want())
			},
			want: "724 SamePortValuesRequired, 724 SamePortValuesRequired, ok", sound: "ok, ok, ok",
		},
		{
			id: "add-726-727-strict",
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewRemoteHost", "198.51.100.20"), c.want(), c.want("NewRemoteHost", "0.0.0.0"))
			},
			want: "726 RemoteHostOnlySupportsWildcard, ok, ok", sound: "ok, ok, ok",
		},
		{
			id: "add-726-727-strict: {named: 0}", look: reserved,
			want:  "727 ExternalPortOnlySupportsWildcard, 727 ExternalPortOnlySupportsWildcard, 714",
			sound: "ok, ok, 192.168.1.10:8080 for 3600",
		},
	}
}
