package scenarios_test

import (
	"fmt"
	"strings"
	"time"
)

// addLeaseRows are about how long a mapping lives.
func addLeaseRows() []row {
	const permanent = "NewLeaseDuration"
	// thenPermanent asks for an hour, and for ever after that.
	thenPermanent := func(s *street) string {
		c := s.connections()[0]
		return s.tell(c.want(), c.want(permanent, "0")) + ", " + s.entry(c, 8080)
	}
	// readBack is what is there after an add for an hour and one for ever.
	readBack := func(s *street) string {
		c := s.connections()[0]
		s.greet(s.pc, "192.168.1.10:8080", "pc")
		leased := s.tell(c.want())
		s.sleep(3 * time.Second)
		leased += " " + s.entry(c, 8080) + " " + s.reached(8080)
		s.tell(c.of("DeletePortMapping", "TCP", 8080)) // 714 where there is none
		forever := s.tell(c.want(permanent, "0"))
		s.sleep(3 * time.Second)
		return leased + ", " + forever + " " + s.entry(c, 8080) + " " + s.reached(8080)
	}
	const sound = "ok 192.168.1.10:8080 for 3597 pc, ok 192.168.1.10:8080 for 0 pc"
	return []row{
		{
			id: "add-lease-725", look: thenPermanent,
			want:  "725 OnlyPermanentLeasesSupported, ok, 192.168.1.10:8080 for 0",
			sound: "ok, ok, 192.168.1.10:8080 for 0",
		},
		{
			id: "add-lease-402", look: thenPermanent,
			want:  "402 Invalid Args, ok, 192.168.1.10:8080 for 0", // the text as captured
			sound: "ok, ok, 192.168.1.10:8080 for 0",
		},
		{
			id: "add-lease-silent-fail", look: readBack,
			want: "ok 714 nobody, ok 192.168.1.10:8080 for 0 pc", sound: sound,
		},
		{
			id: "{profile: igd2, quirks: [add-lease-silent-fail]}", look: readBack, than: "{profile: igd2, policy: {leases: {zero: permanent}}}",
			want: "ok 714 nobody, ok 192.168.1.10:8080 for 0 pc", sound: sound,
		},
		{
			id: "add-lease-0-is-week", look: weeks, than: "igd1",
			want:  "ok 604800, 601200 an hour later, ok 604800, nobody a week later",
			sound: "ok 0, 0 an hour later, ok 1000000, pc a week later",
		},
		{
			id: "add-lease-0-is-week", look: weeks, // IGD:2 has the week for 0, and refuses more
			want:  "ok 604800, 601200 an hour later, ok 604800, nobody a week later",
			sound: "ok 604800, 601200 an hour later, 601 Argument Value Out of Range 601200, nobody a week later",
		},
		{
			id: "add-lease-ignored",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:8080", "pc")
				s.ok(c.want())
				s.sleep(time.Hour - time.Minute)
				seen := s.entry(c, 8080) + " " + s.reached(8080)
				s.sleep(72 * time.Hour)
				seen += ", " + s.entry(c, 8080) + " " + s.reached(8080)
				return seen + ", " + s.tell(c.of("DeletePortMapping", "TCP", 8080)) + " " + s.reached(8080)
			},
			want:  "192.168.1.10:8080 for 60 pc, 192.168.1.10:8080 for 0 pc, ok nobody",
			sound: "192.168.1.10:8080 for 60 pc, 714 nobody, 714 NoSuchEntryInArray nobody",
		},
		{
			id: "add-lease-instant-expiry", look: readBack,
			want: "ok 714 nobody, ok 192.168.1.10:8080 for 0 pc", sound: sound,
		},
		{
			id: "add-lease-instant-expiry: {lives: 10s}", look: readBack, // and is seen to be short
			want: "ok 192.168.1.10:8080 for 7 pc, ok 192.168.1.10:8080 for 0 pc", sound: sound,
		},
		{
			id: "add-lease-24h",
			look: func(s *street) string {
				c := s.connections()[0]
				for i, at := range []string{"8080", "8081", "8082"} {
					s.greet(s.pc, "192.168.1.10:"+at, at)
					s.ok(c.want(append(port(at), permanent, []string{"0", "604800", "172800"}[i])...))
				}
				s.sleep(24*time.Hour - time.Second)
				seen := fmt.Sprintln(len(s.listed(c)), "listed:", s.entry(c, 8080), s.entry(c, 8081), s.reached(8080), s.reached(8081))
				s.ok(c.want(append(port("8082"), permanent, "172800")...)) // renewed in time
				s.sleep(2 * time.Second)
				return seen + fmt.Sprintln(len(s.listed(c)), "listed:", s.reached(8080), s.reached(8081), s.reached(8082))
			},
			want: "3 listed: 192.168.1.10:8080 for 0 192.168.1.10:8081 for 0 8080 8081\n" +
				"1 listed: nobody nobody 8082\n",
			sound: "3 listed: 192.168.1.10:8080 for 0 192.168.1.10:8081 for 518401 8080 8081\n" +
				"3 listed: 8080 8081 8082\n",
		},
		{
			id: "add-lease-crash",
			look: func(s *street) string {
				c := s.connections()[0]
				s.ok(c.want(append(port("9000"), permanent, "0")...)) // which does no harm
				seen := s.outcome(c.want())
				s.sleep(time.Second)
				seen += ", " + s.outcome(c.request("GetExternalIPAddress"))
				s.sleep(31 * time.Second)
				seen += ", " + s.outcome(c.request("GetExternalIPAddress")) + " " + s.entry(c, 9000)
				return seen + ", " + s.tell(c.want(permanent, "0"))
			},
			want:  "reset, refused, 200 714, ok",
			sound: "200, 200, 200 192.168.1.10:9000 for 0, ok",
		},
	}
}

