package soap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"
)

// stub is goupnp's generated client as a user of goupnp gets it, over the transport given.
func stub(d *device, rt http.RoundTripper) *internetgateway2.WANIPConnection1 {
	c := goupnpsoap.NewSOAPClient(d.URL)
	c.HTTPClient.Transport = rt
	return &internetgateway2.WANIPConnection1{ServiceClient: goupnp.ServiceClient{SOAPClient: c}}
}

// strict is what goupnp uses by itself, without the idle connections that would outlive the test.
func strict() http.RoundTripper { return &http.Transport{DisableKeepAlives: true} }

type action func(context.Context, *internetgateway2.WANIPConnection1) (string, error)

func externalIP(ctx context.Context, c *internetgateway2.WANIPConnection1) (string, error) {
	return c.GetExternalIPAddressCtx(ctx)
}

func addMapping(ctx context.Context, c *internetgateway2.WANIPConnection1) (string, error) {
	return "", c.AddPortMappingCtx(ctx, "", 8080, "TCP", 80, "192.168.1.10", true, "test", 0)
}

// entry leaves the lease out: the rows about it look at Recording.Unknown.
func entry(ctx context.Context, c *internetgateway2.WANIPConnection1) (string, error) {
	port, client, enabled, desc, _, err := c.GetSpecificPortMappingEntryCtx(ctx, "", 8080, "TCP")
	return fmt.Sprint(client, ":", port, " ", enabled, " ", desc), err
}

func entryWith(lease string) string {
	return ok(prolog + envBegin + `<u:GetSpecificPortMappingEntryResponse xmlns:u="` + wanIP1 + `"><NewInternalPort>80</NewInternalPort>` +
		`<NewInternalClient>192.168.1.10</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>web</NewPortMappingDescription>` +
		lease + `</u:GetSpecificPortMappingEntryResponse>` + envEnd)
}

const entryText = "192.168.1.10:80 true web"

func upnpFault(code, rest string) string {
	return `<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">` +
		`<errorCode>` + code + `</errorCode>` + rest + `</UPnPError></detail></s:Fault>`
}

