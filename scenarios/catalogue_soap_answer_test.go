package scenarios_test

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/igdkit/igdkit/emulator"
)

const (
	soundIP = `<?xml version="1.0"?>` + envelope + `<s:Body><u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">` +
		`<NewExternalIPAddress>` + external + `</NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>`
	upnpError  = `<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">`
	soundFault = `<?xml version="1.0"?>` + envelope + `<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>` + upnpError +
		`<errorCode>401</errorCode><errorDescription>Invalid Action</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`
)

// What answers look like.
func soapAnswerRows() []row {
	return []row{
		{
			id: "soap-keepalive-mix", // lbryio/aioupnp, tests/replays
			look: func(s *street) string {
				kept := func(request string) string { return s.changed(request, "Connection: close\r\n", "") }
				heads := s.head(kept(get("/description.xml"))) + "\n" + s.head(kept(s.anyCall()))
				return regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(heads, "Content-Length: N")
			},
			want: "HTTP/1.0 200 OK\r\nSERVER: LINUX/2.4 UPnP/1.0 BRCM400/1.0\r\nDATE: Sat, 01 Jan 2000 00:00:00 GMT\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\n" +
				"Cache-Control: max-age=1\r\nPRAGMA: no-cache\r\nConnection: Close, closed after 0s\n" +
				"HTTP/1.1 200 OK\r\nDATE: Sat, 01 Jan 2000 00:00:00 GMT\r\nConnection: Keep-Alive\r\nServer: LINUX/2.4 UPnP/1.0 BRCM400/1.0\r\n" +
				"Content-Length: N\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nEXT:, closed after 30s",
			sound: "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nExt:\r\n" +
				"Server: igdkit/1 UPnP/1.1 igdkit-emulator/1\r\nContent-Length: N, closed after 30s\n" +
				"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nDate: Sat, 01 Jan 2000 00:00:30 GMT\r\nExt:\r\n" +
				"Server: igdkit/1 UPnP/1.1 igdkit-emulator/1\r\nContent-Length: N, closed after 30s",
		},
		contentType("soap-odd-content-type", "Content-Type: application/soap+xml"),
		contentType("soap-odd-content-type: {type: application/xml}", "Content-Type: application/xml"),
		contentType("soap-odd-content-type: {type: text/soap+xml}", "Content-Type: text/soap+xml"),
		contentType("soap-odd-content-type: {edit: {remove: Content-Type}}", ""),
		{
			id: "soap-prefix-m", look: func(s *street) string { return s.text(s.anyCall()) },
			want: strings.NewReplacer("<u:", "<m:", "</u:", "</m:", "xmlns:u", "xmlns:m").Replace(soundIP), sound: soundIP,
		},
		{
			id: "soap-prefix-soapenv", look: resultAndFault,
			// With 100.100.100.100 it has the length that was captured, 404; and the fault has its 475.
			want: "<?xml version=\"1.0\"?>\n" + soapEnv + "<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">" +
				"<NewExternalIPAddress>" + external + "</NewExternalIPAddress></u:GetExternalIPAddressResponse></SOAP-ENV:Body>\n</SOAP-ENV:Envelope>\n" +
				soapEnv + "<SOAP-ENV:Fault>\n<faultcode>SOAP-ENV:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n<detail>\n" + upnpError +
				"\n<errorCode>401</errorCode>\n<errorDescription>Invalid Action</errorDescription>\n</UPnPError>\n</detail>\n</SOAP-ENV:Fault>\n</SOAP-ENV:Body>\n</SOAP-ENV:Envelope>\n",
			sound: soundIP + soundFault,
		},
		{
			id: "soap-prefix-soap-caps", look: resultAndFault,
			want: strings.NewReplacer("<s:", "<SOAP:", "</s:", "</SOAP:", " xmlns:s=", " xmlns:SOAP=", ">s:Client", ">SOAP:Client", " s:encodingStyle",
				` xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" SOAP:encodingStyle`).Replace(soundIP + soundFault),
			sound: soundIP + soundFault,
		},
		{
			id: "soap-no-xml-decl", look: resultAndFault,
			want: strings.ReplaceAll(soundIP+soundFault, `<?xml version="1.0"?>`, ""), sound: soundIP + soundFault,
		},
		{
			id: "soap-resp-ns-wrong", // alanmcgovern/Mono.Nat#27
			look: func(s *street) string {
				c := s.connections()[0]
				s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
				return regexp.MustCompile(`<u:[^>]*>`).FindString(s.text(c.of("DeletePortMapping", "TCP", 8080)))
			},
			want:  `<u:DeletePortMappingResponse xmlns:u="DeletePortMapping">`,
			sound: `<u:DeletePortMappingResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">`,
		},
		{
			id: "soap-resp-bad-entity", look: ampersand,
			want: `<NewPortMappingDescription>A & B</NewPortMappingDescription> begins "<?xml "`, sound: `<NewPortMappingDescription>A &amp; B</NewPortMappingDescription> begins "<?xml "`,
		},
		{
			id: `soap-resp-bad-entity: {damage: {prefix: "0d 0a"}}`, look: ampersand, // Thomson TWG850-4U
			want: `<NewPortMappingDescription>A &amp; B</NewPortMappingDescription> begins "\r\n<?xm"`, sound: `<NewPortMappingDescription>A &amp; B</NewPortMappingDescription> begins "<?xml "`,
		},
		{
			id: "soap-resp-blank", look: func(s *street) string { return s.text(s.anyCall()) }, // lbryio/aioupnp
			want: envelope + "<s:Body>\n</s:Body> </s:Envelope>", sound: soundIP,
		},
		{
			id:   `soap-resp-blank: {answer: '<u:{action}Response xmlns:u="{service}"></u:{action}Response>'}`,
			look: func(s *street) string { return s.text(s.anyCall()) },
			want: `<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"></u:GetExternalIPAddressResponse>`, sound: soundIP,
		},
		{
			id: "soap-bad-status-line",
			look: func(s *street) string {
				var all []string
				for _, r := range []string{s.anyCall(), s.connections()[0].request("NoSuchAction"), get("/description.xml")} {
					line, _, _ := strings.Cut(s.head(r), "\r\n")
					all = append(all, line)
				}
				return strings.Join(all, ", ")
			},
			want:  "HTTP/1.1 200OK, HTTP/1.1 500Internal Server Error, HTTP/1.1 200 OK",
			sound: "HTTP/1.1 200 OK, HTTP/1.1 500 Internal Server Error, HTTP/1.1 200 OK",
		},
	}
}

