package scenarios_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// The targets of searches.
const (
	rootDevice = "upnp:rootdevice"
	anything   = "ssdp:all"
	gateway    = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
)

// datagram is one that was heard: what it is, from where, and how long after one began to listen.
type datagram struct {
	start  string
	fields http.Header
	from   netip.AddrPort
	after  time.Duration
}

// socket opens one of the pc's.
func (s *street) socket() net.PacketConn {
	s.t.Helper()
	c, err := s.pc.ListenPacket(s.t.Context(), netip.MustParseAddrPort("192.168.1.10:0"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// member opens a socket of the pc that hears the group.
func (s *street) member() net.PacketConn {
	s.t.Helper()
	c, err := s.pc.ListenGroup(s.t.Context(), netip.MustParseAddr("192.168.1.10"), netip.MustParseAddrPort(group))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// look sends a search for st (UDA 1.1 §1.3.2) and gives what comes to its socket within d.
func (s *street) look(to, st string, d time.Duration) []datagram {
	s.t.Helper()
	c := s.socket()
	defer c.Close()
	s.seek(c, to, st)
	return hear(s.t, c, d)
}

func (s *street) seek(c net.PacketConn, to, st string) {
	s.t.Helper()
	text := "M-SEARCH * HTTP/1.1\r\nHOST: " + group + "\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: " + st + "\r\n\r\n"
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		s.t.Fatal(err)
	}
}

// hear gives what comes within d.
func hear(t *testing.T, c net.PacketConn, d time.Duration) (all []datagram) {
	t.Helper()
	begin := time.Now()
	c.SetReadDeadline(begin.Add(d))
	for b := make([]byte, 4096); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return all
		}
		start, rest, _ := strings.Cut(string(b[:n]), "\r\n")
		// net/http reads fields of a response only.
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader([]byte("HTTP/1.1 200 OK\r\n"+rest))), nil)
		if err != nil {
			t.Fatalf("%q: %v", b[:n], err)
		}
		resp.Body.Close()
		all = append(all, datagram{start, resp.Header, from.(*net.UDPAddr).AddrPort(), time.Since(begin)})
	}
}

// ssdp-src-port-ephemeral: TP-Link ER605 and others answer from 51127, 60581, …; the TL-R605 from a new port each time.
func TestSourcePortEphemeral(t *testing.T) {
	ports := func(use string, seed uint64) (all []uint16) {
		synctest.Test(t, func(t *testing.T) {
			s := play(t, use, seed)
			for _, to := range []string{group, router} {
				replies := s.look(to, anything, 5*time.Second)
				if len(replies) != 10 { // of an IGD:1: 3 + 2·2 + 3 (UDA 1.1 §1.3.3)
					t.Errorf("%s: %d replies to %s", use, len(replies), to)
				}
				for _, r := range replies {
					if r.from.Addr() != netip.MustParseAddr("192.168.1.1") || r.start != "HTTP/1.1 200 OK" {
						t.Errorf("%s: %s from %v", use, r.start, r.from)
					}
					all = append(all, r.from.Port())
				}
			}
			news := s.member()
			if err := s.gateways[0].Reboot(emulator.Reboot{}); err != nil {
				t.Fatal(err)
			}
			for _, a := range hear(t, news, time.Second) { // announcements are no replies
				if a.from.String() != router {
					t.Errorf("%s: %s from %v", use, a.start, a.from)
				}
			}
		})
		return all
	}
	one := ports("ssdp-src-port-ephemeral", 1)
	seen := map[uint16]bool{}
	for _, p := range one {
		if p == 1900 || p < 1024 || seen[p] {
			t.Errorf("a reply from port %d, want a new one each time: %v", p, one)
		}
		seen[p] = true
	}
	if diff := cmp.Diff(one, ports("ssdp-src-port-ephemeral", 1)); diff != "" {
		t.Errorf("one seed, two runs:\n%s", diff)
	}
	if cmp.Equal(one, ports("ssdp-src-port-ephemeral", 2)) {
		t.Error("two seeds, the same ports")
	}
	for _, p := range ports("igd1", 1) {
		if p != 1900 {
			t.Errorf("igd1 replies from port %d", p)
		}
	}
}

