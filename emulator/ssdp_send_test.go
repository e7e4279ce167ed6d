package emulator_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// packet is a datagram as it came.
type packet struct {
	After time.Duration
	From  string
	Data  string
}

// packets collects what c receives for d.
func packets(c net.PacketConn, d time.Duration) (all []packet) {
	start := time.Now()
	c.SetReadDeadline(start.Add(d))
	b := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return all
		}
		all = append(all, packet{time.Since(start), from.String(), string(b[:n])})
	}
}

// searched is what a gateway with these faults answers to a unicast search, in a network of its own.
func searched(t *testing.T, faults ...emulator.Fault) (all []packet) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		gateway.AddInterface("", prefix("192.168.1.2/24"))
		g := startMulticast(t, gateway, emulator.Options{HTTPPort: 5000, Version: 1, Faults: faults})
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
		all = packets(c, time.Minute)
		for _, f := range faults {
			if !acted(g, f.Name) {
				t.Errorf("the journal does not have %s", f.Name)
			}
		}
	})
	return all
}

// Each verb and edit of ssdp.reply, byte by byte.
func TestSSDPReplyFaults(t *testing.T) {
	truth := searched(t)
	if len(truth) != 1 || truth[0].From != "192.168.1.1:1900" || truth[0].After != 0 {
		t.Fatalf("without faults: %v", truth)
	}
	reply := truth[0].Data
	one := func(data string) []packet { return []packet{{0, "192.168.1.1:1900", data}} }
	swap := func(old, by string) []packet {
		if strings.Count(reply, old) != 1 {
			t.Fatalf("%q is in %q not once", old, reply)
		}
		return one(strings.Replace(reply, old, by, 1))
	}
	type set = map[string]emulator.Setting
	address := netip.MustParseAddr
	tests := []struct {
		name string
		do   emulator.Deed
		want []packet
	}{
		{"drop", emulator.Deed{Drop: true}, nil},
		{"set", emulator.Deed{Set: set{"usn": text("uuid:x")}}, swap("USN: "+testUDN+"::upnp:rootdevice", "USN: uuid:x")},
		{"add", emulator.Deed{Set: set{"X-User-Agent": text("redsonic")}}, one(strings.TrimSuffix(reply, "\r\n") + "X-User-Agent: redsonic\r\n\r\n")},
		{"start line", emulator.Deed{Set: set{"start-line": text("HTTP/1.1 200OK")}}, swap("HTTP/1.1 200 OK", "HTTP/1.1 200OK")},
		{"no start line", emulator.Deed{Remove: []string{"start-line"}}, swap("HTTP/1.1 200 OK\r\n", "")},
		{"rename", emulator.Deed{Rename: map[string]string{"Location": "location"}}, swap("LOCATION:", "location:")},
		{"same as", emulator.Deed{Set: set{"EXT": {SameAs: "ST"}}}, swap("EXT:", "EXT: upnp:rootdevice")},
		{"remove", emulator.Deed{Remove: []string{"ext"}}, swap("EXT:\r\n", "")},
		{"replace", emulator.Deed{Replace: []emulator.Replacement{{Find: "ST: ", Text: new("ST:")}}}, swap("ST: ", "ST:")},
		{"no empty line", emulator.Deed{Replace: []emulator.Replacement{{Find: "\r\n\r\n", Hex: raw("\r\n")}}}, swap("\r\n\r\n", "\r\n")},
		{"around", emulator.Deed{Prefix: raw("\x00"), Suffix: raw("\x00\x00")}, one("\x00" + reply + "\x00\x00")},
		{"names before bytes", emulator.Deed{Remove: []string{"ext"}, Replace: []emulator.Replacement{{Find: "ST: ", Text: new("EXT:")}}}, one(strings.NewReplacer("EXT:\r\n", "", "ST: ", "EXT:").Replace(reply))},
		{"truncate", emulator.Deed{Truncate: new(20)}, one(reply[:20])},
		{"truncate beyond the end", emulator.Deed{Truncate: new(9999)}, one(reply)},
		{"delay", emulator.Deed{Delay: during(3 * time.Second)}, []packet{{3 * time.Second, "192.168.1.1:1900", reply}}},
		{"duplicate", emulator.Deed{Duplicate: 2}, slices.Repeat(one(reply), 3)},
		{"another port", emulator.Deed{SendFrom: &emulator.Origin{Port: emulator.PortChoice{Port: 51127}}}, []packet{{0, "192.168.1.1:51127", reply}}},
		{"its own port", emulator.Deed{SendFrom: &emulator.Origin{Port: emulator.PortChoice{Port: 1900}}}, one(reply)},
		{"another address", emulator.Deed{SendFrom: &emulator.Origin{Address: address("192.168.1.2")}}, []packet{{0, "192.168.1.2:1900", reply}}},
		{"another address and port", emulator.Deed{Duplicate: 1, SendFrom: &emulator.Origin{Address: address("192.168.1.2"), Port: emulator.PortChoice{Port: 7}}},
			[]packet{{0, "192.168.1.2:7", reply}, {0, "192.168.1.2:7", reply}}},
		{"an address that it does not have", emulator.Deed{SendFrom: &emulator.Origin{Address: address("192.168.1.3")}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, searched(t, emulator.Fault{Name: "it", On: "ssdp.reply", Do: tt.do})); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// ssdp-src-port-ephemeral: every reply comes from a port of its own, by the seed, and no socket stays behind.
func TestSSDPRandomPort(t *testing.T) {
	ports := func(seed uint64) (all []string) {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			fault := emulator.Fault{On: "ssdp.reply", Do: emulator.Deed{SendFrom: &emulator.Origin{Port: emulator.PortChoice{Random: true}}}}
			g := startMulticast(t, gateway, emulator.Options{Version: 1, Seed: seed, Faults: []emulator.Fault{fault}})
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "2"))
			for _, p := range packets(c, time.Minute) {
				from := netip.MustParseAddrPort(p.From)
				if from.Addr() != netip.MustParseAddr("192.168.1.1") || from.Port() < 49152 {
					t.Errorf("from %v", from)
				}
				all = append(all, p.From)
				again, err := gateway.ListenPacket(t.Context(), from)
				if err != nil {
					t.Errorf("%v is still open: %v", from, err)
					continue
				}
				again.Close()
			}
			var noted []string
			for _, e := range g.Journal() {
				if e.Kind == "ssdp.reply" {
					noted = append(noted, e.Details.Get("from"))
				}
			}
			if d := cmp.Diff(all, noted); d != "" {
				t.Errorf("the journal says (-sent +noted)\n%s", d)
			}
		})
		return all
	}
	one := ports(1)
	if len(one) != len(announced(1)) || len(slices.Compact(sorted(one))) != len(one) {
		t.Errorf("replies came from %v", one)
	}
	if !cmp.Equal(one, ports(1)) || cmp.Equal(one, ports(2)) {
		t.Error("the ports do not depend on the seed alone")
	}
}

