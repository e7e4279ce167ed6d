package scenarios_test

import (
	"slices"
	"strings"
)

func soapRows() []row {
	return slices.Concat(soapTransportRows(), soapRequestRows(), soapServiceRows(), soapHostRows(), soapAnswerRows(), soapFaultRows(), []row{
		{
			id: "soap-resp-corrupt-bytes", // ofekp/TinyUPnP#1
			look: func(s *street) string {
				answer, _ := s.exchange(s.connections()[0].request("NoSuchAction"))
				_, text, _ := strings.Cut(answer, "<errorDescription>")
				text, _, _ = strings.Cut(text, "</UPnPError>")
				return strings.TrimSpace(text)
			},
			want: "Invalid Actio\xef\xbf\xef\xbfrrorDescription>", sound: "Invalid Action</errorDescription>",
		},
	})
}
