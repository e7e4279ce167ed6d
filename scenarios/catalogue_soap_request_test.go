package scenarios_test

import "regexp"

// How a request must be written.
func soapRequestRows() []row {
	return []row{
		{
			id: "soap-header-case", // syncthing/syncthing#1696
			look: func(s *street) string {
				return s.outcome(s.anyCall()) + " " + s.unlessOK(s.changed(s.anyCall(), "SOAPAction", "Soapaction"))
			},
			want: "200 HTTP/1.0 501 Not Implemented\r\nServer: Apache\r\nPragma: no-cache\r\nCache-Control: max-age=0, must-revalidate\r\n" +
				"Connection: close\r\nContent-type: text/html\r\n\r\n" +
				"<HEAD><TITLE>501 Not Implemented</TITLE></HEAD>\n<BODY><H1>501 Not Implemented</H1>\n" +
				"We are sorry to be unable to perform the method POST to non-script at this time.<P>\n",
			sound: "200 200",
		},
		{
			id:   "soap-action-quotes-needed",
			look: func(s *street) string { return s.outcomes(s.unquoted(), s.anyCall()) },
			want: "500 401, 200", sound: "200, 200",
		},
		{
			id:   "soap-action-unquoted-swallows", // nicotine-plus/nicotine-plus#973
			look: func(s *street) string { return s.outcomes(s.unquoted(), s.anyCall()) },
			want: "500 501, 200", sound: "200, 200",
		},
		{
			id: "soap-action-missing-401",
			look: func(s *street) string {
				return s.outcomes(s.named(`""`), s.named("GetExternalIPAddress"), s.named(""), s.anyCall())
			},
			want: "500 401, 500 401, 400, 200", sound: "400, 400, 400, 200",
		},
		{
			id: "soap-leading-whitespace-400", // syncthing/syncthing#914
			look: func(s *street) string {
				return s.outcomes(s.changed(s.anyCall(), "<?xml", "\t<?xml"), s.changed(s.anyCall(), "<?xml", " <?xml"), s.anyCall())
			},
			want: "400, 400, 200", sound: "200, 200, 200",
		},
		{
			id: "soap-newlines-rejected",
			look: func(s *street) string {
				return s.outcomes(s.changed(s.anyCall(), "<s:Body>", "<s:Body>\n"), s.changed(s.anyCall(), "?><", "?>\r\n  <"), s.anyCall())
			},
			want: "closed, closed, 200", sound: "200, 200, 200",
		},
		{
			id: "soap-12-namespace-rejected",
			look: func(s *street) string {
				const new = "http://www.w3.org/2003/05/soap-envelope"
				return s.outcomes(s.changed(s.anyCall(), "http://schemas.xmlsoap.org/soap/envelope/", new),
					s.changed(s.anyCall(), "http://schemas.xmlsoap.org/soap/envelope/", new+"/"), s.anyCall())
			},
			want: "closed, closed, 200", sound: "200, 200, 200",
		},
		{
			id: "soap-entities-not-decoded",
			look: func(s *street) string {
				c := s.connections()[0]
				s.ok(s.changed(c.add("TCP", 8080, "192.168.1.10", 0), ">row<", ">&quot;a&quot; &#39;b&#39; &amp; &lt;c&gt;<"))
				return s.ok(c.at(0))["NewPortMappingDescription"]
			},
			want: "&quot;a&quot; &#39;b&#39; & <c>", sound: `"a" 'b' & <c>`,
		},
		{
			id: "soap-needs-mpost",
			look: func(s *street) string {
				man := "MAN: \"http://schemas.xmlsoap.org/soap/envelope/\"; ns=01\r\n"
				return s.outcomes(s.anyCall(), s.changed(s.anyCall(), "POST", "M-POST", "SOAPAction", man+"01-SOAPACTION"))
			},
			want: "405, 200", sound: "200, 405",
		},
		{
			id: "soap-501-html", // ofekp/TinyUPnP#19
			look: func(s *street) string {
				return s.unlessOK(get("/description.xml")) + " " + s.unlessOK(s.anyCall())
			},
			want: "200 HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-type: text/html\r\n\r\n" +
				"<HTML><HEAD><TITLE>501 Not Implemented</TITLE></HEAD><BODY><H1>Not Implemented</H1>The HTTP Method is not implemented by this server.</BODY></HTML>\r\n",
			sound: "200 200",
		},
	}
}

// Which actions there are, and where.
func soapServiceRows() []row {
	const other = "urn:schemas-upnp-org:service:WANPPPConnection:1"
	return []row{
		{
			id: "soap-dispatch-header-only",
			look: func(s *street) string {
				request := s.changed(s.named(`"`+other+`#GetExternalIPAddress"`), "/control/WANIPConnection1", "/control/Layer3Forwarding1",
					"<u:GetExternalIPAddress ", "<u:Anything ", "</u:GetExternalIPAddress>", "</u:Anything>")
				answer, _ := s.exchange(request)
				return s.outcome(request) + " " + regexp.MustCompile(`<u:.*</u:[A-Za-z]*>`).FindString(answer)
			},
			want: `200 <u:GetExternalIPAddressResponse xmlns:u="` + other + `"><NewExternalIPAddress>` + external +
				`</NewExternalIPAddress></u:GetExternalIPAddressResponse>`,
			sound: "500 401 ",
		},
		{
			id: "soap-unknown-action-rst", // miniupnp/miniupnp#528
			look: func(s *street) string {
				c := s.connections()[0]
				return s.outcomes(c.request("NoSuchAction"), c.addAny("TCP", 8080, "192.168.1.10", 0), c.add("TCP", 8080, "192.168.1.10", 0))
			},
			want: "reset, reset, 200", sound: "500 401, 500 401, 200",
		},
		{
			id: "soap-unknown-action-401", // miniupnp/miniupnp#665
			look: func(s *street) string {
				c := s.connections()[0]
				answer, _ := s.exchange(c.addAny("TCP", 8080, "192.168.1.10", 3600))
				return s.outcomes(c.addAny("TCP", 8081, "192.168.1.10", 3600), c.add("TCP", 8082, "192.168.1.10", 3600)) + " " +
					regexp.MustCompile(`<errorDescription>.*</errorDescription>`).FindString(answer)
			},
			want: "500 401, 200 <errorDescription>Invalid Action</errorDescription>", sound: "200, 200 ",
		},
	}
}

// addAny is a call of AddAnyPortMapping; the internal port is the external one.
func (c connection) addAny(protocol string, port int, client string, lease int) string {
	return regexp.MustCompile(`\bAddPortMapping\b`).ReplaceAllString(c.add(protocol, port, client, lease), "AddAnyPortMapping")
}
