package scenarios_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// rebound is a request as a browser sends it for a page whose name leads to the router.
func rebound(request string) string {
	return strings.Replace(request, "Host: 192.168.1.1\r\n", "Host: evil.example\r\nOrigin: http://evil.example\r\n", 1)
}

// securityAccessRows are about who is answered, and where a client is led.
func securityAccessRows() []row {
	return []row{
		{
			id: "sec-ssdp-on-wan", // Rapid7, 2012: 81 million addresses
			look: func(s *street) string {
				return s.scanned() + ", and TCP: " + s.outcomeOutside(get(s.place().Path))
			},
			want: "a reply from " + external + ":1900 that names the LAN, and TCP: refused", sound: "no reply, and TCP: refused",
		},
		{
			id: "sec-soap-on-wan", // of these, 17 million
			look: func(s *street) string {
				c := s.connections()[0]
				behind := s.run("8080")
				seen := []string{s.scanned(), s.outcomeOutside(get(s.place().Path)), s.outcomeOutside(c.add("TCP", 8080, "192.168.1.10", 0))}
				return fmt.Sprint(strings.Join(seen, ", "), ", the peer is in: ", s.tcp(behind))
			},
			want:  "a reply from " + external + ":1900 that names the LAN, 200, 200, the peer is in: true",
			sound: "no reply, refused, refused, the peer is in: false",
		},
		{
			id: "sec-callstranger", // CVE-2020-12695
			look: func(s *street) string {
				l, err := s.peer.Listen(s.t.Context(), netip.MustParseAddrPort("198.51.100.20:4444"))
				if err != nil {
					s.t.Fatal(err)
				}
				defer l.Close()
				status := s.outcome(s.subscription("http://198.51.100.20:4444/", "Second-1800"))
				l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(time.Minute))
				c, err := l.Accept()
				if err != nil {
					return status + ", the stranger is left alone"
				}
				defer c.Close()
				q, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					s.t.Fatal(err)
				}
				text, err := io.ReadAll(q.Body)
				if err != nil {
					s.t.Fatal(err)
				}
				return status + ", the stranger is told: " + q.Method + " " + q.Host + " " + propertiesOf(text)
			},
			want: "200, the stranger is told: NOTIFY 198.51.100.20:4444 PossibleConnectionTypes=IP_Routed ConnectionStatus=Connected ExternalIPAddress=" +
				external + " PortMappingNumberOfEntries=0",
			sound: "412, the stranger is left alone",
		},
		{
			id: "sec-static-control-url", // a page knows nothing of the gateway but its address
			look: func(s *street) string {
				c := connection{"/upnp/control/WANIPConnection1", "urn:schemas-upnp-org:service:WANIPConnection:1"}
				return s.outcome(rebound(c.add("TCP", 8080, "192.168.1.10", 0))) + fmt.Sprint(s.listed(s.connections()[0]))
			},
			want: "200[TCP 8080]", sound: "404[]",
		},
		{
			id: "sec-static-control-url", than: "soap-host-not-ip-404", // which knows that nobody calls a router by a name
			look: func(s *street) string {
				return s.outcome(rebound(s.connections()[0].add("TCP", 8080, "192.168.1.10", 0)))
			},
			want: "200", sound: "404",
		},
		{
			id: "sec-not-from-lan-closes", // curl: (52) Empty reply from server
			look: func(s *street) string {
				answer, end := s.exchange(get(s.place().Path))
				return fmt.Sprintf("%d reply, %.15q and %s", len(s.look(group, gateway, 5*time.Second)), answer, end)
			},
			want: `1 reply, "" and closed`, sound: `1 reply, "HTTP/1.1 200 OK" and closed`,
		},
		{
			id: "sec-location-ssrf",
			look: func(s *street) string {
				var hosts []string
				for _, r := range s.look(group, gateway, 5*time.Second) {
					u, err := url.Parse(r.fields.Get("LOCATION"))
					if err != nil {
						s.t.Fatal(err)
					}
					at := u.Host
					if u.String() == s.gateways[0].Location() {
						at = "the gateway"
					}
					hosts = append(hosts, at)
				}
				return strings.Join(hosts, ", ")
			},
			want: "127.0.0.1:631, 239.255.255.250:1900, 192.168.1.1:22, the gateway", sound: "the gateway",
		},
	}
}