// What a fault on a search, or on the reply to it, may ask.
func TestSSDPConditions(t *testing.T) {
	const device = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
	is := func(s string) emulator.Test { return emulator.Test{Equals: &s} }
	agent := strings.Replace(searchFor("upnp:rootdevice", "1"), "ST:", "USER-AGENT: x redsonic/1\r\nST:", 1)
	type one struct {
		data    string
		unicast bool
	}
	root, rootUnicast, igd := one{searchFor("upnp:rootdevice", "1"), false}, one{searchFor("upnp:rootdevice", ""), true}, one{searchFor(device, "1"), false}
	tests := []struct {
		name          string
		when          emulator.Condition
		lost, replied []one
	}{
		{"multicast", emulator.Condition{Via: "multicast"}, []one{root, igd}, []one{rootUnicast}},
		{"unicast", emulator.Condition{Via: "unicast"}, []one{rootUnicast}, []one{root, igd}},
		{"search target", emulator.Condition{ST: is(device)}, []one{igd}, []one{root, rootUnicast}},
		{"client", emulator.Condition{Client: emulator.ClientTest{Addr: netip.MustParseAddr("192.168.1.10")}}, []one{root, igd, rootUnicast}, nil},
		{"another client", emulator.Condition{Client: emulator.ClientTest{Addr: netip.MustParseAddr("192.168.1.11")}}, nil, []one{root, igd, rootUnicast}},
		{"header", emulator.Condition{Header: map[string]emulator.Test{"User-Agent": {Contains: new("REDSONIC")}}}, []one{{agent, false}}, []one{root}},
	}
	for _, on := range []emulator.Layer{"ssdp.search", "ssdp.reply"} {
		for _, tt := range tests {
			t.Run(string(on)+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, gateway, host := lan(t)
					startMulticast(t, gateway, emulator.Options{Version: 1, Faults: []emulator.Fault{{On: on, If: tt.when, Do: emulator.Deed{Drop: true}}}})
					c := listenPacket(t, host, "192.168.1.10:4000")
					for i, s := range append(tt.lost, tt.replied...) {
						to := ssdpGroup().String()
						if s.unicast {
							to = "192.168.1.1:1900"
						}
						send(t, c, to, s.data)
						if got, want := len(packets(c, time.Minute)), 1; i < len(tt.lost) && got != 0 || i >= len(tt.lost) && got != want {
							t.Errorf("search %d: %d replies", i, got)
						}
					}
				})
			})
		}
	}
}