// soapEnv is how TP-Link's ipos begins.
const soapEnv = "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n<SOAP-ENV:Body>\n"

// What faults look like, and where there should be some.
func soapFaultRows() []row {
	return []row{
		{
			id: "soap-fault-camelcase", look: fault401, // nicotine-plus/nicotine-plus#2200
			want: "500 " + strings.ReplaceAll(envelope+`
  <s:Body>
    <s:Fault>
      <faultCode>s:Client</faultCode>
      <faultString>UPnPError</faultString>
      <detail>
        <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
          <errorCode>401</errorCode>
          <errorDescription>Invalid Action</errorDescription>
        </UPnPError>
      </detail>
    </s:Fault>
  </s:Body>
</s:Envelope>
`, "\n", "\r\n"),
			sound: "500 " + soundFault,
		},
		{
			id: "soap-fault-no-strings", look: fault401, // huin/goupnp#47
			want: "500 <?xml version=\"1.0\"?>\n" + envelope + "\n<s:Body>\n<s:Fault>\n<detail>\n" + upnpError +
				"\n<errorCode>401</errorCode>\n<errorDescription>Invalid Action</errorDescription>\n</UPnPError>\n</detail>\n</s:Fault>\n</s:Body>\n</s:Envelope>\n",
			sound: "500 " + soundFault,
		},
		{
			id: "soap-fault-no-description", look: fault401, // lbryio/aioupnp, tests/serialization/test_soap.py
			want: "500 <?xml version=\"1.0\"?>\n" + envelope + "\n\t<s:Body>\n\t\t<s:Fault>\n\t\t\t<faultcode>s:Client</faultcode>\n\t\t\t<faultstring>UPnPError</faultstring>\n\t\t\t<detail>\n" +
				"\t\t\t\t" + upnpError + "\n\t\t\t\t\t<errorCode>401</errorCode>\n\t\t\t\t\t\n\t\t\t\t</UPnPError>\n\t\t\t</detail>\n\t\t</s:Fault>\n\t</s:Body>\n</s:Envelope>\n",
			sound: "500 " + soundFault,
		},
		{
			id: "soap-fault-odd-text", look: func(s *street) string { return s.descriptions(402, 403, 501, 606, 718, 714) },
			want:  "No RemoteHost, Not available Action, PAL_UPNP_SOAP_E_ACTION_FAILED, Unknown Error Code, Mapping conflicts, NoSuchEntryInArray",
			sound: "Invalid Args, Out of Sync, Action Failed, Action not authorized, ConflictInMappingEntry, NoSuchEntryInArray",
		},
		{
			id: "soap-fault-odd-text: {action-failed: Port mapping table id full !}", look: func(s *street) string { return s.descriptions(501) }, // libp2p/go-libp2p#3057
			want: "Port mapping table id full !", sound: "Action Failed",
		},
		{
			id: "soap-fault-in-200", look: fault401,
			want: "200 " + soundFault, sound: "500 " + soundFault,
		},
		{
			id: "soap-500-empty",
			look: func(s *street) string {
				c := s.connections()[0]
				answer, _ := s.exchange(c.add("TCP", 8080, "192.168.1.10", 0))
				_, body, _ := strings.Cut(answer, "\r\n\r\n")
				return s.outcomes(c.add("TCP", 8080, "192.168.1.10", 0), s.anyCall()) + fmt.Sprint(", ", len(body) > 0, ", ", len(s.listed(c)), " listed")
			},
			want: "500, 200, false, 0 listed", sound: "200, 200, true, 1 listed",
		},
		{
			id: "soap-natrsip-fails", look: natrsip,
			want: "500 501, mapped", sound: "200 NATEnabled 1, mapped",
		},
		{
			id: "soap-natrsip-fails: {answer: {set: {NewNATEnabled: 0}}}", look: natrsip,
			want: "200 NATEnabled 0, mapped", sound: "200 NATEnabled 1, mapped",
		},
		{
			id: "soap-bad-request-503",
			look: func(s *street) string {
				return s.outcomes(s.changed(s.anyCall(), "<s:Envelope", "<Letter", "</s:Envelope>", "</Letter>"), s.changed(s.anyCall(), "</s:Envelope>", ""), s.anyCall())
			},
			want: "503, 503, 200", sound: "400, 200, 200",
		},
		{
			id: "soap-upnp-hangs-after-n",
			look: func(s *street) string {
				c := s.connections()[0]
				said := s.outcomes(c.add("TCP", 8001, "192.168.1.10", 0), c.add("UDP", 8001, "192.168.1.10", 0), s.anyCall(), c.of("DeletePortMapping", "TCP", 8001), s.anyCall())
				said += ", pages " + s.outcome(get("/description.xml"))
				if err := s.gateways[0].Reboot(emulator.Reboot{}); err != nil {
					s.t.Fatal(err)
				}
				return said + ", rebooted " + s.outcomes(s.anyCall(), c.add("TCP", 8001, "192.168.1.10", 0))
			},
			want: "200, 200, silence, silence, silence, pages 200, rebooted 200, 200", sound: "200, 200, 200, 200, 200, pages 200, rebooted 200, 200",
		},
	}
}

