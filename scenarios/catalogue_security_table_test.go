package scenarios_test

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// securityTableRows are about who may do what to the table.
func securityTableRows() []row {
	return []row{
		{
			id: "sec-third-party-client",
			look: func(s *street) string {
				c := s.connections()[0]
				return fmt.Sprintf("for the nas %s, held by %s, for a host on the Internet %s",
					s.outcome(c.add("TCP", 8080, "192.168.1.11", 0)), s.holder(c, "TCP", 8080), s.outcome(c.add("TCP", 8081, "198.51.100.20", 0)))
			},
			want:  "for the nas 200, held by 192.168.1.11:8080, for a host on the Internet 500 402",
			sound: "for the nas 500 718, held by 714, for a host on the Internet 500 718",
		},
		{
			id: "sec-external-client", // Umap: a connection to the router comes out at a third party
			look: func(s *street) string {
				c := s.connections()[0]
				added := s.outcome(c.add("TCP", 8080, "198.51.100.20", 0))
				l, err := s.peer.Listen(s.t.Context(), netip.MustParseAddrPort("198.51.100.20:8080"))
				if err != nil {
					s.t.Fatal(err)
				}
				defer l.Close()
				out, err := s.peer.Dial(s.t.Context(), "tcp", netip.Addr{}, external+":8080")
				if err != nil {
					return added + ", refused"
				}
				defer out.Close()
				in, err := l.Accept()
				if err != nil {
					s.t.Fatal(err)
				}
				defer in.Close()
				return fmt.Sprintf("%s, bytes pass: %v", added, passes(out, in, "hello"))
			},
			want: "200, bytes pass: true", sound: "500 718, refused",
		},
		{
			id: "sec-delete-unauth",
			look: func(s *street) string {
				c := s.connections()[0]
				s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
				return fmt.Sprint("the nas deletes ", s.outcomeFrom(s.nas, c.of("DeletePortMapping", "TCP", 8080)), ", left ", s.listed(c))
			},
			want: "the nas deletes 200, left []", sound: "the nas deletes 500 714, left [TCP 8080]",
		},
		{
			id: "sec-secure-mode-misjudges", // miniupnpd's log: Returning UPnPError 606
			look: func(s *street) string {
				c := s.connections()[0]
				any := c.request("AddAnyPortMapping", "NewRemoteHost", "", "NewExternalPort", "8081", "NewProtocol", "UDP",
					"NewInternalPort", "8081", "NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "row", "NewLeaseDuration", "0")
				return fmt.Sprintf("%s, %s, %s, listed %v", s.outcome(c.add("TCP", 8080, "192.168.1.10", 3600)),
					s.outcomeFrom(s.nas, c.add("TCP", 8082, "192.168.1.11", 3600)), s.outcome(any), s.listed(c))
			},
			want: "500 606, 500 606, 500 606, listed []", sound: "200, 200, 200, listed [TCP 8080 TCP 8082 UDP 8081]",
		},
		{
			id: "sec-nonce-in-description", // "PCP MAP" and the twelve bytes of RFC 6887 §11.1
			look: func(s *street) string {
				return s.ask(s.connections()[0].at(0)).args["NewPortMappingDescription"]
			},
			want: "PCP MAP 5f3c0a9be1774d2688c41b07", sound: "",
		},
		{
			id: "sec-force-termination", // FRITZ!Box 7690: 707, and the connection restarts
			look: func(s *street) string {
				c := s.connections()[0]
				s.sleep(time.Hour)
				seen := []string{s.outcomeFrom(s.nas, c.request("ForceTermination")), s.status(c)}
				s.sleep(15 * time.Second)
				return strings.Join(append(seen, s.status(c), s.ok(c.request("GetStatusInfo"))["NewUptime"]+" s"), ", ")
			},
			want: "500 707, Disconnected , Connected " + external + ", 5 s", sound: "200, Disconnected , Disconnected , 0 s",
		},
	}
}
