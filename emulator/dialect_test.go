package emulator

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/internal/ssdp"
	"github.com/igdkit/igdkit/soap"
)

// plain is a tree with one connection service and nothing else.
func plain(service ServiceNode) *DeviceNode {
	return &DeviceNode{Type: deviceURN + "InternetGatewayDevice:1", Services: []ServiceNode{service}}
}

func TestURLs(t *testing.T) {
	ip := ServiceNode{Type: serviceURN + "WANIPConnection:1"}
	ppp := ServiceNode{Type: serviceURN + "WANPPPConnection:1"}
	with := func(n ServiceNode, scpd, control, events Template) ServiceNode {
		n.SCPD, n.Control, n.Events = scpd, control, events
		return n
	}
	for _, tt := range []struct {
		name     string
		service  ServiceNode
		path     Template // of the description
		get      string
		control  string
		disagree string // a target that leads nowhere
	}{
		{"query", with(ip, "", "/control?WANIPConnection", "/event?WANIPConnection"), "", "/description.xml", "/control?WANIPConnection", "/control"},
		{"another query", with(ip, "", "/control?WANIPConnection", ""), "", "/description.xml", "/control?WANIPConnection", "/control?WANPPPConnection"},
		{"escaped query", with(ip, "", "/control?WANIPConnection", ""), "", "/description.xml", "/control?WANIPConnection", "/control%3FWANIPConnection"},
		{"colons", with(ppp, "/dynsvc/WANPPPConnection:1.xml", "/{udn}/WANPPPConnection:1", ""), "/dyndev/{udn}", "/dyndev/uuid:a-b", "/uuid:a-b/WANPPPConnection:1", "/"},
		{"absolute", with(ip, "http://{host}:{port}/s.xml", "http://{host}:{port}/ipc", "http://{host}:80/ev"), "", "/s.xml", "/ipc", "/ipc/"},
		{"relative", with(ip, "s.xml", "upnp/ipc", ""), "/igd/d.xml", "/igd/s.xml", "/igd/upnp/ipc", "/upnp/ipc"},
		{"relative to the root", with(ip, "s.xml", "ipc", ""), "/d.xml", "/s.xml", "/ipc", "ipc"},
		{"one URL for control and events", with(ip, "", "/c", "/c"), "", "/description.xml", "/c", "/event"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, kind, _ := strings.Cut(tt.service.Type, ":service:")
			kind, _, _ = strings.Cut(kind, ":")
			c := call1(t, Options{Version: 1, Connection: kind, UDN: "uuid:a-b", Dialect: Dialect{Description: DescriptionDialect{Path: tt.path, Tree: plain(tt.service)}}})
			if reply := c.request("GET", tt.get, nil, nil); !strings.Contains(reply.Line, " 200 ") {
				t.Errorf("GET %s: %s", tt.get, reply.Line)
			}
			urn := tt.service.Type
			header := http1.Fields{{Name: "SOAPAction", Value: `"` + urn + `#GetExternalIPAddress"`}}
			body := soap.WriteRequest(urn, "GetExternalIPAddress", nil)
			if reply := c.request("POST", tt.control, header, body); !strings.Contains(reply.Line, " 200 ") {
				t.Errorf("POST %s: %s", tt.control, reply.Line)
			}
			if reply := c.request("POST", tt.disagree, header, body); !strings.Contains(reply.Line, " 404 ") {
				t.Errorf("POST %s: %s", tt.disagree, reply.Line)
			}
		})
	}
}