// Whom a request says it calls.
func soapHostRows() []row {
	return []row{
		{
			id: "soap-host-not-ip-404", // MiniUPnPd's upnphttp.c
			look: func(s *street) string {
				c := s.connections()[0].request("GetExternalIPAddress")
				return s.outcomes(c, s.changed(c, "Host: 192.168.1.1", "Host: [fe80::1]:5000"), s.changed(c, "Host: 192.168.1.1\r\n", "")) + " " +
					s.unlessOK(s.changed(c, "Host: 192.168.1.1", "Host: router.lan:5000"))
			},
			want: "200, 200, 200 HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 134\r\n" +
				"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n" +
				"<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD><BODY><H1>Not Found</H1>The requested URL was not found on this server.</BODY></HTML>\r\n",
			sound: "200, 200, 200 200",
		},
		{
			id: "soap-host-scope-id", look: scopes,
			want: "400, 400, 200", sound: "200, 200, 200",
		},
		{
			id: "soap-host-scope-id: {status: 404}", look: scopes,
			want: "404, 404, 200", sound: "200, 200, 200",
		},
		{
			id: "soap-version-mismatch-400", // nicotine-plus/nicotine-plus#1566
			look: func(s *street) string {
				here := strings.TrimPrefix(strings.TrimSuffix(s.gateways[0].Location(), "/description.xml"), "http://")
				right := s.changed(s.anyCall(), "Host: 192.168.1.1", "Host: "+here)
				return s.outcomes(right, s.changed(right, "Connection:1#", "Connection:2#"), s.changed(right, `Connection:1">`, `Connection:2">`),
					s.changed(right, here, "192.168.1.1:47476"), s.changed(right, here, "192.168.1.1"))
			},
			want: "200, 400, 400, 400, 400", sound: "200, 500 401, 500 401, 200, 200",
		},
	}
}

