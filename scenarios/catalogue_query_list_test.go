package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// listRows are about GetGenericPortMappingEntry, and what else tells of the whole table.
func listRows() []row {
	end := func(s *street) string {
		c := s.connections()[0]
		empty := s.result(c.at(0))
		s.map1(c, 8080)
		return empty + ", " + s.asked(c.at(0), c.at(1), c.at(65535))
	}
	ends := func(words string) string { return strings.Replace("E, 200, E, E", "E", "500 "+words, 3) }
	const (
		soundly = "713 SpecifiedArrayIndexInvalid" // as a router in kaklakariada/portmapper#53 says it, too
		pal     = "501 PAL_UPNP_SOAP_E_ACTION_FAILED"
	)
	return []row{
		{id: "list-end-713", look: end, want: ends(soundly), sound: ends("402 Invalid Argument"), than: "list-end-402"},
		{id: "list-end-402", look: end, want: ends("402 Invalid Argument"), sound: ends(soundly)},
		{id: "list-end-501", look: end, want: ends(pal), sound: ends(soundly)}, // lontivero/Open.NAT#28
		{id: "list-end-714", look: end, want: ends("714 NoSuchEntryInArray"), sound: ends(soundly)},
		{
			id: "list-606", // lontivero/Open.NAT#30
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.asked(c.at(0), c.at(1), c.of("GetSpecificPortMappingEntry", "TCP", 8080), c.of("DeletePortMapping", "TCP", 8080))
			},
			want: "500 606 Action not authorized, 500 606 Action not authorized, 200, 200", sound: "200, 500 " + soundly + ", 200, 200",
		},
		{
			id: "list-repeats-last",
			look: func(s *street) string {
				c := s.connections()[0]
				all := []string{s.result(c.at(0))}
				s.map1(c, 8001)
				s.map1(c, 8002)
				for _, i := range []int{0, 1, 2, 3, 512, 65535} {
					all = append(all, s.answers(c.at(i), "NewExternalPort"))
				}
				return strings.Join(all, ", ")
			},
			want: "500 " + soundly + ", 8001, 8002, 8002, 8002, 8002, 8002", sound: "500 " + soundly + ", 8001, 8002, none, none, none, none",
		},
		{
			id: "list-empty-client", // lontivero/Open.NAT#22: empty client, internal port 0, not enabled
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.table(c) + "\n" + s.through(8080)
			},
			want: "TCP 1755   0 0 Microsoft Media Server 0\nUDP 1755   0 0 Microsoft Media Server 0\n" +
				"TCP 8080  192.168.1.10 8080 1 row 0\n500 " + soundly + "\nopen",
			sound: "TCP 8080  192.168.1.10 8080 1 row 0\n500 " + soundly + "\nopen",
		},
		{
			id: "list-empty-always",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.asked(c.at(0), c.of("GetSpecificPortMappingEntry", "TCP", 8080)) + ", " + s.through(8080)
			},
			want: "500 " + soundly + ", 500 714 NoSuchEntryInArray, open", sound: "200, 200, open",
		},
		{
			id: "list-query-disabled",
			look: func(s *street) string {
				c := s.connections()[0]
				entry := c.of("GetSpecificPortMappingEntry", "TCP", 8080)
				before := s.asked(c.at(0), entry, c.add("TCP", 8080, "192.168.1.10", 0), c.at(0), entry)
				open := s.through(8080)
				return before + " " + open + ", " + s.result(c.of("DeletePortMapping", "TCP", 8080)) + " " + s.through(8080)
			},
			want:  "500 501 Action Failed, 500 501 Action Failed, 200, 500 501 Action Failed, 500 501 Action Failed open, 200 shut",
			sound: "500 " + soundly + ", 500 714 NoSuchEntryInArray, 200, 200, 200 open, 200 shut",
		},
		{
			id: "list-count-zero",
			look: func(s *street) string {
				c, news := s.connections()[0], s.subscribe()
				const number = "PortMappingNumberOfEntries"
				all := []string{news.next(number)}
				for port := 8001; port <= 8002; port++ {
					s.map1(c, port)
					all = append(all, news.next(number))
				}
				return fmt.Sprint(strings.Join(all, " "), ", listed ", len(s.listed(c)))
			},
			want: "0 0 0, listed 2", sound: "0 1 2, listed 2",
		},
		{
			id: "list-missing-wrapper",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.way(c.at(0), "NewInternalClient") + " " + s.answers(c.at(0), "NewInternalClient")
			},
			want: "Envelope/Body/NewInternalClient 192.168.1.10", sound: "Envelope/Body/GetGenericPortMappingEntryResponse/NewInternalClient 192.168.1.10",
		},
		{
			id: "list-shifts",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return strings.Join(s.listed(c), ", ") + "; " + strings.Join(s.listed(c), ", ")
			},
			want: "UDP 3074, UDP 3075; UDP 3075, TCP 8080", sound: "TCP 8080; TCP 8080",
		},
		{
			id: "list-internal-port-zero", // miniupnp/miniupnp#628
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.answers(c.at(0), "NewInternalPort") + ", " + s.answers(c.of("GetSpecificPortMappingEntry", "TCP", 8080), "NewInternalPort") + ", " +
					s.listing(c) + ", " + s.through(8080)
			},
			want: "0, 0, 8080 192.168.1.10:0, open", sound: "8080, 8080, 8080 192.168.1.10:8080, open",
		},
		{
			id: "list-isp-entries", // nicotine-plus/nicotine-plus#1566: as upnpc lists them
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				return s.table(c)
			},
			want: "TCP 50996  192.168.1.16 50996 1 STB TR069 3009\n" +
				"TCP 39960 81.253.218.26 192.168.1.16 8443 1 STB Remote PVR rule 3008\n" +
				"TCP 3192  192.168.1.16 8444 1 VHD Notification 3009\n" +
				"TCP 8080  192.168.1.10 8080 1 row 0\n500 " + soundly,
			sound: "TCP 8080  192.168.1.10 8080 1 row 0\n500 " + soundly,
		},
	}
}

// listing is what GetListOfPortMappings tells of all TCP ports: "external client:internal".
func (s *street) listing(c connection) string {
	s.t.Helper()
	text := s.ok(c.request("GetListOfPortMappings", "NewStartPort", "0", "NewEndPort", "65535", "NewProtocol", "TCP", "NewManage", "1", "NewNumberOfPorts", "0"))["NewPortListing"]
	var list struct {
		Entry []struct {
			External string `xml:"NewExternalPort"`
			Client   string `xml:"NewInternalClient"`
			Internal string `xml:"NewInternalPort"`
		} `xml:"PortMappingEntry"`
	}
	if err := xml.Unmarshal([]byte(text), &list); err != nil {
		return err.Error()
	}
	var all []string
	for _, e := range list.Entry {
		all = append(all, e.External+" "+e.Client+":"+e.Internal)
	}
	return strings.Join(all, ", ")
}