// ssdp-reply-by-notify: the D-Link DSL-2730E was searched for twice, and multicast more than 60 announcements seven seconds later.
func TestReplyByNotify(t *testing.T) {
	tests := []struct {
		use         string
		replies     int           // to a search by multicast and one by unicast
		notices     int           // that follow
		first, last time.Duration // when
	}{
		{use: "igd1", replies: 2},
		{use: "ssdp-reply-by-notify", notices: 60, first: 5 * time.Second, last: 10*time.Second + 400*time.Millisecond}, // each in three sets, 200 ms apart
		{use: "ssdp-reply-by-notify: {wait: 20s}", notices: 60, first: 20 * time.Second, last: 20*time.Second + 400*time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, tt.use, 1)
				s.sleep(30 * time.Second) // the announcements of the start are over, and those that come by themselves are far away
				news, c := s.member(), s.socket()
				s.seek(c, group, gateway)
				s.seek(c, router, gateway)
				notices := hear(t, news, time.Minute)
				replies := hear(t, c, time.Second)
				if len(replies) != tt.replies {
					t.Errorf("%d replies, want %d", len(replies), tt.replies)
				}
				found, n := false, 0
				for _, a := range notices {
					if a.start == "M-SEARCH * HTTP/1.1" {
						continue // our own, which the group hears too
					}
					n++
					if a.start != "NOTIFY * HTTP/1.1" || a.fields.Get("NTS") != "ssdp:alive" || a.fields.Get("LOCATION") != s.gateways[0].Location() || a.from.String() != router {
						t.Errorf("%s from %v: %v", a.start, a.from, a.fields)
					}
					if a.after < tt.first || a.after > tt.last {
						t.Errorf("an announcement after %v, want %v to %v", a.after, tt.first, tt.last)
					}
					found = found || a.fields.Get("NT") == gateway
				}
				if n != tt.notices || found != (n > 0) {
					t.Errorf("%d announcements, want %d; the gateway is among them: %v", n, tt.notices, found)
				}
			})
		})
	}
}

// ssdp-multicast-dies: on FreeBSD, miniupnpd's socket is still open after hours, and answers who asks it by its own address.
func TestMulticastDies(t *testing.T) {
	tests := []struct {
		use  string
		dies time.Duration // 0: never
	}{
		{"igd1", 0},
		{"ssdp-multicast-dies", 3 * time.Hour},
		{"ssdp-multicast-dies: {uptime: 20m}", 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, tt.use, 1)
				moments := []time.Duration{0, 20*time.Minute - time.Second, 20 * time.Minute, 3*time.Hour - time.Second, 3 * time.Hour, 24 * time.Hour}
				var multicast, unicast []net.PacketConn
				begin := time.Now()
				for i, at := range moments {
					s.sleep(at - time.Since(begin))
					multicast, unicast = append(multicast, s.socket()), append(unicast, s.socket())
					s.seek(multicast[i], group, gateway)
					s.seek(unicast[i], router, gateway)
				}
				s.sleep(5 * time.Second) // replies by multicast take up to MX
				for i, at := range moments {
					alive := tt.dies == 0 || at < tt.dies
					if n := len(hear(t, multicast[i], time.Second)); (n == 1) != alive || n > 1 {
						t.Errorf("after %v, %d replies by multicast; alive: %v", at, n, alive)
					}
					if n := len(hear(t, unicast[i], time.Second)); n != 1 {
						t.Errorf("after %v, %d replies by unicast", at, n)
					}
				}
			})
		})
	}
}

// ssdp-wps-root-first: Livebox 3 and Archer C8 have a root device for Wi-Fi setup, which is the faster.
func TestWPSRootFirst(t *testing.T) {
	const wfa = "urn:schemas-wifialliance-org:device:WFADevice:1"
	tests := []struct {
		use, st string
		want    []string // when, and what is described there
	}{
		{"ssdp-wps-root-first", rootDevice, []string{"0s " + wfa, "300ms " + gateway}},
		{"ssdp-wps-root-first", gateway, []string{"300ms " + gateway}},
		{"igd1", rootDevice, []string{gateway}},
		{"igd1", gateway, []string{gateway}},
	}
	for _, tt := range tests {
		for _, to := range []string{group, router} {
			t.Run(tt.use+" "+tt.st+" "+to, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := play(t, tt.use, 1)
					var got []string
					for _, r := range s.look(to, tt.st, 5*time.Second) {
						if r.from.String() != router || r.fields.Get("ST") != tt.st {
							t.Errorf("%v from %v", r.fields, r.from)
						}
						var root struct {
							Type string `xml:"device>deviceType"`
						}
						unmarshal(t, s.page(r.fields.Get("LOCATION")), &root)
						if len(s.gateways) == 1 { // igd1 answers at a time of its choice
							got = append(got, root.Type)
							continue
						}
						got = append(got, r.after.String()+" "+root.Type)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
				})
			})
		}
	}
}
