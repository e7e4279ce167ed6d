package scenarios_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// ssdpSixRows are about gateways that have IPv6 as well.
func ssdpSixRows() []row {
	const four = "192.168.1.1 leads to itself"
	return []row{
		{
			id: "ssdp-location-linklocal-vs-gua", look: func(s *street) string { return s.families(0) },
			want: four + "; link-local leads to 2001:db8::1", sound: four + "; link-local leads to itself", than: "ssdp-dual-stack-duplicates",
		},
		{
			id: "ssdp-v6-reply-to-v4-search", look: func(s *street) string { return s.families(0) },
			want: "; link-local leads to itself", sound: four + "; link-local leads to itself", than: "ssdp-dual-stack-duplicates",
		},
		{
			id: "ssdp-v4v6-simultaneous-breaks", look: func(s *street) string { return s.families(10*time.Millisecond) + ", then " + s.families(time.Minute) },
			want: four + "; , then " + four + "; link-local leads to itself", sound: four + "; link-local leads to itself, then " + four + "; link-local leads to itself",
			than: "ssdp-dual-stack-duplicates",
		},
		{
			id: "ssdp-dual-stack-duplicates",
			look: func(s *street) string {
				names, places := map[string]bool{}, map[string]bool{}
				for _, all := range s.bothFamilies(0) {
					for _, d := range all {
						names[d.field("USN")], places[d.field("LOCATION")] = true, true
					}
				}
				return fmt.Sprint(len(names), " name, ", len(places), " places")
			},
			want: "1 name, 2 places", sound: "1 name, 1 places",
		},
	}
}

// families tells what bothFamilies finds: from where, and to where it leads.
func (s *street) families(pause time.Duration) string {
	s.t.Helper()
	var told []string
	for _, all := range s.bothFamilies(pause) {
		text := ""
		for _, d := range all {
			from, to := d.from.Addr().WithZone(""), hostOf(d.field("LOCATION"))
			if from.String() == to {
				to = "itself"
			}
			sender := from.String()
			if from.IsLinkLocalUnicast() {
				sender = "link-local"
			}
			text += sender + " leads to " + to
		}
		told = append(told, text)
	}
	return strings.Join(told, "; ")
}

// bothFamilies searches for the gateway by multicast from a host with both versions of IP, by IPv4 and after a pause by IPv6.
func (s *street) bothFamilies(pause time.Duration) [2][]raw {
	s.t.Helper()
	s.sleep(time.Minute) // from the last time
	if _, err := s.nas.ListenPacket(s.t.Context(), netip.MustParseAddrPort("[fe80::30%eth1]:0")); err != nil {
		s.nas.AddInterface("", netip.MustParsePrefix("192.168.1.30/24"), netip.MustParsePrefix("fe80::30/64"))
	}
	var found [2][]raw
	var sockets [2]net.PacketConn
	for i, local := range []string{"192.168.1.30:0", "[fe80::30%eth1]:0"} {
		c, err := s.nas.ListenPacket(s.t.Context(), netip.MustParseAddrPort(local))
		if err != nil {
			s.t.Fatal(err)
		}
		defer c.Close()
		sockets[i] = c
		to := []string{group, "[ff02::c]:1900"}[i]
		if _, err := c.WriteTo([]byte(mSearch(gateway)), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
			s.t.Fatal(err)
		}
		s.sleep(pause)
	}
	for i, c := range sockets {
		found[i] = listen(c, 3*time.Second)
	}
	return found
}
