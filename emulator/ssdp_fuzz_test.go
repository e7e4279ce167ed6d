package emulator

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// FuzzSearch gives any datagram to a gateway, by unicast so that answers come at once. There are no more of them than
// targets, each readable, none larger than its search allows an amplifier to be, and none to a stranger.
func FuzzSearch(f *testing.F) {
	f.Add([]byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n"))
	f.Add([]byte("M-SEARCH * HTTP/1.1\r\nMAN:ssdp:discover\r\nST:urn:schemas-upnp-org:device:InternetGatewayDevice:1"))
	f.Add([]byte("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nST: urn:schemas-upnp-org:service:WANIPConnection:99999999999999999999\r\n\r\n"))
	f.Add([]byte("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nST: urn:schemas-upnp-org:service:WANIPConnection:" + strings.Repeat("0", 6000) + "1\r\n\r\n"))
	f.Add([]byte("NOTIFY * HTTP/1.1\r\nNT: a\r\nNTS: ssdp:alive\r\nLOCATION: x\r\nUSN: y\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	f.Add(bytes.Repeat([]byte("a:b\r\n"), 4000))

	n := NewNetwork()
	h := n.Host("gateway", netip.MustParsePrefix("192.168.1.1/24"))
	asker := n.Host("asker", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("192.168.1.200/24"))
	f.Cleanup(func() { n.Close() })
	at := func(s string) *packetConn {
		c, err := asker.ListenPacket(f.Context(), netip.MustParseAddrPort(s))
		if err != nil {
			f.Fatal(err)
		}
		return c.(*packetConn)
	}
	friend, stranger := at("192.168.1.10:4000"), at("192.168.1.200:4000")
	o := Options{Version: 2, Connection: ipConnection, UDN: "uuid:1", WAN: []WAN{{Service: ipConnection}}}
	targets := targetsOf(newTree(&o, newSite(&o, "192.168.1.1:5000", nil, generation{})), o.UDN, nil)
	s := &ssdpServer{speaker: speaker{
		allowed: netip.MustParsePrefix("192.168.1.0/25").Contains,
		advertisement: func() advertisement {
			return advertisement{targets: targets, location: "http://192.168.1.1:5000/d.xml", dialect: &idealDialect().ssdp}
		},
		meet: func(*occasion) deed { return deed{} },
		note: func(string, netip.AddrPort, string, ...Detail) {},
	}}
	var err error
	if s.conn, err = h.ListenPacket(f.Context(), netip.MustParseAddrPort("192.168.1.1:1900")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s.hear(stranger.local, viaUnicast, b)
		s.hear(friend.local, viaUnicast, b)
		if n := len(stranger.queue); n > 0 {
			t.Fatalf("%d replies to a stranger", n)
		}
		replies := friend.queue
		friend.queue = nil
		if len(replies) > len(targets) {
			t.Fatalf("%d replies, with %d targets", len(replies), len(targets))
		}
		for _, d := range replies {
			m, err := ssdp.Parse(d.data)
			if err != nil || m.Kind != ssdp.SearchReply || m.Location != "http://192.168.1.1:5000/d.xml" || len(d.data) > 1024 {
				t.Errorf("reply %q: %v", d.data, err)
			}
		}
	})
}
