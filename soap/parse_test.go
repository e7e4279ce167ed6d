package soap

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	request := envBegin + `<u:AddPortMapping xmlns:u="` + wanIP1 + `"><NewRemoteHost/><NewExternalPort>80</NewExternalPort>` +
		`<NewPortMappingDescription>a &lt; b<!-- no --> &amp; <![CDATA[c & d]]></NewPortMappingDescription></u:AddPortMapping>` + envEnd
	args := []Arg{{"NewRemoteHost", ""}, {"NewExternalPort", "80"}, {"NewPortMappingDescription", "a < b & c & d"}}
	tests := []struct {
		name, doc, contentType string
		want                   Message
		quirks                 []string
	}{
		{"request", request, "text/xml", Message{Action: "AddPortMapping", Service: wanIP1, Args: args}, nil},
		{"byte order mark and blanks", "\xef\xbb\xbf\r\n" + request, "", Message{Action: "AddPortMapping", Service: wanIP1, Args: args}, []string{XMLBOM}},
		{"junk before and after", "HTTP/1.1\r\n" + request + "\x00\x00", "", Message{Action: "AddPortMapping", Service: wanIP1, Args: args}, []string{XMLLeadingJunk, ControlChars}},
		{"prefix m", envBegin + `<m:GetExternalIPAddressResponse xmlns:m="x">` + ipArg + `</m:GetExternalIPAddressResponse>` + envEnd, "",
			Message{Action: "GetExternalIPAddress", Service: "x", Response: true, Args: []Arg{{"NewExternalIPAddress", address}}}, nil},
		{"namespace is the action", envBegin + `<u:DeletePortMappingResponse xmlns:u="DeletePortMapping"></u:DeletePortMappingResponse>` + envEnd, "",
			Message{Action: "DeletePortMapping", Service: "DeletePortMapping", Response: true}, nil},
		{"latin-1 text", `<?xml version="1.0" encoding="ISO-8859-1"?>` + envBegin + "<XResponse><V>caf\xe9</V></XResponse>" + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "café"}}}, []string{EncodingDeclaredOther}},
		{"latin-1 by content type", envBegin + "<XResponse><V>caf\xe9</V></XResponse>" + envEnd, `text/xml; charset=iso-8859-1`,
			Message{Action: "X", Response: true, Args: []Arg{{"V", "café"}}}, []string{EncodingDeclaredOther}},
		{"latin-1 declared, utf-8 sent", `<?xml version="1.0" encoding="ISO-8859-1"?>` + envBegin + "<XResponse><V>café</V></XResponse>" + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "café"}}}, []string{XMLEncodingFalse}},
		{"declaration with a form feed", "<?xml version=\f encoding=\v>" + envBegin + "<XResponse/>" + envEnd, "", Message{Action: "X", Response: true},
			[]string{XMLVersion}},
		{"gb2312", `<?xml version="1.0" encoding="gb2312"?>` + envBegin + "<XResponse><V>\xd6\xd0</V></XResponse>" + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "中"}}}, []string{EncodingDeclaredOther}},
		{"listing not escaped", envBegin + `<XResponse><V><p:L xmlns:p="n"><p:E>1</p:E></p:L></V></XResponse>` + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", `<p:L xmlns:p="n"><p:E>1</p:E></p:L>`}}}, []string{ArgNotText}},
		{"comment before the action", envBegin + `<!-- hello --><XResponse/>` + envEnd, "", Message{Action: "X", Response: true}, nil},
		{"response second", envBegin + `<Extra/><XResponse/>` + envEnd, "", Message{Action: "X", Response: true}, nil},
		{"control character in a section", envBegin + "<XResponse><V><![CDATA[a\x01&b]]></V></XResponse>" + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "a&b"}}}, []string{ControlChars}},
		{"noncharacter", envBegin + "<XResponse><V>a\uFFFEb\uFFFF</V></XResponse>" + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "ab"}}}, []string{ControlChars}},
		{"body without envelope", "<Body><XResponse/></Body>", "", Message{Action: "X", Response: true}, []string{EnvelopeMissing}},
		{"cut within a tag behind the end", envBegin + "<XResponse/>" + envEnd + "<s:Enve", "", Message{Action: "X", Response: true}, []string{XMLTruncated}},
		{"empty body", envBegin + envEnd, "", Message{}, []string{RespBlank}},
		{"no body", `<s:Envelope xmlns:s="` + envelope11 + `"><XResponse/></s:Envelope>`, "", Message{Action: "X", Response: true}, []string{EnvelopeMissing}},
		{"soap 1.2 fault", `<s:Envelope xmlns:s="` + envelope12 + `"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>UPnPError</s:Text></s:Reason>` +
			`<s:Detail><UPnPError><errorCode>714</errorCode><errorDescription>NoSuchEntryInArray</errorDescription></UPnPError></s:Detail></s:Fault></s:Body></s:Envelope>`, "",
			Message{Fault: &Fault{"s:Sender", "UPnPError", 714, "NoSuchEntryInArray"}}, []string{Envelope12}},
		{"fault without upnp error", envBegin + `<s:Fault><faultcode>s:Server</faultcode><faultstring>out of memory</faultstring></s:Fault>` + envEnd, "",
			Message{Fault: &Fault{Code: "s:Server", String: "out of memory"}}, []string{FaultCodeBad, FaultNoDescription}},
		{"fault cut short", envBegin + `<s:Fault><detail><UPnPError><errorCode>718</errorCode><errorDesc`, "",
			Message{Fault: &Fault{UPnPCode: 718}}, []string{XMLTruncated, FaultNoStrings, FaultNoDescription}},
		{"bracket in text", envBegin + `<XResponse><V>a <- b</V></XResponse>` + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "a <- b"}}}, []string{XMLBrokenTag}},
		{"end tags in another case", envBegin + `<XResponse><V>1</v></XRESPONSE>` + envEnd, "",
			Message{Action: "X", Response: true, Args: []Arg{{"V", "1"}}}, []string{MismatchedTag}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, quirks, err := Parse([]byte(tt.doc), tt.contentType, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.quirks, quirks, cmpopts.SortSlices(func(a, b string) bool { return a < b }), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("quirks (-want +got)\n%s", d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, doc := range map[string]string{
		"empty": "", "blanks": " \r\n", "text": "hello", "page": "<html><p>", "only a declaration": `<?xml version="1.0"?>`, "brackets": "<<<>>>", "NULs": "\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			m, _, err := Parse([]byte(doc), "", Limits{})
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%+v, %v, want *SyntaxError", m, err)
			}
		})
	}
}