// Two services with one URL are told apart by the type that is asked for; one that nobody knows has no actions; and one may have only
// some of the standard's.
func TestServices(t *testing.T) {
	tree := plain(ServiceNode{Type: serviceURN + "WANIPConnection:1", Control: "/c", Actions: []string{"GetExternalIPAddress"}})
	tree.Services = append(tree.Services,
		ServiceNode{Type: serviceURN + "WANPPPConnection:2", Control: "/c"}, // as Livebox 3 has it
		ServiceNode{Type: "urn:schemas-microsoft-com:service:OSInfo:1", Control: "/c"},
		ServiceNode{Type: "urn:dslforum-org:service:WANIPConnection:1", Control: "/d"},
	)
	c := call1(t, Options{Version: 1, Dialect: Dialect{Description: DescriptionDialect{Tree: tree}}})
	for _, tt := range []struct {
		path, urn, action string
		code              int
	}{
		{"/c", serviceURN + "WANIPConnection:1", "GetExternalIPAddress", 0},
		{"/c", serviceURN + "WANIPConnection:1", "GetStatusInfo", 401},
		{"/c", serviceURN + "WANPPPConnection:2", "GetStatusInfo", 0},
		{"/c", serviceURN + "WANPPPConnection:1", "GetStatusInfo", 0},
		{"/c", "urn:schemas-microsoft-com:service:OSInfo:1", "MagicOn", 401},
		{"/d", "urn:dslforum-org:service:WANIPConnection:1", "GetStatusInfo", 0},
		{"/d", serviceURN + "WANIPConnection:1", "GetStatusInfo", 401},
	} {
		reply := c.request("POST", tt.path, http1.Fields{{Name: "SOAPAction", Value: `"` + tt.urn + "#" + tt.action + `"`}}, soap.WriteRequest(tt.urn, tt.action, nil))
		if code, _ := c.read(reply, tt.urn, tt.action); code != tt.code {
			t.Errorf("%s#%s at %s: %d, want %d", tt.urn, tt.action, tt.path, code, tt.code)
		}
	}
	few := string(c.request("GET", "/scpd/WANIPConnection1.xml", nil, nil).Body)
	if !strings.Contains(few, "<name>GetExternalIPAddress</name>") || strings.Contains(few, "GetStatusInfo") {
		t.Errorf("the SCPD has not the one action:\n%s", few)
	}
	if none := string(c.request("GET", "/scpd/OSInfo1.xml", nil, nil).Body); strings.Contains(none, "actionList") || !strings.Contains(none, "<scpd") {
		t.Errorf("the SCPD of an unknown service:\n%s", none)
	}
}

func TestReadingSOAP(t *testing.T) {
	urn := serviceURN + "WANIPConnection:1"
	const (
		quoted = `"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`
		bare   = `urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress`
		other  = `"urn:anything#GetExternalIPAddress"`
	)
	field := func(name, value string) http1.Fields { return http1.Fields{{Name: name, Value: value}} }
	for _, tt := range []struct {
		name   string
		d      SOAPDialect
		fields http1.Fields
		path   string
		want   string // status and error
	}{
		{"ideal", SOAPDialect{}, field("soapaction", bare), "/control/WANIPConnection1", "200 0"},
		{"quotes", SOAPDialect{Quotes: new(true)}, field("SOAPAction", quoted), "/control/WANIPConnection1", "200 0"},
		{"no quotes", SOAPDialect{Quotes: new(true)}, field("SOAPAction", bare), "/control/WANIPConnection1", "400 0"},
		{"spelling", SOAPDialect{Header: "SOAPAction"}, field("SOAPAction", quoted), "/control/WANIPConnection1", "200 0"},
		{"another spelling", SOAPDialect{Header: "SOAPAction"}, field("Soapaction", quoted), "/control/WANIPConnection1", "400 0"},
		{"no action", SOAPDialect{NoAction: Refusal{Code: 401}}, nil, "/control/WANIPConnection1", "500 401"},
		{"no action, no SOAP", SOAPDialect{NoAction: Refusal{HTTPStatus: &StatusReply{Status: 501}}}, nil, "/control/WANIPConnection1", "501 0"},
		{"no action in it", SOAPDialect{NoAction: Refusal{Code: 401}}, field("SOAPAction", `""`), "/control/WANIPConnection1", "500 401"},
		{"bad action", SOAPDialect{BadAction: &Refusal{Code: 402}}, field("SOAPAction", `"nonsense"`), "/control/WANIPConnection1", "500 402"},
		{"bad action, not there", SOAPDialect{BadAction: &Refusal{Code: 402}}, nil, "/control/WANIPConnection1", "400 0"},
		{"bad action for want of quotes", SOAPDialect{BadAction: &Refusal{Code: 402}, Quotes: new(true)}, field("SOAPAction", bare), "/control/WANIPConnection1", "500 402"},
		{"strict", SOAPDialect{}, field("SOAPAction", other), "/control/WANIPConnection1", "500 401"},
		{"header", SOAPDialect{Dispatch: "header"}, field("SOAPAction", other), "/control/WANIPConnection1", "200 0"},
		{"header at another service", SOAPDialect{Dispatch: "header"}, field("SOAPAction", other), "/control/Layer3Forwarding1", "200 0"},
		{"header without a type", SOAPDialect{Dispatch: "header"}, field("SOAPAction", `"nonsense"`), "/control/WANIPConnection1", "500 401"},
		{"status of faults", SOAPDialect{FaultStatus: 200}, field("SOAPAction", other), "/control/WANIPConnection1", "200 401"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := call1(t, Options{Version: 1, Dialect: Dialect{SOAP: tt.d}})
			reply := c.request("POST", tt.path, tt.fields, soap.WriteRequest(urn, "GetExternalIPAddress", nil))
			code := 0
			if msg, _, err := soap.Parse(reply.Body, "", soap.Limits{}); err == nil && msg.Fault != nil {
				code = msg.Fault.UPnPCode
			}
			status, _, _ := strings.Cut(strings.TrimPrefix(reply.Line, "HTTP/1.1 "), " ")
			if got := fmt.Sprintf("%s %d", status, code); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if tt.d.Dispatch == "header" && code == 0 && !strings.Contains(string(reply.Body), `xmlns:u="urn:anything"`) {
				t.Errorf("what was asked for is not echoed: %s", reply.Body)
			}
		})
	}
}

