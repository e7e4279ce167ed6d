package client

import (
	"embed"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/soap"
)

//go:embed testdata/*.xml
var devices embed.FS

// read parses a description as if it came from location.
func read(t *testing.T, text, location string) *document {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	responder, _ := netip.ParseAddr(u.Hostname())
	xml, quirks, err := soap.ReadXML([]byte(text), "text/xml", soap.Limits{Size: maxDescriptionSize, Depth: maxDepth})
	if err != nil {
		t.Fatal(err)
	}
	d := readDocument(xml, u, trust{responder: responder})
	if d == nil {
		t.Fatal("no document")
	}
	d.quirks = append(quirks, d.quirks...)
	return d
}

// The documents of known routers, and where their services really are.
func TestKnownDevices(t *testing.T) {
	urn := func(s string) string { return "urn:schemas-upnp-org:service:" + s }
	tests := []struct {
		file, location string
		udn, name      string
		services       []Service // without Alternatives
		quirks         []string
	}{
		{"google-wifi", "http://192.168.86.1:5000/rootDesc.xml", "uuid:a9708184-a6c0-413a-bbac-11bcf7e30ece", "OnHub", []Service{{
			Type: urn("WANIPConnection:2"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.86.1:5000/ctl/IPConn",
			EventSubURL: "http://192.168.86.1:5000/evt/IPConn", SCPDURL: "http://192.168.86.1:5000/WANIPCn.xml"}}, nil},
		{"pfsense-2.5.0", "http://192.168.1.1:2189/rootDesc.xml", "uuid:bee7052b-49e8-3597-b545-55a1e38ac11", "FreeBSD router", []Service{{
			Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.1.1:2189/ctl/IPConn",
			EventSubURL: "http://192.168.1.1:2189/evt/IPConn", SCPDURL: "http://192.168.1.1:2189/WANIPCn.xml"}}, nil},
		{"mikrotik-7.14", "http://192.168.88.1:2828/gateway_description.xml", "uuid:UUID-MIKROTIK-INTERNET-GATEWAY-DEVICE-", "MikroTik Router", []Service{
			{Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.88.1:2828/upnp/control/yomkmsnooi/wanipconn-1",
				EventSubURL: "http://192.168.88.1:2828/upnp/event/yomkmsnooi/wanipconn-1", SCPDURL: "http://192.168.88.1:2828/wanipconn-1.xml"},
			{Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.88.1:2828/upnp/control/xstnsgeuyh/wanipconn-7",
				EventSubURL: "http://192.168.88.1:2828/upnp/event/xstnsgeuyh/wanipconn-7", SCPDURL: "http://192.168.88.1:2828/wanipconn-7.xml"}}, nil},
		{"huawei-hg531", "http://192.168.1.1:37215/upnpdev.xml", "uuid:00e0fc37-2532-2828-2500-aabbccddeeff", "HG531", []Service{{
			Type: "urn:dslforum-org:service:WANPPPConnection:1", ID: "urn:dslforum-org:serviceId:WANPPPConnection1",
			ControlURL:  "http://192.168.1.1:37215/ctrlt/WANPPPConnection_1",
			EventSubURL: "http://192.168.1.1:37215/evt", SCPDURL: "http://192.168.1.1:37215/desc/WANPPPConn.xml"}}, nil},
		{"linksys-wag200g", "http://192.168.1.1:49152/gateway.xml", "uuid:8ca2eb37-1dd2-11b2-86f1-001a709b5aa8", "LINKSYS WAG200G Gateway", []Service{{
			Type: urn("WANPPPConnection:1"), ID: "urn:upnp-org:serviceId:WANPPPConn1", ControlURL: "http://192.168.1.1:49152/upnp/control/WANPPPConn1",
			EventSubURL: "http://192.168.1.1:49152/upnp/event/WANPPPConn1", SCPDURL: "http://192.168.1.1:49152/pppcfg.xml"}}, []string{"desc-udn-linebreak"}},
		{"livebox-3", "http://192.168.1.1:60000/87895a19/gatedesc.xml", "uuid:75802409-bccb-40e7-8e6c-a6b5e3f1a000", "Orange Livebox", []Service{{
			Type: urn("WANPPPConnection:2"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.1.1:60000/87895a19/upnp/control/WANIPConn1",
			EventSubURL: "http://192.168.1.1:60000/87895a19/upnp/control/WANIPConn1", SCPDURL: "http://192.168.1.1:60000/87895a19/gateconnSCPD_PPP.xml"}}, nil},
		{"actiontec-gt784wn", "http://192.168.0.1:5431/dyndev/uuid:00000000-0000-0000-0000-000000000000", "uuid:00000000-0000-0000-0000-000000000000", "GT784WN", []Service{{
			Type: urn("WANPPPConnection:1"), ID: "urn:upnp-org:serviceId:WANPPPConnection.2",
			ControlURL:  "http://192.168.0.1:5431/uuid:00000000-0000-0000-0000-000000000002/WANPPPConnection:1",
			EventSubURL: "http://192.168.0.1:5431/uuid:00000000-0000-0000-0000-000000000002/WANPPPConnection:1",
			SCPDURL:     "http://192.168.0.1:5431/dynsvc/WANPPPConnection:1.xml"}}, nil},
		{"dlink-dir-890l", "http://10.0.0.1:49152/InternetGatewayDevice.xml", "uuid:11111111-2222-3333-4444-555555555555", "Wireless Broadband Router", []Service{{
			Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://10.0.0.1:49152/soap.cgi?service=WANIPConn1",
			EventSubURL: "http://10.0.0.1:49152/gena.cgi?service=WANIPConn1", SCPDURL: "http://10.0.0.1:49152/WANIPConnection.xml"}}, nil},
		{"dlink-dir-655", "http://192.168.0.1:80/root.xml", "uuid:22222222-2222-3333-4444-555555555555", "D-Link DIR-655", []Service{{
			Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.0.1:4444/wipconn",
			EventSubURL: "http://192.168.0.1:9393/wipconn", SCPDURL: "http://192.168.0.1:80/wipconn.xml"}}, nil},
		{"fritzbox-7590", "http://192.168.178.1:49000/igddesc.xml", "uuid:75802409-bccb-40e7-8e6c-just-a-test-udn", "FRITZ!Box 7590", []Service{{
			Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConn1", ControlURL: "http://192.168.178.1:49000/igdupnp/control/WANIPConn1",
			EventSubURL: "http://192.168.178.1:49000/igdupnp/control/WANIPConn1", SCPDURL: "http://192.168.178.1:49000/igdconnSCPD.xml"}}, nil},
		{"dlink-no-xmlns", "http://192.168.0.1:80/root.xml", "uuid:upnp-InternetGatewayDevice-1_0-12345678900001", "Internet Access Router", []Service{{
			Type: urn("WANIPConnection:1"), ID: "urn:upnp-org:serviceId:WANIPConnection", ControlURL: "http://192.168.0.1:80/WANIPConnection",
			EventSubURL: "http://192.168.0.1:80/WANIPConnection", SCPDURL: "http://192.168.0.1:80/WANIPConnection.xml"}}, []string{"desc-root-no-xmlns"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			b, err := devices.ReadFile("testdata/" + tt.file + ".xml")
			if err != nil {
				t.Fatal(err)
			}
			d := read(t, string(b), tt.location)
			if got := d.root.Device; got.UDN != tt.udn || got.FriendlyName != tt.name {
				t.Errorf("UDN %q, name %q", got.UDN, got.FriendlyName)
			}
			if diff := cmp.Diff(tt.services, d.services, cmpopts.IgnoreFields(Service{}, "Alternatives")); diff != "" {
				t.Errorf("services (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.quirks, d.quirks, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("quirks (-want +got)\n%s", diff)
			}
		})
	}
}

// Damage done to a sound document, by quirk id.
func TestDamagedDescriptions(t *testing.T) {
	sound := description("uuid:1", "WANIPConnection:1", "/ctl")
	tests := []struct {
		name   string
		text   string
		quirks []string
	}{
		{"desc-root-no-xmlns", strings.Replace(sound, ` xmlns="urn:schemas-upnp-org:device-1-0"`, "", 1), []string{"desc-root-no-xmlns"}},
		{"desc-trailing-space", sound + " \r\n\n", nil},
		{"desc-value-padding", strings.Replace(sound, "<controlURL>/ctl<", "<controlURL>\n  /ctl      <", 1), []string{"desc-value-padding"}},
		{"desc-udn-linebreak", strings.Replace(sound, "<UDN>uuid:1<", "<UDN>uuid:\n1<", 1), []string{"desc-udn-linebreak"}},
		{"desc-friendlyname-missing", strings.Replace(sound, "<friendlyName>stub</friendlyName>", "", 1), nil},
		{"desc-devicetype-empty", strings.Replace(strings.Replace(sound, igd1, "", 1), "<major>1</major><minor>0</minor>", "", 1), nil},
		{"desc-urlbase-blank", strings.Replace(sound, "<device>", "<URLBase> </URLBase><device>", 1), []string{"desc-urlbase-blank"}},
		{"desc-urlbase-last", strings.Replace(sound, "</root>", "<URLBase>http://192.168.1.1:5000</URLBase></root>", 1), nil},
		{"desc-urlbase-trailing-slash", strings.Replace(sound, "<device>", "<URLBase>http://192.168.1.1:5000/</URLBase><device>", 1), nil},
		{"URLBase is no URL", strings.Replace(sound, "<device>", "<URLBase>router</URLBase><device>", 1), []string{"desc-urlbase-unusable"}},
		{"desc-foreign-namespaces", strings.Replace(sound, "<UDN>", `<pnpx:X_hardwareId xmlns:pnpx="urn:x">VEN_01</pnpx:X_hardwareId><df:x>1</df:x><UDN>`, 1), nil},
		{"desc-xmlns-on-device", strings.Replace(sound, "<device>", `<device xmlns="urn:schemas-upnp-org:device-1-0">`, 1), nil},
		{"names in another case", strings.NewReplacer("serviceList", "servicelist", "controlURL", "controlUrl").Replace(sound), nil},
		{"no lists around", strings.NewReplacer("<serviceList>", "", "</serviceList>", "").Replace(sound), nil},
		{"desc-control-empty beside a sound one", strings.Replace(sound, "<serviceList>", "<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType><controlURL/></service>", 1), []string{"desc-control-empty"}},
		{"desc-vendor-root-service", strings.Replace(sound, "<serviceList>", "<serviceList><service><serviceType>urn:schemas-any-com:service:Any:1</serviceType><controlURL>/any</controlURL></service>", 1), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := read(t, tt.text, "http://192.168.1.1:5000/desc.xml")
			if len(d.services) != 1 || d.services[0].ControlURL != "http://192.168.1.1:5000/ctl" || d.root.Device.UDN != "uuid:1" {
				t.Errorf("services %+v, UDN %q", d.services, d.root.Device.UDN)
			}
			if diff := cmp.Diff(tt.quirks, d.quirks, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("quirks (-want +got)\n%s", diff)
			}
		})
	}
}

// Damage that the XML ladder repairs leaves the services readable and is reported.
func TestBrokenXML(t *testing.T) {
	sound := description("uuid:1", "WANIPConnection:1", "/ctl")
	for name, text := range map[string]string{
		"desc-invalid-utf8":   strings.Replace(sound, "<friendlyName>stub<", "<friendlyName>\xf0_\xf0<", 1),
		"desc-control-chars":  strings.Replace(sound, "<friendlyName>stub<", "<friendlyName>st\x18ub<", 1),
		"desc-mismatched-tag": strings.Replace(sound, "</friendlyName>", "</friendlyname></b>", 1),
		"truncated":           strings.TrimSuffix(sound, "</serviceList></device></root>"),
		"two documents":       sound + sound,
	} {
		t.Run(name, func(t *testing.T) {
			d := read(t, text, "http://192.168.1.1:5000/desc.xml")
			if len(d.services) != 1 || d.services[0].ControlURL != "http://192.168.1.1:5000/ctl" {
				t.Errorf("services %+v", d.services)
			}
			if len(d.quirks) == 0 && name != "two documents" {
				t.Error("nothing was reported")
			}
		})
	}
}

func TestReadings(t *testing.T) {
	const location = "http://192.168.1.1:5000/a/b/desc.xml"
	tests := []struct {
		name, base, ref string
		want            []string
	}{
		{"absolute path", "", "/ctl", []string{"http://192.168.1.1:5000/ctl"}},
		{"desc-control-query", "", "/soap.cgi?service=WANIPConn1&x=%20", []string{"http://192.168.1.1:5000/soap.cgi?service=WANIPConn1&x=%20"}},
		{"query without a path", "", "/UD/?3", []string{"http://192.168.1.1:5000/UD/?3"}},
		{"relative", "", "ctl/IP", []string{"http://192.168.1.1:5000/a/b/ctl/IP", "http://192.168.1.1:5000/ctl/IP"}},
		{"dots", "", "../ctl", []string{"http://192.168.1.1:5000/a/ctl", "http://192.168.1.1:5000/ctl"}},
		{"desc-control-colons", "", "/uuid:0000e068-1/WANIPConnection:1", []string{"http://192.168.1.1:5000/uuid:0000e068-1/WANIPConnection:1"}},
		{"colon without a slash", "", "uuid:0000e068-1/WANIPConnection:1", []string{
			"http://192.168.1.1:5000/a/b/uuid:0000e068-1/WANIPConnection:1", "http://192.168.1.1:5000/uuid:0000e068-1/WANIPConnection:1"}},
		{"two slashes", "", "//ctl", []string{"http://192.168.1.1:5000/ctl"}},
		{"stray per cent", "", "/ctl%zz?a=%", []string{"http://192.168.1.1:5000/ctl%25zz?a=%"}},
		{"desc-control-empty", "", "", nil},
		{"desc-control-absolute", "", "http://192.168.1.1:80/upnp/control?WANIPConnection", []string{
			"http://192.168.1.1:80/upnp/control?WANIPConnection", "http://192.168.1.1:5000/upnp/control?WANIPConnection"}},
		{"desc-urlbase-no-port", "http://192.168.1.1", "http://192.168.1.1:80/ctl", []string{
			"http://192.168.1.1:80/ctl", "http://192.168.1.1/ctl", "http://192.168.1.1:5000/ctl"}},
		{"desc-urlbase-wrong-port", "http://192.168.1.1:8080/", "/ctl", []string{"http://192.168.1.1:8080/ctl", "http://192.168.1.1:5000/ctl"}},
		{"desc-urlbase-trailing-slash", "http://192.168.1.1:5000/", "/ctl", []string{"http://192.168.1.1:5000/ctl"}},
		{"URLBase with a path", "http://192.168.1.1:5000/igd/", "ctl", []string{
			"http://192.168.1.1:5000/igd/ctl", "http://192.168.1.1:5000/a/b/ctl", "http://192.168.1.1:5000/ctl"}},
		{"another host", "", "http://10.0.0.1:80/ctl", []string{"http://192.168.1.1:80/ctl", "http://192.168.1.1:5000/ctl"}},
		{"URLBase on another host", "http://10.0.0.1:5000/", "/ctl", []string{"http://192.168.1.1:5000/ctl"}},
		{"https", "", "https://192.168.1.1/ctl", []string{"http://192.168.1.1:5000/ctl"}},
		{"user and fragment", "", "http://admin:1@192.168.1.1/ctl#x", []string{"http://192.168.1.1/ctl", "http://192.168.1.1:5000/ctl"}},
		{"not a URL", "", "http://[::1/ctl", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(location)
			if err != nil {
				t.Fatal(err)
			}
			r := newResolver(u, tt.base, trust{responder: netip.MustParseAddr("192.168.1.1")}, func(string) {})
			var got []string
			for _, u := range r.readings(tt.ref) {
				got = append(got, u.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestServiceOrder(t *testing.T) {
	want := []string{
		"urn:schemas-upnp-org:service:WANIPConnection:2",
		"urn:schemas-upnp-org:service:WANIPConnection:1",
		"urn:schemas-upnp-org:service:WANPPPConnection:1",
		"urn:schemas-upnp-org:service:WANPPPConnection:2",
		"urn:dslforum-org:service:WANIPConnection:1",
		"urn:dslforum-org:service:WANPPPConnection:1",
	}
	for i, s := range want {
		if _, ok := (Service{Type: s}).connection(); !ok {
			t.Errorf("%s is no connection service", s)
		}
		if i > 0 && (Service{Type: want[i-1]}).rank() >= (Service{Type: s}).rank() {
			t.Errorf("%s comes before %s", s, want[i-1])
		}
	}
	for _, s := range []string{"", "urn:schemas-upnp-org:service:WANIPConnection", "urn:schemas-upnp-org:service:WANIPConnection:0",
		"urn:schemas-upnp-org:device:WANConnectionDevice:1", "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"} {
		if _, ok := (Service{Type: s}).connection(); ok {
			t.Errorf("%q is taken for a connection service", s)
		}
	}
}

// FuzzDescription holds that no document makes the reader panic or leads it to a third host.
func FuzzDescription(f *testing.F) {
	files, err := devices.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := devices.ReadFile("testdata/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, ref := range []string{"http://10.0.0.1/", "//10.0.0.1/", "http:10.0.0.1", "http://192.168.1.1@10.0.0.1/", "%", "http://[fe80::1%25eth0]/", "\\\\10.0.0.1\\"} {
		f.Add([]byte(fmt.Sprintf("<root><URLBase>%s</URLBase>%s", ref, description("uuid:1", "WANIPConnection:1", ref)[20:])))
	}
	location := &url.URL{Scheme: "http", Host: "192.168.1.1:5000", Path: "/desc.xml"}
	f.Fuzz(func(t *testing.T, b []byte) {
		xml, _, err := soap.ReadXML(b, "", soap.Limits{Size: maxDescriptionSize, Depth: maxDepth})
		if err != nil {
			return
		}
		d := readDocument(xml, location, trust{responder: netip.MustParseAddr("192.168.1.1")})
		if d == nil {
			return
		}
		for _, s := range d.services {
			for _, text := range append([]string{s.ControlURL}, s.Alternatives...) {
				u, err := url.Parse(text)
				if err != nil || u.Scheme != "http" || u.Hostname() != "192.168.1.1" {
					t.Errorf("control URL %q, %v", text, err)
				}
			}
		}
	})
}

// What a description links to for people is nobody that we ask: a maker's site is no foreign host, a foreign control URL is.
func TestLinksAreNoHosts(t *testing.T) {
	const text = `<root><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<manufacturerURL>http://www.debian.org/</manufacturerURL><modelURL>https://example.org/model</modelURL>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>%s</controlURL></service></serviceList></device></root>`
	for control, want := range map[string][]string{
		"/ctl":                    nil,
		"http://198.51.100.1/ctl": {"desc-host-mismatch"},
	} {
		d := read(t, fmt.Sprintf(text, control), "http://192.168.1.1:5000/rootDesc.xml")
		if got := d.root.Device.ManufacturerURL.URL.String(); got != "http://www.debian.org/" {
			t.Errorf("manufacturerURL is read as %s", got)
		}
		if got := d.root.Device.ModelURL.URL.String(); got != "https://example.org/model" {
			t.Errorf("modelURL is read as %s", got)
		}
		var hosts []string
		for _, q := range d.quirks {
			if q == "desc-host-mismatch" {
				hosts = append(hosts, q)
			}
		}
		if diff := cmp.Diff(want, hosts); diff != "" {
			t.Errorf("controlURL %s (-want +got):\n%s", control, diff)
		}
	}
}