// TestReadXMLInvalidUTF8: outside control messages, bytes that are not UTF-8 have the catalogue's name for descriptions.
func TestReadXMLInvalidUTF8(t *testing.T) {
	doc, quirks, err := ReadXML([]byte("<root><friendlyName>caf\xe9</friendlyName></root>"), `text/xml; charset="utf-8"`, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{InvalidUTF8}, quirks); d != "" {
		t.Errorf("quirks (-want +got)\n%s", d)
	}
	if got := child(doc.Root(), "friendlyName").Text(); got != "caf\uFFFD" {
		t.Errorf("%q", got)
	}
}

// TestWrite holds the writers to the shapes of UDA 1.1 §3.1 as strict routers want them.
func TestWrite(t *testing.T) {
	const begin = `<?xml version="1.0"?>` + envBegin
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"request", WriteRequest("urn:s:1", "A", []Arg{{"NewX", `a<b>&"c'` + "\r\n\t\x00\xff"}, {"NewY", ""}}),
			begin + `<u:A xmlns:u="urn:s:1"><NewX>a&lt;b&gt;&amp;"c'&#xD;` + "\n\t\uFFFD\uFFFD" + `</NewX><NewY></NewY></u:A>` + envEnd},
		{"response", WriteResponse("urn:s:1", "A", nil), begin + `<u:AResponse xmlns:u="urn:s:1"></u:AResponse>` + envEnd},
		{"service with a quote", WriteResponse(`x"><evil/>`, "A", nil), begin + `<u:AResponse xmlns:u="x&quot;&gt;&lt;evil/&gt;"></u:AResponse>` + envEnd},
		{"fault", WriteFault(ConflictInMappingEntry, ErrorName(wanIP1, ConflictInMappingEntry)),
			begin + upnpFault("718", "<errorDescription>ConflictInMappingEntry</errorDescription>") + envEnd},
	} {
		if d := cmp.Diff(tt.want, string(tt.got)); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]error{
		`upnp error 718 ConflictInMappingEntry ("Mapping conflicts") from AddPortMapping`: &Error{Code: 718, Name: "ConflictInMappingEntry", Description: "Mapping conflicts", Action: "AddPortMapping"},
		`upnp error 402 Invalid Args`:           &Error{Code: 402, Name: "Invalid Args", Description: "Invalid args"},
		`upnp error ("full")`:                   &Error{Description: "full"},
		`http status 404 Not Found`:             &HTTPError{Status: 404},
		`http status 404 Gone Fishing`:          &HTTPError{Status: 404, Reason: "Gone Fishing"},
		`body exceeds the limit of 1048576`:     &LimitError{"body", 1 << 20},
		`a web page, not a soap envelope`:       &SyntaxError{What: "a web page, not a soap envelope"},
		`no xml element in "x": unexpected end`: &SyntaxError{"no xml element in", "x", errors.New("unexpected end")},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
	}
}