func TestWritingSOAP(t *testing.T) {
	const argument = "<NewExternalIPAddress>45.66.77.88</NewExternalIPAddress>"
	begin := func(prefix string) string {
		return "<" + prefix + ":Envelope xmlns:" + prefix + `="http://schemas.xmlsoap.org/soap/envelope/" ` + prefix + `:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><` + prefix + ":Body>"
	}
	for _, tt := range []struct {
		name string
		d    SOAPDialect
		want string
	}{
		{"prefixes", SOAPDialect{Envelope: "SOAP-ENV", Prefix: "m"}, `<?xml version="1.0"?>` + begin("SOAP-ENV") +
			`<m:GetExternalIPAddressResponse xmlns:m="urn:schemas-upnp-org:service:WANIPConnection:1">` + argument + "</m:GetExternalIPAddressResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"},
		{"declaration", SOAPDialect{Declaration: new("")}, begin("s") +
			`<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">` + argument + "</u:GetExternalIPAddressResponse></s:Body></s:Envelope>"},
		{"pretty", SOAPDialect{LineEnd: "crlf", Response: "{declaration}\n<R of=\"{service-type}\">\n  {arguments}\n</R>\n", Argument: "<{name}>\n {value}\n</{name}>\n"},
			"<?xml version=\"1.0\"?>\r\n<R of=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\r\n  <NewExternalIPAddress>\r\n   45.66.77.88\r\n  </NewExternalIPAddress>\r\n</R>\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := call1(t, Options{Version: 1, Dialect: Dialect{SOAP: tt.d}})
			urn := serviceURN + "WANIPConnection:1"
			reply := c.request("POST", c.path(ipConnection), http1.Fields{{Name: "SOAPAction", Value: `"` + urn + `#GetExternalIPAddress"`}}, soap.WriteRequest(urn, "GetExternalIPAddress", nil))
			if diff := cmp.Diff(tt.want, string(reply.Body)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestHeads(t *testing.T) {
	c := call1(t, Options{Clock: NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), Dialect: Dialect{
		Server: new("A/1"),
		HTTP: HTTPDialect{
			Server:          new(""),
			Description:     "HTTP/1.0 {status} Fine\nSERVER: {server}\nAllow: {allow}\nContent-type:{type}\nDEFUNCT\n",
			DescriptionType: new("application/octet-stream"),
			Pages:           map[string]string{"404": "<p>gone</p>"},
		},
	}})
	reply := c.request("GET", "/description.xml", nil, nil)
	head, _, _ := strings.Cut(string(reply.Append(nil)), "\r\n\r\n")
	if want := "HTTP/1.0 200 Fine\r\nSERVER: \r\nContent-type:application/octet-stream\r\nDEFUNCT"; head != want {
		t.Errorf("head %q, want %q", head, want)
	}
	if reply.End != http1.FIN {
		t.Error("an answer without a length does not end the connection")
	}
	got := string(c.request("GET", "/nothing", http1.Fields{{Name: "Connection", Value: "close"}}, nil).Append(nil))
	want := "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nExt:\r\nServer: \r\nConnection: close\r\nContent-Length: 11\r\n\r\n<p>gone</p>"
	if got != want {
		t.Errorf("refusal %q, want %q", got, want)
	}
}

func TestDocuments(t *testing.T) {
	describe := func(d DescriptionDialect) (*http1.Reply, string) {
		if d.Device == "" {
			d.Device = "<device>\n <UDN>{udn}</UDN>\n</device>\n"
		}
		c := call1(t, Options{Version: 1, UDN: "uuid:a", Dialect: Dialect{Description: d}})
		reply := c.request("GET", "/description.xml", nil, nil)
		return reply, string(reply.Body)
	}
	const document Template = "<root>\n <URLBase>{url-base}</URLBase>\n {device}\n</root>\n"
	for _, tt := range []struct {
		name, want string
		d          DescriptionDialect
	}{
		{"no URLBase", "<root>\n <device>\n  <UDN>uuid:a</UDN>\n </device>\n</root>\n", DescriptionDialect{}},
		{"URLBase", "<root>\n <URLBase>http://127.0.0.1:1</URLBase>\n <device>\n  <UDN>uuid:a</UDN>\n </device>\n</root>\n", DescriptionDialect{URLBase: new(Template("http://{host}:1"))}},
		{"crlf", "<root>\r\n <device>\r\n  <UDN>uuid:a</UDN>\r\n </device>\r\n</root>\r\n", DescriptionDialect{LineEnd: "crlf"}},
		{"one line", "<root><device><UDN>uuid:a</UDN></device></root>", DescriptionDialect{LineEnd: "none"}},
		{"Latin", "<root>\n <device><n>\xe9?</n></device>\n</root>\n", DescriptionDialect{Encoding: "iso-8859-1", Device: "<device><n>é€</n></device>"}},
		{"wide", "\xfe\xff\x00<\x00a\x00>\x20\xac", DescriptionDialect{Encoding: "utf-16", Document: "<a>€"}},
		{"lists of an unusual kind", "<root>\n <device>\n <deviceList a=\"b\">\n <device>uuid:a</device>\n  </deviceList>\n <service/>\n  <service>urn:a:service:D:1</service>\n </device>\n</root>\n", DescriptionDialect{
			Service: "<service/>", Tree: &DeviceNode{Type: "urn:a:device:B:1", Device: "<device>\n<deviceList a=\"b\">\n{device-items}\n </deviceList>\n{service-items}\n</device>",
				Services: []ServiceNode{{Type: "urn:a:service:C:1"}, {Type: "urn:a:service:D:1", Service: " <service>{type}</service>\n"}},
				Devices:  []DeviceNode{{Type: "urn:a:device:C:1", UDN: "uuid:a", Device: "<device>{udn}</device>"}}},
			Indent: new("")}},
		{"empty lists", "<root>\n <device>\n  <deviceList>\n  </deviceList>\n </device>\n</root>\n", DescriptionDialect{Device: "<device>\n <deviceList>\n {device-items}\n </deviceList>\n</device>\n",
			Tree: &DeviceNode{Type: "urn:a:device:B:1"}}},
		{"a name with markup", "<root>\n <device>&lt;&amp;</device>\n</root>\n", DescriptionDialect{Device: "<device>{name}</device>", Tree: &DeviceNode{Type: "urn:a:device:B:1", Name: "<&"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.d.Document == "" {
				tt.d.Document = document
			}
			if _, got := describe(tt.d); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// The order and spelling are those of UDA 1.1 §1.2.2, §1.2.3, §1.2.4 and §1.3.3.
func TestIdealSSDP(t *testing.T) {
	d := newSSDPDialect(&Dialect{Server: new("a b")})
	ad := advertisement{location: "http://192.168.1.1/d.xml", bootID: 5, nextBootID: 6, configID: 7, dialect: &d}
	s := &ssdpServer{group: netip.MustParseAddrPort(ssdp.GroupV4)}
	to := newTarget("uuid:1", "upnp:rootdevice")
	for _, tt := range []struct {
		name string
		head *head
		want string
	}{
		{"reply", d.reply, "HTTP/1.1 200 OK\nCACHE-CONTROL: max-age=1800\nDATE: D\nEXT:\nLOCATION: http://192.168.1.1/d.xml\nSERVER: a b\nST: upnp:rootdevice\n" +
			"USN: uuid:1::upnp:rootdevice\nBOOTID.UPNP.ORG: 5\nCONFIGID.UPNP.ORG: 7\n\n"},
		{"alive", d.alive, "NOTIFY * HTTP/1.1\nHOST: 239.255.255.250:1900\nCACHE-CONTROL: max-age=1800\nLOCATION: http://192.168.1.1/d.xml\nNT: upnp:rootdevice\n" +
			"NTS: ssdp:alive\nSERVER: a b\nUSN: uuid:1::upnp:rootdevice\nBOOTID.UPNP.ORG: 5\nCONFIGID.UPNP.ORG: 7\n\n"},
		{"byebye", d.byebye, "NOTIFY * HTTP/1.1\nHOST: 239.255.255.250:1900\nNT: upnp:rootdevice\nNTS: ssdp:byebye\nUSN: uuid:1::upnp:rootdevice\n" +
			"BOOTID.UPNP.ORG: 5\nCONFIGID.UPNP.ORG: 7\n\n"},
		{"update", d.update, "NOTIFY * HTTP/1.1\nHOST: 239.255.255.250:1900\nLOCATION: http://192.168.1.1/d.xml\nNT: upnp:rootdevice\nNTS: ssdp:update\n" +
			"USN: uuid:1::upnp:rootdevice\nBOOTID.UPNP.ORG: 5\nCONFIGID.UPNP.ORG: 7\nNEXTBOOTID.UPNP.ORG: 6\n\n"},
	} {
		m := s.message(tt.head, ad, to, to.nt)
		got := regexp.MustCompile("DATE: [^\r]*").ReplaceAllString(string(m.Append(nil)), "DATE: D")
		if diff := cmp.Diff(strings.ReplaceAll(tt.want, "\n", "\r\n"), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestAnswers(t *testing.T) {
	const (
		igd1 = deviceURN + "InternetGatewayDevice:1"
		igd2 = deviceURN + "InternetGatewayDevice:2"
		ip2  = serviceURN + "WANIPConnection:2"
	)
	root := targetsOf(&device{kind: igd2, udn: "uuid:a", services: []*service{{typ: ip2, device: &device{udn: "uuid:a"}}}}, "uuid:a",
		[]Claim{{Type: serviceURN + "Noise:1"}})
	for _, tt := range []struct {
		name string
		d    SSDPDialect
		st   string
		want []string
	}{
		{"lower version", SSDPDialect{}, igd1, []string{igd1}},
		{"own version", SSDPDialect{Version: "own"}, igd1, []string{igd2}},
		{"all", SSDPDialect{}, ssdp.All, []string{"upnp:rootdevice", "uuid:a", igd2, ip2, serviceURN + "Noise:1"}},
		{"all, first only", SSDPDialect{All: "first"}, ssdp.All, []string{"upnp:rootdevice"}},
		{"all, not at all", SSDPDialect{All: "none"}, ssdp.All, nil},
		{"services only", SSDPDialect{Answers: []string{"service"}}, igd2, nil},
		{"services only, a service", SSDPDialect{Answers: []string{"service"}}, ip2, []string{ip2}},
		{"rootdevice only", SSDPDialect{Answers: []string{"rootdevice"}}, ssdp.All, []string{"upnp:rootdevice"}},
		{"one type", SSDPDialect{Answers: []string{igd2}}, ssdp.All, []string{igd2}},
		{"noise", SSDPDialect{}, serviceURN + "Noise:1", []string{serviceURN + "Noise:1"}},
	} {
		d := newSSDPDialect(&Dialect{SSDP: tt.d})
		var got []string
		for _, r := range d.choose(matching(root, tt.st), tt.st) {
			got = append(got, r.st)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestDialectProblems(t *testing.T) {
	tree := plain(ServiceNode{Type: serviceURN + "WANIPConnection:1", WAN: 1, Actions: []string{"GetExternalIP"}, Control: "/{prot}"})
	tree.UDN = "a"
	tree.Services[0].Service = "{name}"
	tree.Devices = []DeviceNode{{Type: "a b"}}
	o := Options{Dialect: Dialect{
		Server:      new("a\r\nb"),
		SSDP:        SSDPDialect{MaxAge: Duration(time.Second / 2), Reply: "HTTP/1.1 200 OK\n\nST: {st}\nUSN: {uns}"},
		Description: DescriptionDialect{Path: "description.xml", Tree: tree},
		HTTP:        HTTPDialect{Head: "{status} {sid} {hex 8}", Pages: map[string]string{"x": ""}},
		SOAP:        SOAPDialect{Fault: "{arguments}", Descriptions: map[string]string{"6o6": ""}, FaultStatus: 1000, NoAction: Refusal{Code: 1}, Malformed: Refusal{401, &StatusReply{Status: 1000, Head: "a\n\nb"}}, Methods: []string{"M-PUT"}, Entities: []string{"am"}},
	}}
	var got []string
	for _, p := range o.Problems() {
		got = append(got, p.Error())
	}
	want := []string{
		`dialect\.server: must be one line`,
		`dialect\.ssdp\.max-age: must be whole seconds, not 500ms`,
		`dialect\.ssdp\.reply: there is no word \{uns\} here, only .*; did you mean "usn"\?`,
		`dialect\.ssdp\.reply: line 2 is empty: a head ends there`,
		`dialect\.description\.path: must begin with a slash`,
		`dialect\.description\.tree\.udn: must begin with uuid:`,
		`dialect\.description\.tree\.services\[0\]\.service: there is no word \{name\} here, only \{host\}.*`,
		`dialect\.description\.tree\.services\[0\]\.control: there is no word \{prot\} here, only .*; did you mean "port"\?`,
		`dialect\.description\.tree\.services\[0\]\.wan: there is no connection 1: wan has 1, counted from 0`,
		`dialect\.description\.tree\.services\[0\]\.actions\[0\]: urn:schemas-upnp-org:service:WANIPConnection:1 has no action "GetExternalIP"; did you mean "GetExternalIPAddress"\?`,
		`dialect\.description\.tree\.devices\[0\]\.type: "a b" is no URN, such as urn:schemas-upnp-org:device:InternetGatewayDevice:1`,
		`dialect\.http\.head: there is no word \{hex 8\} here, only .*`,
		`dialect\.http\.pages\.x: "x" is no HTTP status of a refusal`,
		`dialect\.soap\.fault: there is no word \{arguments\} here, only .*`,
		`dialect\.soap\.descriptions\.6o6: "6o6" is no UPnP error code`,
		`dialect\.soap\.fault-status: 1000 is no HTTP status of an answer`,
		`dialect\.soap\.no-action: 1 is no UPnP error code`,
		`dialect\.soap\.malformed\.http-status: there is a UPnP error already`,
		`dialect\.soap\.malformed\.http-status: 1000  is no status from 100 to 999 with a reason and a type on one line each`,
		`dialect\.soap\.malformed\.http-status\.head: line 2 is empty: a head ends there`,
		`dialect\.soap\.methods\[0\]: "M-PUT" is not one of POST, M-POST.*`,
		`dialect\.soap\.entities\[0\]: "am" is not one of amp, lt, gt, quot, apos, numeric; did you mean "amp"\?`,
		`igd: is 2, and dialect\.description\.tree is an InternetGatewayDevice:1`,
		`wan\[0\]: no service of dialect\.description\.tree serves this connection: add a WANIPConnection with wan: 0 there`,
	}
	for i := range want {
		if i < len(got) && regexp.MustCompile("^"+want[i]+"$").MatchString(got[i]) {
			want[i] = got[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