// TestGoupnp is the table of what goupnp alone cannot read. Each row is first shown to goupnp over net/http, which must fail
// on it or read something else; then to the same stub over Transport.
func TestGoupnp(t *testing.T) {
	tests := []struct {
		name    string
		wire    string
		call    action // nil: externalIP
		want    string // nil error: "" means address
		quirks  []string
		unknown []string
	}{
		{name: "soap 1.2 namespace", wire: ok(prolog + strings.ReplaceAll(envBegin, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope") + ipElement + envEnd),
			quirks: []string{Envelope12}},
		{name: "no namespace", wire: ok(`<Envelope><Body>` + ipElement + `</Body></Envelope>`), quirks: []string{EnvelopeNS}},
		{name: "namespace without its slash", wire: ok(strings.Replace(envBegin, "envelope/", "envelope", 1) + ipElement + envEnd), quirks: []string{EnvelopeNS}},
		{name: "undeclared prefix", wire: ok(`<s:Envelope><s:Body>` + ipElement + envEnd), quirks: []string{EnvelopeNS}},
		{name: "no envelope", wire: ok(ipElement), quirks: []string{EnvelopeMissing}},
		{name: "latin-1 declared", wire: ok(`<?xml version="1.0" encoding="iso-8859-1"?>` + envBegin + ipElement + envEnd), quirks: []string{EncodingDeclaredOther}},
		{name: "UTF8 declared", wire: ok(`<?xml version="1.0" encoding="UTF8"?>` + envBegin + ipElement + envEnd), quirks: []string{XMLEncodingName}},
		{name: "unknown encoding declared", wire: ok(`<?xml version="1.0" encoding="router-8"?>` + envBegin + ipElement + envEnd), quirks: []string{XMLEncodingUnknown}},
		{name: "xml 1.1", wire: ok(`<?xml version="1.1"?>` + envBegin + ipElement + envEnd), quirks: []string{XMLVersion}},
		{name: "utf-16", wire: ok("\xff\xfe" + utf16(prolog+envBegin+ipElement+envEnd)), quirks: []string{XMLUTF16}},
		{name: "bytes that are not utf-8", wire: ok(prolog + envBegin + strings.Replace(ipElement, ipArg, ipArg+"<X_Model>\xf0_\xf0</X_Model>", 1) + envEnd), quirks: []string{CorruptBytes}},
		{name: "control characters", wire: ok(prolog + envBegin + strings.Replace(ipElement, "113.7", "113.7\x18\x00", 1) + envEnd), quirks: []string{ControlChars}},
		{name: "reference to a control character", wire: ok(prolog + envBegin + strings.Replace(ipElement, "113.7", "113.7&#x18;", 1) + envEnd), quirks: []string{ControlChars}},
		{name: "bare ampersand", call: entry, want: "192.168.1.10:80 true web&co&nbsp;",
			wire: strings.Replace(padded(entryWith("<NewLeaseDuration>0</NewLeaseDuration>")), "web", "web&co&nbsp;", 1), quirks: []string{BadEntity}},
		{name: "truncated envelope", wire: ok(prolog + envBegin + strings.TrimSuffix(ipElement, "e>")), quirks: []string{XMLTruncated}},
		{name: "wrong nesting", wire: ok(prolog + envBegin + strings.Replace(ipElement, "</NewExternalIPAddress>", "</NewExternalIP>", 1) + envEnd), quirks: []string{MismatchedTag}},
		{name: "value with blanks", wire: ok(prolog + envBegin + strings.Replace(ipElement, address, "\n "+address+" ", 1) + envEnd), quirks: []string{ValueBlanks}},
		{name: "argument name in another case", wire: ok(prolog + envBegin + strings.ReplaceAll(ipElement, "NewExternalIPAddress", "newExternalIpAddress") + envEnd), quirks: []string{ArgCase}},
		{name: "status 202", wire: status("202 Accepted", "text/xml", prolog+envBegin+ipElement+envEnd), quirks: []string{StatusNot200}},
		{name: "empty 200 to an action without answer", wire: ok(""), call: addMapping, want: "", quirks: []string{RespBlank}},
		{name: "lease empty", wire: entryWith("<NewLeaseDuration></NewLeaseDuration>"), call: entry, want: entryText, quirks: []string{ValueUnreadable}, unknown: []string{"NewLeaseDuration"}},
		{name: "lease -1", wire: entryWith("<NewLeaseDuration>-1</NewLeaseDuration>"), call: entry, want: entryText, quirks: []string{ValueUnreadable}, unknown: []string{"NewLeaseDuration"}},
		{name: "lease 3600s", wire: entryWith("<NewLeaseDuration>3600s</NewLeaseDuration>"), call: entry, want: entryText, quirks: []string{ValueUnreadable}, unknown: []string{"NewLeaseDuration"}},
		{name: "lease missing", wire: entryWith(""), call: entry, want: entryText, quirks: []string{ArgMissing}, unknown: []string{"NewLeaseDuration"}},
		{name: "boolean in capitals", wire: strings.Replace(padded(entryWith("<NewLeaseDuration>0</NewLeaseDuration>")), "<NewEnabled>1", "<NewEnabled>True", 1), call: entry, want: entryText, quirks: []string{ValueSpelling}},
		{name: "boolean in words", wire: strings.Replace(padded(entryWith("<NewLeaseDuration>0</NewLeaseDuration>")), "<NewEnabled>1", "<NewEnabled>Off", 1), call: entry,
			want: "192.168.1.10:80 false web", quirks: []string{ValueSpelling}},
		{name: "content-length invalid", wire: "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n" + prolog + envBegin + ipElement + envEnd, quirks: []string{"http-length-invalid"}},
		{name: "content-length too long", wire: "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + prolog + envBegin + ipElement, quirks: []string{"http-body-truncated", XMLTruncated}},
		{name: "status line in lower case", wire: "http/1.1 200\r\n\r\n" + prolog + envBegin + ipElement + envEnd, quirks: []string{"soap-bad-status-line"}},
		{name: "header line without a colon", wire: "HTTP/1.1 200 OK\r\nDEFUNCT\r\n\r\n" + prolog + envBegin + ipElement + envEnd, quirks: []string{"http-junk-line"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call, want := tt.call, tt.want
			if call == nil {
				call = externalIP
				want = address
			}
			d := startDevice(t, says(tt.wire))
			if got, err := call(t.Context(), stub(d, strict())); err == nil && got == want {
				t.Errorf("goupnp alone reads %q: this row is no test", got)
			}
			ctx, rec := Record(t.Context())
			got, err := call(ctx, stub(d, new(Transport)))
			if err := rec.Err(err); err != nil {
				t.Fatalf("over Transport: %v", err)
			}
			if got != want {
				t.Errorf("over Transport: %q, want %q", got, want)
			}
			for _, id := range tt.quirks {
				if !slices.Contains(rec.Quirks(), id) {
					t.Errorf("quirk %s is not among %q", id, rec.Quirks())
				}
			}
			for _, arg := range tt.unknown {
				if !rec.Unknown(arg) {
					t.Errorf("%s is not unknown", arg)
				}
			}
			if rec.Unknown("NewInternalPort") && call != nil && want == entryText {
				t.Error("NewInternalPort is unknown")
			}
		})
	}
}

// padded leaves room in the announced length for what a row inserts.
func padded(wire string) string {
	head, body, _ := strings.Cut(wire, "\r\n\r\n")
	return head[:strings.Index(head, "Content-Length")] + "Connection: close\r\n\r\n" + body
}

func utf16(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

// TestFaults are refusals whose code goupnp alone does not give.
func TestFaults(t *testing.T) {
	corrupt := "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">" +
		"<errorCode>401</errorCode><errorDescription>Invalid Actio\xef\xbf\x02\xc4rrorDescription></UPnPError></detail></s:Fault>"
	tests := []struct {
		name   string
		wire   string
		want   Error
		quirks []string
	}{
		{"code with words", fault500(upnpFault("718 conflict", "<errorDescription>Mapping conflicts</errorDescription>")),
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "Mapping conflicts"}, []string{FaultCodeBad}},
		{"code not a number", fault500(upnpFault("none", "<errorDescription>x</errorDescription>")), Error{Description: "x"}, []string{FaultCodeBad}},
		{"Detail and UpnpError", fault500(strings.NewReplacer("detail>", "Detail>", "UPnPError>", "UpnpError>", "<UPnPError ", "<UpnpError ").
			Replace(upnpFault("725", "<errorDescription>OnlyPermanentLeasesSupported</errorDescription>"))),
			Error{Code: 725, Name: "OnlyPermanentLeasesSupported", Description: "OnlyPermanentLeasesSupported"}, []string{FaultCamelCase}},
		{"no detail", fault500("<s:Fault><errorCode>606</errorCode><errorDescription>Unknown Error Code</errorDescription></s:Fault>"),
			Error{Code: 606, Name: "Action not authorized", Description: "Unknown Error Code"}, []string{FaultNoStrings}},
		{"corrupt bytes", fault500(corrupt), Error{Code: 401, Name: "Invalid Action", Description: "Invalid Actio\uFFFD\uFFFDrrorDescription>"}, []string{CorruptBytes, MismatchedTag}},
		{"head of the document lost", status("500 Internal Server Error", "text/xml", "\x01\x02rrorCode></x><errorCode>501</errorCode>"),
			Error{Code: 501, Name: "Action Failed"}, []string{CorruptBytes}},
		{"behind a content-length of 0", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n" + prolog + envBegin + upnpFault("718", "<errorDescription>x</errorDescription>") + envEnd,
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "x"}, []string{"http-length-too-short"}},
		{"a stray byte", fault500(upnpFault("402", "<errorDescription>Invalid Args</errorDescription>") + "\xff"),
			Error{Code: 402, Name: "Invalid Args", Description: "Invalid Args"}, []string{CorruptBytes}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := startDevice(t, says(tt.wire))
			_, err := addMapping(t.Context(), stub(d, strict()))
			var alone *goupnpsoap.SOAPFaultError
			if errors.As(err, &alone) && alone.Detail.UPnPError.Errorcode == tt.want.Code && tt.want.Code != 0 {
				t.Error("goupnp alone reads the code: this row is no test")
			}
			checkFault(t, d, tt.want, tt.quirks)
		})
	}
}

// TestReadableFaults are refusals that goupnp reads too; what is odd about them is told all the same.
func TestReadableFaults(t *testing.T) {
	plain := upnpFault("718", "<errorDescription>ConflictInMappingEntry</errorDescription>")
	tests := []struct {
		name   string
		wire   string
		want   Error
		quirks []string
	}{
		{"by the book", fault500(plain), Error{Code: 718, Name: "ConflictInMappingEntry", Description: "ConflictInMappingEntry"}, nil},
		{"faultCode", fault500(strings.NewReplacer("faultcode", "faultCode", "faultstring", "faultString").Replace(plain)),
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "ConflictInMappingEntry"}, []string{FaultCamelCase}},
		{"in a 200", ok(prolog + envBegin + plain + envEnd),
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "ConflictInMappingEntry", Status: 200}, []string{FaultIn200}},
		{"no description", fault500(upnpFault("718", "")), Error{Code: 718, Name: "ConflictInMappingEntry"}, []string{FaultNoDescription}},
		{"no strings", fault500("<s:Fault>" + plain[strings.Index(plain, "<detail>"):]),
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "ConflictInMappingEntry"}, []string{FaultNoStrings}},
		{"code empty", fault500(upnpFault("", "<errorDescription>full</errorDescription>")), Error{Description: "full"}, []string{FaultCodeBad}},
		{"beside a response", ok(prolog + envBegin + `<u:AddPortMappingResponse xmlns:u="` + wanIP1 + `"></u:AddPortMappingResponse>` + plain + envEnd),
			Error{Code: 718, Name: "ConflictInMappingEntry", Description: "ConflictInMappingEntry", Status: 200}, []string{FaultIn200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkFault(t, startDevice(t, says(tt.wire)), tt.want, tt.quirks)
		})
	}
}

func checkFault(t *testing.T, d *device, want Error, quirks []string) {
	t.Helper()
	want.Service, want.Action = wanIP1, "AddPortMapping"
	if want.Status == 0 {
		want.Status = 500
	}
	ctx, rec := Record(t.Context())
	_, err := addMapping(ctx, stub(d, new(Transport)))
	var flat *goupnpsoap.SOAPFaultError
	if !errors.As(err, &flat) || flat.Detail.UPnPError.Errorcode != want.Code {
		t.Errorf("goupnp over Transport: %v, want a fault with code %d", err, want.Code)
	}
	var got *Error
	if !errors.As(rec.Err(err), &got) {
		t.Fatalf("recorded %v, want *Error", rec.Err(err))
	}
	if d := cmp.Diff(&want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for _, id := range quirks {
		if !slices.Contains(rec.Quirks(), id) {
			t.Errorf("quirk %s is not among %q", id, rec.Quirks())
		}
	}
	if quirks == nil && len(rec.Quirks()) > 0 {
		t.Errorf("forgave %q of an answer by the book", rec.Quirks())
	}
}