// ssdp-multicast-dies: after three hours of the gateway's clock only unicast is heard.
func TestSSDPMulticastDies(t *testing.T) {
	fault := emulator.Fault{On: "ssdp.search", If: emulator.Condition{Via: "multicast"}, When: emulator.When{After: emulator.Duration(3 * time.Hour)}, Do: emulator.Deed{Drop: true}}
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g := startMulticast(t, gateway, emulator.Options{Clock: emulator.NewClock(time.Unix(1e9, 0)), Faults: []emulator.Fault{fault}})
		c := listenPacket(t, host, "192.168.1.10:4000")
		ask := func(want int) {
			t.Helper()
			send(t, c, ssdpGroup().String(), searchFor("upnp:rootdevice", "2"))
			if n := len(packets(c, time.Minute)); n != want {
				t.Errorf("by multicast: %d replies, want %d", n, want)
			}
			send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
			if n := len(packets(c, time.Minute)); n != 1 {
				t.Errorf("by unicast: %d replies, want 1", n)
			}
		}
		g.Advance(3*time.Hour - time.Second)
		ask(1)
		g.Advance(time.Second)
		ask(0)
	})
}

// A delay of the search comes before the answer to it: by unicast, and beside MX.
func TestSSDPSearchDelay(t *testing.T) {
	fault := emulator.Fault{On: "ssdp.search", Do: emulator.Deed{Delay: during(8 * time.Second)}}
	for _, mode := range []string{"multicast", "192.168.1.1:1900"} {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			emulator.Start(t, emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: mode, Faults: []emulator.Fault{fault}})
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
			if all := packets(c, time.Minute); len(all) != 1 || all[0].After != 8*time.Second {
				t.Errorf("%s: %v", mode, all)
			}
			if mode != "multicast" {
				return
			}
			send(t, c, ssdpGroup().String(), searchFor("upnp:rootdevice", "1"))
			if all := packets(c, time.Minute); len(all) != 1 || all[0].After < 8*time.Second || all[0].After > 9*time.Second {
				t.Errorf("%s: %v", mode, all)
			}
		})
	}
}

