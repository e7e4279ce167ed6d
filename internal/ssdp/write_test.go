package ssdp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The order and spelling are those of UDA 1.1 §1.2.2, §1.2.3, §1.2.4, §1.3.2 and §1.3.3.
func TestWrite(t *testing.T) {
	const loc, usn = "http://192.168.1.1:5000/rootDesc.xml", "uuid:1::upnp:rootdevice"
	tests := []struct {
		name string
		msg  interface{ Append([]byte) []byte }
		want string
	}{
		{"multicast search", Search{Host: GroupV4, ST: All, MX: 2},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 2", "ST: ssdp:all")},
		{"unicast search has no MX", Search{Host: "192.168.1.1:1900", ST: RootDevice},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 192.168.1.1:1900", `MAN: "ssdp:discover"`, "ST: upnp:rootdevice")},
		{"search with everything", Search{Host: GroupV4, ST: All, MX: 1, MAN: "ssdp:discover", UserAgent: "Linux UPnP/1.1 igdkit/1"},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", "MAN: ssdp:discover", "MX: 1", "ST: ssdp:all", "USER-AGENT: Linux UPnP/1.1 igdkit/1")},
		{"reply", Reply{MaxAge: 30 * time.Minute, Date: time.Date(2026, 11, 22, 9, 5, 7, 0, time.UTC), Location: loc, Server: "a b", ST: RootDevice, USN: usn,
			BootID: new(uint32(5)), ConfigID: new(uint32(6)), SearchPort: new(uint32(49152))},
			crlf("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "DATE: Sun, 22 Nov 2026 09:05:07 GMT", "EXT:", "LOCATION: "+loc, "SERVER: a b",
				"ST: upnp:rootdevice", "USN: "+usn, "BOOTID.UPNP.ORG: 5", "CONFIGID.UPNP.ORG: 6", "SEARCHPORT.UPNP.ORG: 49152")},
		{"reply of UDA 1.0", Reply{MaxAge: time.Minute, Location: loc, Server: "a", ST: RootDevice, USN: usn},
			crlf("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=60", "EXT:", "LOCATION: "+loc, "SERVER: a", "ST: upnp:rootdevice", "USN: "+usn)},
		{"alive", Notify{Kind: Alive, MaxAge: 30 * time.Minute, Location: loc, NT: RootDevice, Server: "a", USN: usn, BootID: new(uint32(5)), ConfigID: new(uint32(6))},
			crlf("NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", "CACHE-CONTROL: max-age=1800", "LOCATION: "+loc, "NT: upnp:rootdevice",
				"NTS: ssdp:alive", "SERVER: a", "USN: "+usn, "BOOTID.UPNP.ORG: 5", "CONFIGID.UPNP.ORG: 6")},
		{"byebye", Notify{Kind: ByeBye, Host: "[FF02::C]:1900", MaxAge: time.Hour, Location: loc, NT: RootDevice, Server: "a", USN: usn,
			BootID: new(uint32(5)), ConfigID: new(uint32(6)), SearchPort: new(uint32(1))},
			crlf("NOTIFY * HTTP/1.1", "HOST: [FF02::C]:1900", "NT: upnp:rootdevice", "NTS: ssdp:byebye", "USN: "+usn, "BOOTID.UPNP.ORG: 5", "CONFIGID.UPNP.ORG: 6")},
		{"update", Notify{Kind: Update, Location: loc, NT: RootDevice, USN: usn, BootID: new(uint32(5)), NextBootID: new(uint32(6)), ConfigID: new(uint32(7)), SearchPort: new(uint32(50000))},
			crlf("NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", "LOCATION: "+loc, "NT: upnp:rootdevice", "NTS: ssdp:update", "USN: "+usn,
				"BOOTID.UPNP.ORG: 5", "CONFIGID.UPNP.ORG: 7", "NEXTBOOTID.UPNP.ORG: 6", "SEARCHPORT.UPNP.ORG: 50000")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tt.msg.Append(nil))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What the writers write, the reader reads back without forgiving anything.
func TestRoundTrip(t *testing.T) {
	const loc = "http://192.168.1.1:5000/rootDesc.xml"
	tests := []struct {
		msg  interface{ Append([]byte) []byte }
		want Message
	}{
		{Search{Host: GroupV4, ST: All, MX: 2}, Message{Kind: SearchRequest, Host: GroupV4, ST: All, MAN: Discover, MX: 2}},
		{Reply{MaxAge: time.Minute, Location: loc, Server: "a", ST: All, USN: "uuid:1", BootID: new(uint32(0))},
			Message{Kind: SearchReply, ST: All, USN: "uuid:1", Location: loc, Server: "a", MaxAge: time.Minute, BootID: new(uint32(0))}},
		{Notify{Kind: Alive, MaxAge: time.Minute, Location: loc, NT: "uuid:1", Server: "a", USN: "uuid:1"},
			Message{Kind: Alive, Host: GroupV4, ST: "uuid:1", USN: "uuid:1", Location: loc, Server: "a", MaxAge: time.Minute}},
		{Notify{Kind: ByeBye, NT: "uuid:1", USN: "uuid:1"}, Message{Kind: ByeBye, Host: GroupV4, ST: "uuid:1", USN: "uuid:1"}},
		{Notify{Kind: Update, Location: loc, NT: "uuid:1", USN: "uuid:1", NextBootID: new(uint32(9))},
			Message{Kind: Update, Host: GroupV4, ST: "uuid:1", USN: "uuid:1", Location: loc, NextBootID: new(uint32(9))}},
	}
	for _, tt := range tests {
		t.Run(tt.want.Kind.String(), func(t *testing.T) {
			got, err := Parse(tt.msg.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Message{}, "Head")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
