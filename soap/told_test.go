package soap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTold are answers that goupnp reads as well: nothing is lost, and what is odd about them is told.
func TestTold(t *testing.T) {
	body := prolog + envBegin + ipElement + envEnd
	tests := []struct {
		name, wire string
		quirks     []string
	}{
		{"by the book", ok(body), nil},
		{"another prefix, no declaration, xsi", ok(`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="x"><SOAP-ENV:Body>` +
			`<m:GetExternalIPAddressResponse xmlns:m="` + wanIP1 + `">` + ipArg + `</m:GetExternalIPAddressResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>`), nil},
		{"indented", ok(strings.ReplaceAll(body, "><", ">\r\n  <")), nil},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + body[:16] + "\r\nfff;x\r\n" + body[16:] + strings.Repeat(" ", 0xfff-len(body)+16) + "\r\n0\r\n\r\n", nil},
		{"version 1.0 to the end", "HTTP/1.0 200 OK\r\n\r\n" + body, nil},
		{"application/octet-stream", status("200 OK", "application/octet-stream", body), nil},
		{"byte order mark", ok("\xef\xbb\xbf" + body), []string{XMLBOM}},
		{"blanks before", ok("\r\n\t " + body), nil},
		{"junk behind", ok(body + "\r\njunk"), nil},
		{"no namespace of the response", ok(strings.NewReplacer("u:Get", "Get", "xmlns:u", "x").Replace(body)), []string{RespNSWrong}},
		{"prefix not declared", ok(strings.Replace(body, "xmlns:u", "x", 1)), []string{RespNSWrong}},
		{"namespace of the response", ok(strings.ReplaceAll(body, wanIP1, "GetExternalIPAddress")), []string{RespNSWrong}},
		{"version of the service", ok(strings.ReplaceAll(body, wanIP1, "urn:schemas-upnp-org:service:WANIPConnection:2")), []string{RespNSWrong}},
		{"name of the response", ok(strings.ReplaceAll(body, "GetExternalIPAddressResponse", "GetExternalIPAddress")), []string{RespNameWrong}},
		{"lines ended by LF", "HTTP/1.1 200 OK\nServer: x\n\n" + body, []string{"http-bare-lf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := startDevice(t, says(tt.wire))
			if got, err := externalIP(t.Context(), stub(d, strict())); err != nil || got != address {
				t.Errorf("goupnp alone: %q, %v", got, err)
			}
			ctx, rec := Record(t.Context())
			if got, err := externalIP(ctx, stub(d, new(Transport))); err != nil || got != address {
				t.Errorf("over Transport: %q, %v", got, rec.Err(err))
			}
			if d := cmp.Diff(tt.quirks, rec.Quirks()); d != "" {
				t.Errorf("quirks (-want +got)\n%s", d)
			}
		})
	}
}
