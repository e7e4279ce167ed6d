package scenarios_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// lifeEventRows are about events, and a web server that does not answer.
func lifeEventRows() []row {
	return []row{
		{
			id: "life-subscribe-412",
			look: func(s *street) string {
				answer, end := s.exchange(s.subscription(callback, "Second-540"))
				answer = regexp.MustCompile(`(?:Date|SID|Server): [^\r]*`).ReplaceAllStringFunc(answer, func(field string) string {
					if field == "Server: Homeware UPnP/1.1" {
						return field
					}
					name, _, _ := strings.Cut(field, ":")
					return name + ": …"
				})
				return answer + end + ", for 1800 s " + s.outcome(s.subscription(callback, "Second-1800"))
			},
			want: "HTTP/1.1 412 Precondition Failed\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: 0\r\n" +
				"Server: Homeware UPnP/1.1\r\nExt:\r\nDate: …\r\n\r\nclosed, for 1800 s 200",
			sound: "HTTP/1.1 200 OK\r\nSID: …\r\nTIMEOUT: Second-1800\r\nDate: …\r\nExt:\r\nServer: …\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" +
				"closed, for 1800 s 200",
		},
		{
			id: "life-subscribe-unanswered",
			look: func(s *street) string {
				events := s.events()
				c := s.connections()[0]
				granted := s.outcome(s.subscription(callback, "Second-1800"))
				s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
				got := events()
				return fmt.Sprintf("%s, %d events", granted, len(got))
			},
			want: "200, 0 events", sound: "200, 2 events",
		},
		{
			id: "life-event-zero-ip", // TP-Link, :1900/orgkc/evt/IPConn
			look: func(s *street) string {
				events := s.events()
				c := s.connections()[0]
				s.ask(s.subscription(callback, "Second-1800"))
				seen := []string{s.status(c)}
				for port := 8001; port <= 8002; port++ {
					seen = append(seen, s.outcome(c.add("TCP", port, "192.168.1.10", 0)))
				}
				s.sleep(15 * time.Second)
				seen = append(seen, s.status(c))
				var told []string
				for _, e := range events() {
					told = append(told, strings.Join(regexp.MustCompile(`(?:Status|Address|Entries)=\S*`).FindAllString(e, -1), " "))
				}
				return strings.Join(append(seen, told...), "; ")
			},
			want: "Disconnected 0.0.0.0; 200; 200; Connected " + external + "; Status=Disconnected Address=0.0.0.0 Entries=0; Entries=1; Entries=2; " +
				"Status=Connected Address=" + external,
			sound: "Connected " + external + "; 200; 200; Connected " + external + "; Status=Connected Address=" + external + " Entries=0; Entries=1; Entries=2",
		},
		{
			id: "life-http-dead-ssdp-alive",
			look: func(s *street) string {
				var seen []string
				for range 2 {
					answer, end := s.exchange(get(s.place().Path))
					seen = append(seen, fmt.Sprintf("%.15q and %s", answer, end))
				}
				return fmt.Sprint(len(s.look(group, gateway, 5*time.Second)), " reply, ", strings.Join(seen, ", "))
			},
			want: `1 reply, "" and silence, "" and silence`, sound: `1 reply, "HTTP/1.1 200 OK" and closed, "HTTP/1.1 200 OK" and closed`,
		},
	}
}
