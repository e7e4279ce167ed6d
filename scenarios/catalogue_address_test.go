package scenarios_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

func addressRows() []row {
	return slices.Concat(toldRows(), wrongRows(), changeRows())
}

// address is the raw text of NewExternalIPAddress, as the pc is told it.
func (s *street) address(c connection) string {
	s.t.Helper()
	return s.answers(c.request("GetExternalIPAddress"), "NewExternalIPAddress")
}

// toldRows are about a gateway that has no address for the Internet, and says so in some way.
func toldRows() []row {
	// What is told is asked for, and told by events; the gateway calls itself connected, and maps.
	told := func(s *street) string {
		c, news := s.connections()[0], s.subscribe()
		said := fmt.Sprintf("<%s> <%s> ", s.address(c), news.next("ExternalIPAddress"))
		said += s.answers(c.request("GetStatusInfo"), "NewConnectionStatus")
		s.map1(c, 8080)
		return said + " " + s.through(8080)
	}
	as := func(address, status, port string) string {
		return fmt.Sprintf("<%s> <%s> %s %s", address, address, status, port)
	}
	soundly := as(external, "Connected", "open")
	return []row{
		{id: "extip-zero", look: told, want: as("0.0.0.0", "Connected", "shut"), sound: soundly},
		{id: "extip-empty", look: told, want: as("", "Connected", "shut"), sound: soundly},
		{id: "extip-private", look: told, want: as("192.168.10.2", "Connected", "shut"), sound: soundly}, // miniupnp/miniupnp#433
		{id: "extip-cgnat", look: told, want: as("100.64.192.115", "Connected", "shut"), sound: soundly}, // miniupnp/miniupnp#665
		{id: "extip-loopback", look: told, want: as("127.0.0.1", "Connected", "open"), sound: soundly},
		{id: "extip-wrong-address", look: told, want: as("192.168.225.100", "Connected", "open"), sound: soundly}, // lontivero/Open.NAT#86
		{id: "extip-not-v4", look: told, want: as("2d00::1", "Connected", "open"), sound: soundly},
		{id: "extip-not-v4: {text: unknown}", look: told, want: as("unknown", "Connected", "open"), sound: soundly},
		{
			// miniupnp/miniupnp#567: these sixteen bytes, and then some of which the first is no UTF-8.
			id: "extip-uninitialised",
			look: func(s *street) string {
				c := s.connections()[0]
				return fmt.Sprintf("%s %q", s.answers(c.request("GetStatusInfo"), "NewConnectionStatus"), s.address(c))
			},
			want: `Disconnected "schemas.upnp.org\xf6\xb6i\xb6\xf4\xbe\xff"`, sound: `Connected "` + external + `"`,
		},
	}
}

// wrongRows are about a gateway that works, and whose address is not to be had from it.
func wrongRows() []row {
	failing := func(s *street) string {
		c := s.connections()[0]
		said := s.result(c.request("GetExternalIPAddress"))
		s.map1(c, 8080)
		return said + ", " + s.through(8080)
	}
	return []row{
		{id: "extip-error", look: failing, want: "500 501 Action Failed, open", sound: "200, open"},
		{id: "extip-error: {error: 606}", look: failing, want: "500 606 Action not authorized, open", sound: "200, open"},
		{
			id: "extip-foreign-public",
			look: func(s *street) string {
				c := s.connections()[0]
				s.map1(c, 8080)
				told := s.address(c)
				return fmt.Sprint(told, " ", s.answers(c.of("GetSpecificPortMappingEntry", "TCP", 8080), "NewEnabled"), " ", s.call(told+":8080"))
			},
			want: "45.66.77.99 1 unreachable", sound: external + " 1 answered",
		},
		{
			id: "extip-per-client", // upnpsoap.c of miniupnpd
			look: func(s *street) string {
				c := s.connections()[0]
				lodger := s.network.Host("lodger", netip.MustParsePrefix("192.168.1.200/24"))
				var all []string
				for _, h := range []*emulator.Host{s.pc, s.nas, lodger} {
					text, _ := element(s.send(h, c.request("GetExternalIPAddress")), "NewExternalIPAddress")
					all = append(all, text)
				}
				return strings.Join(all, " ")
			},
			want: external + " " + external + " 45.66.77.99", sound: external + " " + external + " " + external,
		},
		{
			id: "extip-per-service",
			look: func(s *street) string {
				p := s.run("8080")
				var all []string
				for _, c := range s.connections() {
					s.map1(c, 8080)
					open := "shut"
					if s.tcp(p) {
						open = "open"
					}
					all = append(all, s.answers(c.request("GetStatusInfo"), "NewConnectionStatus")+" "+s.address(c)+" "+open)
					s.ok(c.of("DeletePortMapping", "TCP", 8080))
				}
				return strings.Join(all, ", ")
			},
			want: "Connected 192.168.100.10 shut, Connected " + external + " open", sound: "Connected " + external + " open",
		},
	}
}

