package scenarios_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// descriptionURLRows are about URLBase and the URLs of services.
func descriptionURLRows() []row {
	return []row{
		{
			id: "desc-urlbase-wrong-port",
			look: func(s *street) string {
				base := value(s.page(s.gateways[0].Location()), "URLBase")
				u, err := url.Parse(base)
				if err != nil || u.Host == "" {
					u = s.place()
				}
				answer, end := s.exchangeAt(u.Host, get("/description.xml"))
				head, _, _ := strings.Cut(answer, "\r\n")
				return notes(base, head+end, s.maps(s.description()))
			},
			want: notes("http://192.168.1.1:80/", "refused", "maps 200"), sound: notes("-", "HTTP/1.1 200 OKclosed", "maps 200"),
		},
		{
			id: "desc-urlbase-no-port", // syncthing/syncthing#1187
			look: func(s *street) string {
				text := s.description()
				return notes(value(text, "URLBase"), values(text, "controlURL"), values(text, "eventSubURL"), values(text, "SCPDURL"), s.maps(text))
			},
			want: notes("http://192.168.1.1",
				"[http://ROUTER/control/Layer3Forwarding1 http://ROUTER/control/WANCommonInterfaceConfig1 http://ROUTER/control/WANIPConnection1]",
				"[http://ROUTER/event/Layer3Forwarding1 http://ROUTER/event/WANCommonInterfaceConfig1 http://ROUTER/event/WANIPConnection1]",
				"[/scpd/Layer3Forwarding1.xml /scpd/WANCommonInterfaceConfig1.xml /scpd/WANIPConnection1.xml]", "maps 200"),
			sound: notes("-", "[/control/Layer3Forwarding1 /control/WANCommonInterfaceConfig1 /control/WANIPConnection1]",
				"[/event/Layer3Forwarding1 /event/WANCommonInterfaceConfig1 /event/WANIPConnection1]",
				"[/scpd/Layer3Forwarding1.xml /scpd/WANCommonInterfaceConfig1.xml /scpd/WANIPConnection1.xml]", "maps 200"),
		},
		{
			id: "desc-urlbase-blank",
			look: func(s *street) string {
				text := s.description()
				return notes(fmt.Sprintf("%q", values(text, "URLBase")), s.maps(text))
			},
			want: notes(`[""]`, "maps 200"), sound: notes("[]", "maps 200"),
		},
		{
			id: "desc-urlbase-trailing-slash",
			look: func(s *street) string {
				text := s.description()
				base := strings.TrimPrefix(strings.Join(values(text, "URLBase"), ""), "http://ROUTER")
				c := s.mappable(text)[0]
				joined := connection{base + c.control, c.urn}
				return notes(values(text, "URLBase"), joined.control, s.outcome(joined.request("GetStatusInfo")), s.maps(text))
			},
			want:  notes("[http://ROUTER/]", "//control/WANIPConnection1", "404", "maps 200"),
			sound: notes("[]", "/control/WANIPConnection1", "200", "maps 200"),
		},
		{
			id: "desc-urlbase-absent",
			look: func(s *street) string {
				text := s.description()
				return notes(values(text, "URLBase"), readable(text), s.maps(text))
			},
			want: notes("[]", "readable", "maps 200"), sound: notes("[http://ROUTER/]", "readable", "maps 200"),
		},
		{
			id: "desc-urlbase-last", // nicotine-plus/nicotine-plus#2955
			look: func(s *street) string {
				text := s.description()
				return notes(text[strings.LastIndex(text, "</device>"):], s.maps(text))
			},
			want: notes("</device>\n  <URLBase>http://ROUTER</URLBase>\n</root>\n", "maps 200"), sound: notes("</device>\n</root>\n", "maps 200"),
		},
		{
			id: "desc-control-absolute", // home-assistant/core#76383
			look: func(s *street) string {
				text := s.description()
				return notes(values(text, "controlURL"), values(text, "eventSubURL")[0], values(text, "SCPDURL")[0], s.maps(text))
			},
			want: notes("[http://ROUTER/ctrl/Layer3Forwarding1 http://ROUTER/ctrl/WANCommonInterfaceConfig1 http://ROUTER/ctrl/WANIPConnection1]",
				"/event/Layer3Forwarding1", "/scpd/Layer3Forwarding1.xml", "maps 200"),
			sound: notes("[/control/Layer3Forwarding1 /control/WANCommonInterfaceConfig1 /control/WANIPConnection1]",
				"/event/Layer3Forwarding1", "/scpd/Layer3Forwarding1.xml", "maps 200"),
		},
		{
			id: "desc-ports-split", // arvidn/libtorrent: root1.xml
			look: func(s *street) string {
				text := s.description()
				var all []string
				names := map[string]string{"ROUTER": "ROUTER"}
				for _, service := range values(text, "service") {
					for _, name := range []string{"controlURL", "eventSubURL", "SCPDURL"} {
						u, err := url.Parse(value(service, name))
						if err != nil {
							s.t.Fatal(err)
						}
						if u.Host != "" && names[u.Host] == "" {
							names[u.Host] = fmt.Sprint("port ", len(names))
						}
						all = append(all, names[u.Host]+u.Path)
					}
				}
				last := values(text, "service")[2] // the connection's, at its own port and at that of LOCATION
				u, err := url.Parse(value(last, "controlURL"))
				if err != nil {
					s.t.Fatal(err)
				}
				if u.Host == "" {
					u.Host = "ROUTER"
				}
				c := connection{u.Path, value(last, "serviceType")}
				own, _ := s.exchangeAt(strings.Replace(u.Host, "ROUTER", s.place().Host, 1), c.add("TCP", 8080, "192.168.1.10", 0))
				own, _, _ = strings.Cut(own, "\r\n")
				return notes(strings.Join(all, "\n"), own, s.outcome(c.request("GetStatusInfo")), s.scpds(text))
			},
			want: notes("port 1/l3fw", "port 2/l3fw", "ROUTER/l3fw.xml", "port 1/wcommifc", "port 2/wcommifc", "ROUTER/WANCommonIFC1.xml",
				"port 1/wipconn", "port 2/wipconn", "ROUTER/WANIPConn1.xml", "port 3/wfawc", "port 4/wfawc", "ROUTER/WFAwc.xml",
				"HTTP/1.1 200 OK", "404", "SCPDs 200, 200, 200, 200"),
			sound: notes("/control/Layer3Forwarding1", "/event/Layer3Forwarding1", "/scpd/Layer3Forwarding1.xml",
				"/control/WANCommonInterfaceConfig1", "/event/WANCommonInterfaceConfig1", "/scpd/WANCommonInterfaceConfig1.xml",
				"/control/WANIPConnection1", "/event/WANIPConnection1", "/scpd/WANIPConnection1.xml", "HTTP/1.1 200 OK", "200", "SCPDs 200, 200, 200"),
		},
		{
			id: "desc-http-on-pmp-port",
			look: func(s *street) string {
				answer, end := s.exchangeAt("192.168.1.1:5351", get("/description.xml"))
				head, _, _ := strings.Cut(answer, "\r\n")
				return notes(s.place().Port() == "5351", head, end, s.maps(s.description()))
			},
			want: notes(true, "HTTP/1.1 200 OK", "closed", "maps 200"), sound: notes(false, "", "refused", "maps 200"),
		},
		{
			id: "desc-location-no-path",
			look: func(s *street) string {
				text := s.description()
				return notes(values(text, "controlURL")[2], s.outcome(connection{"/", s.mappable(text)[0].urn}.request("GetStatusInfo")), s.maps(text))
			},
			want: notes("http://ROUTER", "200", "maps 200"), sound: notes("/control/WANIPConnection1", "404", "maps 200"),
		},
		{
			id: "desc-control-query", // ethereum/go-ethereum
			look: func(s *street) string {
				text := s.description()
				c := s.mappable(text)[0]
				escaped := connection{strings.ReplaceAll(c.control, "?", "%3F"), c.urn}
				path, _, _ := strings.Cut(c.control, "?")
				return notes(values(text, "controlURL"), "escaped "+s.outcome(escaped.request("GetStatusInfo")),
					"without "+s.outcome(connection{path, c.urn}.request("GetStatusInfo")), s.maps(text), s.scpds(text))
			},
			want: notes("[/control?Layer3Forwarding /control?WANCommonInterfaceConfig /control?WANIPConnection]", "escaped 404", "without 404", "maps 200", "SCPDs 200, 200, 200"),
			sound: notes("[/control/Layer3Forwarding1 /control/WANCommonInterfaceConfig1 /control/WANIPConnection1]", "escaped 200", "without 200", "maps 200",
				"SCPDs 200, 200, 200"),
		},
		{
			id: "desc-control-colons", // lbryio/aioupnp
			look: func(s *street) string {
				text := s.description()
				udn := regexp.MustCompile(`uuid:[0-9a-f-]+`)
				return notes(udn.ReplaceAllString(fmt.Sprint(values(text, "controlURL")), "uuid:U"), udn.ReplaceAllString(values(text, "eventSubURL")[2], "uuid:U"),
					values(text, "SCPDURL")[2], s.maps(text), s.scpds(text))
			},
			want: notes("[/uuid:U/Layer3Forwarding:1 /uuid:U/WANCommonInterfaceConfig:1 /uuid:U/WANIPConnection:1]", "/uuid:U/WANIPConnection:1",
				"/dynsvc/WANIPConnection:1.xml", "maps 200", "SCPDs 200, 200, 200"),
			sound: notes("[/control/Layer3Forwarding1 /control/WANCommonInterfaceConfig1 /control/WANIPConnection1]", "/event/WANIPConnection1",
				"/scpd/WANIPConnection1.xml", "maps 200", "SCPDs 200, 200, 200"),
		},
		{
			id: "desc-control-long",
			look: func(s *street) string {
				text := s.description()
				return notes(len(s.place().Path), len(values(text, "controlURL")[2]), s.maps(text))
			},
			want: notes(1+64+len("/description.xml"), 1+64+len("/WANIPConnection1"), "maps 200"), sound: notes(len("/description.xml"), len("/control/WANIPConnection1"), "maps 200"),
		},
		{
			id: "desc-control-empty",
			look: func(s *street) string {
				text := s.description()
				return notes(s.mappable(text), s.maps(text))
			},
			want: notes("[{/description.xml urn:schemas-upnp-org:service:WANPPPConnection:1} {/control/WANIPConnection1-1 urn:schemas-upnp-org:service:WANIPConnection:1}]",
				"maps 405, 200"),
			sound: notes("[{/control/WANIPConnection1 urn:schemas-upnp-org:service:WANIPConnection:1}]", "maps 200"),
		},
	}
}