func resultAndFault(s *street) string {
	return s.text(s.anyCall()) + s.text(s.connections()[0].request("NoSuchAction"))
}

func fault401(s *street) string {
	answer, _ := s.exchange(s.connections()[0].request("NoSuchAction"))
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	return strings.Fields(head)[1] + " " + body
}

func natrsip(s *street) string {
	c := s.connections()[0]
	request := c.request("GetNATRSIPStatus")
	said := s.outcome(request)
	if said == "200" {
		said += " NATEnabled " + s.ok(request)["NewNATEnabled"]
	}
	s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
	if s.tcp(s.run("8080")) {
		said += ", mapped"
	}
	return said
}

func ampersand(s *street) string {
	c := s.connections()[0]
	answer := s.text(s.changed(c.add("TCP", 8080, "192.168.1.10", 0), ">row<", ">A &amp; B<"))
	for i := range 2 {
		if entry := s.text(c.at(i)); strings.Contains(entry, "<NewExternalPort>8080<") {
			return regexp.MustCompile(`<NewPortMappingDescription>.*</NewPortMappingDescription>`).FindString(entry) + fmt.Sprintf(" begins %q", entry[:6])
		}
	}
	return "it is not listed: " + answer
}

func scopes(s *street) string {
	return s.outcomes(s.changed(s.anyCall(), "Host: 192.168.1.1", "Host: [fe80::1%eth0]:5000"), s.changed(get("/description.xml"), "192.168.1.1", "[fe80::1%25en0]"),
		s.changed(s.anyCall(), "192.168.1.1", "[fe80::1]:5000"))
}

func contentType(id, want string) row {
	return row{
		id: id,
		look: func(s *street) string {
			return regexp.MustCompile(`(?i)content-type:[^\r]*`).FindString(s.head(s.anyCall()))
		},
		want: want, sound: `Content-Type: text/xml; charset="utf-8"`,
	}
}
