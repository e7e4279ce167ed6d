package scenarios_test

import (
	"regexp"
	"strings"
	"time"
)

// descriptionHTTPRows are about how documents come.
func descriptionHTTPRows() []row {
	// fetched is the answer to a request for the description on a connection that the client would keep: head, body, and how it ends.
	fetched := func(s *street) (head, body, end string) {
		text, end := s.exchange("GET " + s.place().Path + " HTTP/1.1\r\nHost: 192.168.1.1\r\n\r\n")
		head, body, _ = strings.Cut(text, "\r\n\r\n")
		for name, instead := range map[string]string{"Date": "DATE", "Server": "SERVER", "Content-Length": "LENGTH"} {
			head = regexp.MustCompile(name+": [^\r]+").ReplaceAllString(head, name+": "+instead)
		}
		return head, body, end
	}
	const sound = "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nDate: DATE\r\nExt:\r\nServer: SERVER\r\nContent-Length: LENGTH"
	return []row{
		{
			id: "desc-http10-no-length", // lbryio/aioupnp: NewMedia-NET GmbH Generic X86
			look: func(s *street) string {
				begin := time.Now()
				head, body, end := fetched(s)
				return notes(head, strings.HasSuffix(body, "</root>\n"), end, time.Since(begin), s.maps(s.description()))
			},
			want: notes("HTTP/1.0 200 OK\r\nServer: SERVER\r\nDate: DATE\r\nContent-Type: text/xml\r\nCache-Control: max-age=1\r\nPragma: no-cache\r\nConnection: close",
				true, "closed", 0*time.Second, "maps 200"),
			sound: notes(sound, true, "closed", 30*time.Second, "maps 200"), // when nothing more was asked for
		},
		{
			id: "desc-no-length-stays-open",
			look: func(s *street) string {
				head, body, end := fetched(s)
				return notes(head, strings.HasSuffix(body, "</root>\n"), end, s.outcome(connection{"/control/WANIPConnection1", "urn:schemas-upnp-org:service:WANIPConnection:1"}.request("GetStatusInfo")))
			},
			want:  notes(strings.TrimSuffix(sound, "\r\nContent-Length: LENGTH"), true, "silence", "200"),
			sound: notes(sound, true, "closed", "200"),
		},
		{
			id: "desc-octet-stream",
			look: func(s *street) string {
				head, _, _ := fetched(s)
				return notes(head, s.maps(s.description()))
			},
			want:  notes(strings.Replace(sound, `text/xml; charset="utf-8"`, "application/octet-stream", 1), "maps 200"),
			sound: notes(sound, "maps 200"),
		},
		{
			id: "desc-slow",
			look: func(s *street) string {
				begin := time.Now()
				text := s.description()
				document := time.Since(begin)
				outcome := s.maps(text)
				return notes(document, outcome, time.Since(begin)-document)
			},
			want: notes(2*time.Second, "maps 200", 0*time.Second), sound: notes(0*time.Second, "maps 200", 0*time.Second),
		},
	}
}