// call is what comes of a connection of the peer to an address, behind which a program of the pc should be.
func (s *street) call(address string) string {
	s.t.Helper()
	p := s.run(fmt.Sprint(netip.MustParseAddrPort(address).Port()))
	defer p.tcp.Close()
	c, err := s.peer.Dial(s.t.Context(), "tcp", netip.Addr{}, address)
	if err != nil {
		return "unreachable"
	}
	c.Close()
	return "answered"
}

// changeRows are about an address that changes.
func changeRows() []row {
	return []row{
		{
			id: "extip-flips",
			look: func(s *street) string {
				c := s.connections()[0]
				s.sleep(15 * time.Second)
				var all []string
				for range 5 {
					all = append(all, s.address(c))
					s.sleep(30 * time.Second)
				}
				return strings.Join(all, " ")
			},
			want:  external + " 45.66.77.99 " + external + " 45.66.77.99 " + external,
			sound: strings.Join(slices.Repeat([]string{external}, 5), " "),
		},
		{
			id: "extip-stale-after-reconnect",
			look: func(s *street) string {
				c, news := s.connections()[0], s.subscribe()
				news.next("ExternalIPAddress")
				all := []string{s.address(c)}
				s.map1(c, 8080)
				for _, d := range []time.Duration{65, 10, 100} { // down; up again for 5 s, and for 105 s
					s.sleep(d * time.Second)
					all = append(all, s.answers(c.request("GetStatusInfo"), "NewConnectionStatus", "NewUptime")+" <"+s.address(c)+">")
				}
				// It has the new address all the while, but the old one is told until two minutes after it came.
				all = append(all, s.call("45.66.77.99:8080"))
				s.sleep(15 * time.Second)
				return strings.Join(append(all, s.address(c)), ", ")
			},
			want:  external + ", Disconnected 0 <>, Connected 5 <" + external + ">, Connected 105 <" + external + ">, answered, 45.66.77.99",
			sound: external + ", Connected 65 <" + external + ">, Connected 75 <" + external + ">, Connected 175 <" + external + ">, unreachable, " + external,
		},
		{
			id: "extip-changes-silently",
			look: func(s *street) string {
				c, news := s.connections()[0], s.subscribe()
				news.next("ExternalIPAddress")
				s.sleep(time.Hour) // nothing happens before somebody has asked
				all := []string{s.address(c)}
				s.sleep(time.Minute - time.Second)
				all = append(all, s.address(c))
				s.sleep(time.Second)
				all = append(all, s.address(c), news.next("ExternalIPAddress"))
				return strings.Join(all, " ") + " " + s.answers(c.request("GetStatusInfo"), "NewConnectionStatus", "NewUptime")
			},
			// Up for the hour, the minute until the change, and the one in which no event came.
			want:  external + " " + external + " 45.66.77.99 silence Connected 3720",
			sound: external + " " + external + " " + external + " silence Connected 3720",
		},
	}
}
