package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
)

// addArgumentRows are about how the other arguments of an add must be, and what is kept of them.
func addArgumentRows() []row {
	// remote leaves out NewRemoteHost, and another argument.
	remote := func(s *street) string {
		c := s.connections()[0]
		return s.tell(c.want("NewRemoteHost", "-"), c.want("NewLeaseDuration", "-"), c.want())
	}
	// described adds descriptions of some lengths, and tells how long they are when read in either way.
	described := func(s *street) string {
		c := s.connections()[0]
		var seen []string
		for _, n := range []int{63, 64, 256, 257} {
			told := s.tell(c.want("NewPortMappingDescription", strings.Repeat("x", n)))
			if told == "ok" {
				one, other := s.ask(c.of("GetSpecificPortMappingEntry", "TCP", 8080)), s.ask(c.at(0))
				told = fmt.Sprint(len(one.args["NewPortMappingDescription"]), "/", len(other.args["NewPortMappingDescription"]))
				s.ok(c.of("DeletePortMapping", "TCP", 8080))
			}
			seen = append(seen, told)
		}
		return strings.Join(seen, ", ")
	}
	const whole = "63/63, 64/64, 256/256, 257/257"
	// both maps one port for TCP and UDP, and tells what there is.
	both := func(s *street) string {
		c := s.connections()[0]
		seen := s.tell(c.want(), c.want("NewProtocol", "UDP"), c.want("NewProtocol", "UDP"))
		listed := s.listed(c)
		slices.Sort(listed)
		return seen + ": " + strings.Join(listed, ", ")
	}
	return []row{
		{
			id: "add-remotehost-required", look: remote, // the text as captured, mkg20001/nat-puncher#5
			want: "402 No RemoteHost, 402 Invalid Args, ok", sound: "402 Invalid Args, 402 Invalid Args, ok",
		},
		{
			id: "{profile: igd1, policy: {arguments: {missing: accepted}}, quirks: [add-remotehost-required]}", look: remote,
			than: "{profile: igd1, policy: {arguments: {missing: accepted}}}",
			want: "402 No RemoteHost, ok, ok", sound: "ok, ok, ok",
		},
		{
			id: "{profile: igd1, policy: {arguments: {missing: accepted}}, quirks: [add-description-required]}",
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewPortMappingDescription", ""), c.want("NewPortMappingDescription", "-"), c.want("NewPortMappingDescription", "x"))
			},
			than: "{profile: igd1, policy: {arguments: {missing: accepted}}}",
			want: "402 Invalid Args, 402 Invalid Args, ok", sound: "ok, ok, ok",
		},
		{
			id: "add-description-required",
			look: func(s *street) string {
				return s.outcome(s.connections()[0].want("NewPortMappingDescription", ""))
			},
			want: "500 402", sound: "200",
		},
		{id: "add-description-limit", look: described, want: "63/63, 63/63, 63/63, 63/63", sound: whole},
		{
			id: "add-description-limit: {limit: 256, beyond: 501, shown: 64}", look: described, // nftables
			want: "63/63, 64/64, 64/64, 501 Action Failed", sound: whole,
		},
		{id: "add-description-unique", look: both, want: "ok, ok, ok: UDP 8080", sound: "ok, ok, ok: TCP 8080, UDP 8080"},
		{
			id: "add-description-unique: {taken: 718}", look: both,
			want: "ok, 718 ConflictInMappingEntry, 718 ConflictInMappingEntry: TCP 8080", sound: "ok, ok, ok: TCP 8080, UDP 8080",
		},
		{
			id: "add-no-dual-proto", look: both,
			want: "ok, 718 ConflictInMappingEntry, 718 ConflictInMappingEntry: TCP 8080", sound: "ok, ok, ok: TCP 8080, UDP 8080",
		},
		{
			id: "add-no-dual-proto", // the other way round
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewProtocol", "UDP"), c.want(), c.want(port("8081")...))
			},
			want: "ok, 718 ConflictInMappingEntry, ok", sound: "ok, ok, ok",
		},
		{
			id: "add-lowercase-proto", than: "{profile: igd1, policy: {arguments: {any-case: true}}}",
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewProtocol", "tcp"), c.want("NewProtocol", "udp"), c.want("NewProtocol", "TCP"))
			},
			want: "402 Invalid Args, 402 Invalid Args, ok", sound: "ok, ok, ok",
		},
		{
			id: "add-enabled-ignored",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:8080", "pc")
				s.ok(c.want("NewEnabled", "0"))
				one, other := s.ok(c.of("GetSpecificPortMappingEntry", "TCP", 8080)), s.ok(c.at(0))
				return one["NewEnabled"] + other["NewEnabled"] + " " + s.reached(8080)
			},
			want: "11 pc", sound: "00 nobody",
		},
		{
			id: "add-client-empty-ok",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.nas, "192.168.1.11:8080", "nas")
				return s.tells(s.nas, c.want("NewInternalClient", "")) + ", " + s.entry(c, 8080) + ", " + s.reached(8080)
			},
			want: "ok, 192.168.1.11:8080 for 3600, nas", sound: "402 Invalid Args, 714, nobody",
		},
		{
			id: "add-client-hostname-ok",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:8080", "pc")
				named := s.tell(c.want("NewInternalClient", "pc.lan")) + ", " + s.entry(c, 8080) + ", " + s.reached(8080)
				return named + "; " + s.tell(c.want("NewInternalClient", "printer.lan"))
			},
			want:  "ok, 192.168.1.10:8080 for 3600, pc; 402 Invalid Args",
			sound: "402 Invalid Args, 714, nobody; 402 Invalid Args",
		},
		{
			id: "add-args-out-of-scope-402",
			look: func(s *street) string {
				c := s.connections()[0]
				public, other := c.want("NewInternalClient", external), c.want("NewInternalClient", "192.168.2.10")
				return s.tell(public, other, c.want("NewInternalClient", "192.168.1.11"))
			},
			want:  "402 Invalid Args, 402 Invalid Args, ok",
			sound: "718 ConflictInMappingEntry, 718 ConflictInMappingEntry, 718 ConflictInMappingEntry",
		},
		{
			id: "add-600", // kbr/fritzconnection#245
			look: func(s *street) string {
				c := s.connections()[0]
				return s.tell(c.want("NewInternalClient", "diskstation"), c.want("NewProtocol", "IP"), c.want("NewInternalPort", "0"), c.want())
			},
			want:  "600 Argument Value Invalid, 600 Argument Value Invalid, 600 Argument Value Invalid, ok",
			sound: "402 Invalid Args, 402 Invalid Args, 402 Invalid Args, ok",
		},
	}
}
