package scenarios_test

import (
	"strings"
)

// statusRows are about GetStatusInfo.
func statusRows() []row {
	status := func(s *street) string {
		return s.answers(s.connections()[0].request("GetStatusInfo"), "NewConnectionStatus")
	}
	return []row{
		{
			id: "status-up",
			look: func(s *street) string {
				news := s.subscribe()
				up := status(s) + " " + news.next("ConnectionStatus")
				if err := s.gateways[0].SetConnectionStatus("Disconnected"); err != nil {
					return err.Error()
				}
				return up + ", " + status(s) + " " + news.next("ConnectionStatus")
			},
			want: "Up Up, Disconnected Disconnected", sound: "Connected Connected, Disconnected Disconnected",
		},
		{
			id: "status-disconnected-works",
			look: func(s *street) string {
				c, news := s.connections()[0], s.subscribe()
				said := status(s) + " " + news.next("ConnectionStatus")
				s.map1(c, 8080)
				return said + " " + s.through(8080) + " " + s.answers(c.request("GetExternalIPAddress"), "NewExternalIPAddress")
			},
			want: "Disconnected Disconnected open " + external, sound: "Connected Connected open " + external,
		},
		{
			id: "status-connected-no-ip", // upnpsoap.c of miniupnpd: addr_is_reserved empties the text
			look: func(s *street) string {
				c, news := s.connections()[0], s.subscribe()
				return status(s) + " <" + s.answers(c.request("GetExternalIPAddress"), "NewExternalIPAddress") + "> <" + news.next("ExternalIPAddress") + ">"
			},
			want: "Connected <> <>", sound: "Connected <" + external + "> <" + external + ">",
		},
		{
			id: "status-odd-error", // nicotine-plus/nicotine-plus#597
			look: func(s *street) string {
				return s.answers(s.connections()[0].request("GetStatusInfo"), "NewConnectionStatus", "NewLastConnectionError")
			},
			want: "Connected ERROR_UNKNOWN", sound: "Connected ERROR_NONE",
		},
	}
}

// counterRows are about the traffic counters of WANCommonInterfaceConfig.
func counterRows() []row {
	// Each counter as it stands, with a plus if somebody's traffic makes it grow.
	grows := func(s *street) string {
		before, after := s.traffic()
		all, then := strings.Fields(before), strings.Fields(after)
		for i := range all {
			if then[i] != all[i] {
				all[i] += "+"
			}
		}
		return strings.Join(all, " ")
	}
	refused := func(s *street) string {
		c := s.common()
		var all []string
		for _, name := range counters() {
			answer, end := s.exchange(c.request("Get" + name))
			if answer != "" {
				end = s.result(c.request("Get" + name))
			}
			all = append(all, end)
		}
		return strings.Join(append(all, s.result(c.request("GetCommonLinkProperties")), s.result(s.connections()[0].request("GetStatusInfo"))), ", ")
	}
	each := func(said string) string { return strings.Repeat(said+", ", 4) + "200, 200" }
	const soundly = "0+ 0+ 0+ 0+"
	return []row{
		{id: "counters-over-32bit", look: grows, want: "4294967296+ 1099511627776+ 4294967296+ 8589934592+", sound: soundly},
		{id: "counters-stuck", look: grows, want: "4294967295 4294967295 0+ 0+", sound: soundly}, // tailscale/tailscale#3557, home-assistant/core#93838
		{id: "counters-stuck: {value: 0}", look: grows, want: "0 0 0+ 0+", sound: soundly},       // home-assistant/core#140614
		{id: "counters-error", look: refused, want: each("500 501 Action Failed"), sound: each("200")},
		{id: "counters-close", look: refused, want: each("closed"), sound: each("200")},
	}
}
