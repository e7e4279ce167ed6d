package scenarios_test

import (
	"fmt"
	"strings"
	"time"
)

// ssdpRequestRows are about how a search must be written.
func ssdpRequestRows() []row {
	// taken counts the replies to a search as it should be, and to it as change has it.
	taken := func(change ...func(string) string) func(s *street) string {
		return func(s *street) string {
			s.t.Helper()
			var all []string
			for _, f := range change {
				all = append(all, fmt.Sprint(len(s.shout(router, f(mSearch(gateway)), time.Second)), len(s.shout(group, f(mSearch(gateway)), 3*time.Second))))
			}
			return strings.Join(all, ", ")
		}
	}
	as := func(s string) string { return s }
	without := func(text string) func(string) string {
		return func(s string) string { return strings.Replace(s, text, "", 1) }
	}
	with := func(line string) func(string) string {
		return func(s string) string { return strings.Replace(s, "MX: 2\r\n", "MX: 2\r\n"+line+"\r\n", 1) }
	}
	return []row{
		{
			id:   "ssdp-man-unquoted", // by unicast and by multicast
			look: taken(as, func(s string) string { return strings.ReplaceAll(s, `"`, "") }), want: "0 0, 1 1", sound: "1 1, 1 1",
		},
		{
			id:   "ssdp-needs-blank-line",
			look: taken(as, func(s string) string { return strings.TrimSuffix(s, "\r\n") }), want: "1 1, 0 0", sound: "1 1, 1 1",
		},
		{
			id:   "ssdp-extra-headers-ignored",
			look: taken(as, with("User-Agent: node"), with("Content-Length: 0"), with("Connection: close")), want: "1 1, 0 0, 0 0, 0 0", sound: "1 1, 1 1, 1 1, 1 1",
		},
		{
			id:   "ssdp-mx-missing-ignored",
			look: taken(as, without("MX: 2\r\n")), want: "1 1, 0 0", sound: "1 1, 1 1",
		},
	}
}