// ssdp-reply-by-notify: a search is not answered, but 5 to 10 seconds later everything is announced.
func TestSSDPReplyByNotify(t *testing.T) {
	fault := emulator.Fault{On: "ssdp.search", Do: emulator.Deed{Drop: true, Then: []emulator.Then{{
		In: emulator.Span{Min: 5 * time.Second, Max: 10 * time.Second}, Action: emulator.Action{Announce: "alive"},
	}}}}
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		startMulticast(t, gateway, emulator.Options{Version: 1, Faults: []emulator.Fault{fault}})
		group := joinGroup(t, host, "192.168.1.10")
		packets(group, time.Second)
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "2"))
		all := listenFor(t, group, 12*time.Second)
		all = slices.DeleteFunc(all, func(h heard) bool { return strings.HasPrefix(h.start, "M-SEARCH") })
		if d := cmp.Diff(announced(1), targets(all, "NT")); d != "" {
			t.Fatalf("announced (-want +got)\n%s", d)
		}
		for _, h := range all {
			if h.get("NTS") != "ssdp:alive" || h.after < 5*time.Second || h.after > 10*time.Second {
				t.Errorf("%s after %v", h.get("NTS"), h.after)
			}
		}
		if replies := packets(c, time.Minute); len(replies) > 0 {
			t.Errorf("%d replies", len(replies))
		}
	})
}

// Announcements are edited like replies, and told apart by their own header.
func TestSSDPNotifyFaults(t *testing.T) {
	start := func(t *testing.T, faults ...emulator.Fault) (*emulator.Gateway, net.PacketConn) {
		_, gateway, host := lan(t)
		group := joinGroup(t, host, "192.168.1.10")
		return startMulticast(t, gateway, emulator.Options{HTTPPort: 5000, Version: 1, Faults: faults}), group
	}
	data := func(all []packet) (out []string) {
		for _, p := range all {
			out = append(out, p.Data)
		}
		return out
	}
	var truth []string
	synctest.Test(t, func(t *testing.T) {
		_, group := start(t)
		truth = data(packets(group, time.Second))
	})
	if len(truth) != 2*len(announced(1)) || !strings.Contains(truth[0], "ssdp:byebye") || !strings.Contains(truth[10], "ssdp:alive") {
		t.Fatalf("without faults: %q", truth)
	}
	byebye := emulator.Condition{Header: map[string]emulator.Test{"NTS": {Contains: new("byebye")}}}
	root := emulator.Condition{ST: emulator.Test{Equals: new("upnp:rootdevice")}}
	tests := []struct {
		name  string
		fault emulator.Fault
		want  []string
	}{
		{"no byebye", emulator.Fault{If: byebye, Do: emulator.Deed{Drop: true}}, truth[10:]},
		{"start line", emulator.Fault{Do: emulator.Deed{Set: map[string]emulator.Setting{"start-line": text("NOTIFY * HTTP/1.1 ")}}}, func() (all []string) {
			for _, s := range truth {
				all = append(all, strings.Replace(s, "NOTIFY * HTTP/1.1\r\n", "NOTIFY * HTTP/1.1 \r\n", 1))
			}
			return all
		}()},
		{"target", emulator.Fault{If: root, Do: emulator.Deed{Truncate: new(9)}}, slices.Concat([]string{truth[0][:9]}, truth[1:10], []string{truth[10][:9]}, truth[11:])},
		{"duplicate", emulator.Fault{If: root, Do: emulator.Deed{Duplicate: 1}}, slices.Concat(truth[:1], truth[:10], truth[10:11], truth[10:])},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.fault.On = "ssdp.notify"
				_, group := start(t, tt.fault)
				if d := cmp.Diff(tt.want, data(packets(group, time.Second))); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		})
	}
	t.Run("delay and another port", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, group := start(t, emulator.Fault{On: "ssdp.notify", Do: emulator.Deed{Delay: during(time.Second), SendFrom: &emulator.Origin{Port: emulator.PortChoice{Port: 1901}}}})
			all := packets(group, 2*time.Second)
			// What waits for its moment when a byebye is said is never said.
			if d := cmp.Diff(truth, data(all)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			for _, p := range all {
				if p.After != time.Second || p.From != "192.168.1.1:1901" {
					t.Errorf("from %s after %v", p.From, p.After)
				}
			}
		})
	})
}