// addRenewalRows are about what becomes of a lease when it is asked for again.
func addRenewalRows() []row {
	return []row{
		{
			id: "add-lease-forced-86400",
			look: func(s *street) string {
				c := s.connections()[0]
				var seen []string
				for _, asked := range []string{"0", "1000", "1000000"} {
					s.ok(c.want("NewLeaseDuration", asked))
					seen = append(seen, s.entry(c, 8080))
				}
				return strings.Join(seen, ", ")
			},
			want:  "192.168.1.10:8080 for 86400, 192.168.1.10:8080 for 86400, 192.168.1.10:8080 for 86400",
			sound: "192.168.1.10:8080 for 0, 192.168.1.10:8080 for 1000, 192.168.1.10:8080 for 1000000",
		},
		{
			id: "add-renew-keeps-expiry",
			look: func(s *street) string {
				c := s.connections()[0]
				s.greet(s.pc, "192.168.1.10:8080", "pc")
				s.ok(c.want())
				s.sleep(30 * time.Minute)
				renewed := s.tell(c.want()) + " " + s.entry(c, 8080)
				s.sleep(31 * time.Minute)
				renewed += ", " + s.entry(c, 8080) + " " + s.reached(8080)
				s.tell(c.of("DeletePortMapping", "TCP", 8080))
				return renewed + "; deleted first: " + s.tell(c.want()) + " " + s.entry(c, 8080)
			},
			want:  "ok 192.168.1.10:8080 for 1800, 714 nobody; deleted first: ok 192.168.1.10:8080 for 3600",
			sound: "ok 192.168.1.10:8080 for 3600, 192.168.1.10:8080 for 1740 pc; deleted first: ok 192.168.1.10:8080 for 3600",
		},
		{
			id: "add-remotehost-renew-718",
			look: func(s *street) string {
				c := s.connections()[0]
				one := c.want("NewRemoteHost", "198.51.100.20")
				seen := s.tell(one, one)
				remove := c.request("DeletePortMapping", "NewRemoteHost", "198.51.100.20", "NewExternalPort", "8080", "NewProtocol", "TCP")
				return seen + "; deleted: " + s.tell(remove, one) + "; for any: " + s.tell(c.want(port("8081")...), c.want(port("8081")...))
			},
			want:  "ok, 718 ConflictInMappingEntry; deleted: ok, ok; for any: ok, ok",
			sound: "ok, ok; deleted: ok, ok; for any: ok, ok",
		},
	}
}

// weeks asks for 0, and for more than a week after that.
func weeks(s *street) string {
	c := s.connections()[0]
	s.greet(s.pc, "192.168.1.10:8080", "pc")
	left := func() string { return s.ask(c.of("GetSpecificPortMappingEntry", "TCP", 8080)).args["NewLeaseDuration"] }
	seen := s.tell(c.want("NewLeaseDuration", "0")) + " " + left()
	s.sleep(time.Hour)
	seen += ", " + left() + " an hour later"
	seen += ", " + s.tell(c.want("NewLeaseDuration", "1000000")) + " " + left()
	s.sleep(604801 * time.Second)
	return seen + ", " + s.reached(8080) + " a week later"
}
