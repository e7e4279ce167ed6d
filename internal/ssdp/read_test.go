package ssdp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/internal/http1"
)

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// googleWifi is a search reply in the shape of Google Wifi's (facts on miniupnpd 1.9: BOOTID 1 for ever).
func googleWifi() string {
	return crlf("HTTP/1.1 200 OK",
		"CACHE-CONTROL: max-age=120",
		"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"USN: uuid:a9708184-a6c0-413a-bbac-11bcf7e30ece::urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"EXT:",
		"SERVER: Linux/5.4.0-1034-gcp UPnP/1.1 MiniUPnPd/1.9",
		"LOCATION: http://192.168.86.1:5000/rootDesc.xml",
		`OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01`,
		"01-NLS: 1",
		"BOOTID.UPNP.ORG: 1",
		"CONFIGID.UPNP.ORG: 1337")
}

func TestParse(t *testing.T) {
	const loc = "http://192.168.0.1:5431/dyndev/uuid:000f-66d6"
	tests := []struct {
		name string
		in   string
		want Message
	}{
		{"miniupnpd", googleWifi(), Message{
			Kind: SearchReply, ST: "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
			USN:      "uuid:a9708184-a6c0-413a-bbac-11bcf7e30ece::urn:schemas-upnp-org:device:InternetGatewayDevice:2",
			Location: "http://192.168.86.1:5000/rootDesc.xml", Server: "Linux/5.4.0-1034-gcp UPnP/1.1 MiniUPnPd/1.9",
			MaxAge: 2 * time.Minute, BootID: new(uint32(1)), ConfigID: new(uint32(1337)),
		}},
		{"ssdp-no-space-after-colon and ssdp-header-case-mixed", crlf("HTTP/1.1 200 OK", "ST:upnp:rootdevice", "Cache-Control:max-age=180",
			"location:"+loc, "uSn:uuid:000f-66d6-7296000099dc::upnp:rootdevice", "Server:Custom/1.0 UPnP/1.0 Proc/Ver", "Ext:"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", Location: loc, USN: "uuid:000f-66d6-7296000099dc::upnp:rootdevice",
			Server: "Custom/1.0 UPnP/1.0 Proc/Ver", MaxAge: 3 * time.Minute,
		}},
		{"ssdp-junk-line", crlf("HTTP/1.1 200 OK", "DEFUNCT", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, Forgiven: []string{JunkLine},
		}},
		{"ssdp-no-final-blank-line", "HTTP/1.1 200 OK\r\nUSN: uuid:1\r\nST: upnp:rootdevice\r\nLOCATION: " + loc, Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, Forgiven: []string{NoBlankLine},
		}},
		{"NUL padding", crlf("HTTP/1.1 200 OK", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1") + "\x00\x00\x00", Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc,
		}},
		{"bare LF", "HTTP/1.1 200 OK\nLOCATION: " + loc + "\nST: upnp:rootdevice\nUSN: uuid:1\n\n", Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, Forgiven: []string{http1.BareLF},
		}},
		{"lower-case version", crlf("http/1.1 200 OK", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, Forgiven: []string{BadStatusLine},
		}},
		{"ssdp-maxage-spaced", crlf("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age = 1800", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, MaxAge: 30 * time.Minute, Forgiven: []string{MaxAgeSpaced},
		}},
		{"max-age among others", crlf("HTTP/1.1 200 OK", `CACHE-CONTROL: no-cache="Ext", max-age="30", s-maxage=1`, "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, MaxAge: 30 * time.Second,
		}},
		{"max-age beyond reason", crlf("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=4294967295", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, MaxAge: 7 * 24 * time.Hour,
		}},
		{"ssdp-usn-missing", crlf("HTTP/1.1 200 OK", "LOCATION: "+loc, "ST: upnp:rootdevice"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", Location: loc, Forgiven: []string{USNMissing},
		}},
		{"ssdp-server-empty and ssdp-request-header-in-reply", crlf("HTTP/1.1 200 OK", "SERVER: ", "User-Agent: redsonic", "LOCATION: "+loc,
			"ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, UserAgent: "redsonic",
		}},
		{"ssdp-value-contains-st", crlf("HTTP/1.1 200 OK", "User-Agent: best: st: nt: location: http://10.0.0.66/", "ST: upnp:rootdevice",
			"LOCATION: "+loc, "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, UserAgent: "best: st: nt: location: http://10.0.0.66/",
		}},
		{"ids that are no numbers", crlf("HTTP/1.1 200 OK", "BOOTID.UPNP.ORG: now", "CONFIGID.UPNP.ORG: -1", "LOCATION: "+loc, "ST: upnp:rootdevice", "USN: uuid:1"), Message{
			Kind: SearchReply, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc,
		}},
		{"ssdp-notify-trailing-space", crlf("NOTIFY * HTTP/1.1 ", "HOST: 239.255.255.250:1900", "NT: upnp:rootdevice", "NTS: ssdp:alive",
			"LOCATION: "+loc, "USN: uuid:1"), Message{
			Kind: Alive, Host: GroupV4, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc, Forgiven: []string{TrailingSpace},
		}},
		{"ssdp-byebye-no-location", crlf("NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", "NT: upnp:rootdevice", "NTS: ssdp:byebye", "USN: uuid:1"), Message{
			Kind: ByeBye, Host: GroupV4, ST: "upnp:rootdevice", USN: "uuid:1",
		}},
		{"update", crlf("NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", "LOCATION: "+loc, "NT: upnp:rootdevice", "NTS: ssdp:update", "USN: uuid:1",
			"BOOTID.UPNP.ORG: 7", "CONFIGID.UPNP.ORG: 3", "NEXTBOOTID.UPNP.ORG: 8", "SEARCHPORT.UPNP.ORG: 50000"), Message{
			Kind: Update, Host: GroupV4, ST: "upnp:rootdevice", USN: "uuid:1", Location: loc,
			BootID: new(uint32(7)), ConfigID: new(uint32(3)), NextBootID: new(uint32(8)), SearchPort: new(uint32(50000)),
		}},
		{"search", crlf("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 3", "ST: ssdp:all"), Message{
			Kind: SearchRequest, Host: GroupV4, MAN: Discover, MX: 3, ST: "ssdp:all",
		}},
		{"search without MX, ssdp-man-unquoted", crlf("M-SEARCH * HTTP/1.1", "HOST: 192.168.1.1:1900", "MAN: ssdp:discover", "ST: ssdp:all"), Message{
			Kind: SearchRequest, Host: "192.168.1.1:1900", MAN: "ssdp:discover", ST: "ssdp:all",
		}},
		{"search with an odd MX", crlf("M-SEARCH * HTTP/1.1", "MX: soon", "ST: ssdp:all"), Message{Kind: SearchRequest, ST: "ssdp:all"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Message{}, "Head")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, in, what string
	}{
		{"empty", "", "start line"},
		{"ssdp-location-empty", crlf("HTTP/1.1 200 OK", "LOCATION: ", "ST: upnp:rootdevice", "USN: uuid:1"), "LOCATION"},
		{"ssdp-location-missing", crlf("HTTP/1.1 200 OK", "ST: upnp:rootdevice", "USN: uuid:1"), "LOCATION"},
		{"ssdp-unparsable-200", "200\x01\x02UniFi", "start line"},
		{"another status", crlf("HTTP/1.1 404 Not Found", "LOCATION: http://192.168.1.1/"), "start line"},
		{"ssdp-binary-garbage", strings.Repeat("\xfe\x13\x07\x99", 500), "start line"},
		{"unknown NTS", crlf("NOTIFY * HTTP/1.1", "NTS: upnp:propchange", "NT: upnp:event", "LOCATION: http://192.168.1.1/"), "NTS"},
		{"another method", crlf("GET / HTTP/1.1", "HOST: 192.168.1.1"), "start line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse([]byte(tt.in))
			var syntax *http1.SyntaxError
			if !errors.As(err, &syntax) || syntax.What != tt.what {
				t.Errorf("Parse = %v, %v; want a SyntaxError about the %s", m, err, tt.what)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		var limit *http1.LimitError
		if _, err := Parse(make([]byte, MaxSize+1)); !errors.As(err, &limit) {
			t.Errorf("Parse = %v, want a LimitError", err)
		}
	})
}

// FuzzParse holds that the reader neither panics nor gives what it promises never to give. The regressions are inputs that
// once mattered, by name.
func FuzzParse(f *testing.F) {
	regressions := map[string]string{
		"google wifi":         googleWifi(),
		"no blank line":       "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/",
		"only line ends":      "\r\n\n\r\n\x00\n",
		"colon alone":         crlf("HTTP/1.1 200 OK", ":", " : x", "LOCATION:http://192.168.1.1/"),
		"folded location":     "HTTP/1.1 200 OK\r\nLOCATION:\r\n http://192.168.1.1/\r\n\r\n",
		"notify without NTS":  crlf("NOTIFY * HTTP/1.1", "NT: upnp:rootdevice"),
		"max-age without end": crlf("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=", "LOCATION: x"),
	}
	for _, in := range regressions {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if m.Kind.String() == "unknown" || m.MaxAge < 0 || m.MaxAge > maxMaxAge || m.MX < 0 {
			t.Errorf("Parse(%q) = %+v", b, m)
		}
		if m.Location == "" && (m.Kind == SearchReply || m.Kind == Alive || m.Kind == Update) {
			t.Errorf("Parse(%q) gave a %v without LOCATION", b, m.Kind)
		}
	})
}
