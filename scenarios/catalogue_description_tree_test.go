package scenarios_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// descriptionTreeRows are about which devices and services there are.
func descriptionTreeRows() []row {
	// statuses are how the connections of a description say they are, by their types.
	statuses := func(s *street, text string) (all []string) {
		for _, c := range s.mappable(text) {
			all = append(all, c.urn[strings.LastIndex(c.urn, "WAN"):]+" "+s.ok(c.request("GetStatusInfo"))["NewConnectionStatus"])
		}
		return all
	}
	const (
		version2 = "InternetGatewayDevice:2 WANDevice:2 WANConnectionDevice:2 Layer3Forwarding:1 DeviceProtection:1 WANCommonInterfaceConfig:1 WANIPConnection:2 WANIPv6FirewallControl:1"
		version1 = "InternetGatewayDevice:1 WANDevice:1 WANConnectionDevice:1 Layer3Forwarding:1 WANCommonInterfaceConfig:1 WANIPConnection:1"
	)
	return []row{
		{
			id: "desc-ip-and-ppp-together", // arvidn/libtorrent#6611
			look: func(s *street) string {
				text := s.description()
				all := s.mappable(text)
				last := all[len(all)-1]
				crossed := connection{all[0].control, last.urn}
				list := values(text, "serviceList")
				return notes(strings.ReplaceAll(list[len(list)-1], " ", ""), strings.Join(statuses(s, text), ", "), "crossed "+s.outcome(crossed.request("GetStatusInfo")))
			},
			want: notes(`
<service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/wipc_scpd.xml</SCPDURL>
<controlURL>/wipc_cont</controlURL>
<eventSubURL>/wipc_evnt</eventSubURL>
</service>
<service>
<serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>
<serviceId>urn:upnp-org:serviceId:WANPPPConnection</serviceId>
<SCPDURL>/wpppc_scpd.xml</SCPDURL>
<controlURL>/wpppc_cont</controlURL>
<eventSubURL>/wpppc_evnt</eventSubURL>
</service>
`, "WANIPConnection:1 Connected, WANPPPConnection:1 Disconnected", "crossed 500 401"),
			sound: notes(`
<service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/scpd/WANIPConnection1.xml</SCPDURL>
<controlURL>/control/WANIPConnection1</controlURL>
<eventSubURL>/event/WANIPConnection1</eventSubURL>
</service>
`, "WANIPConnection:1 Connected", "crossed 200"),
		},
		{
			id: "desc-several-ppp",
			look: func(s *street) string {
				text := s.description()
				all := s.mappable(text)
				return notes(strings.Count(text, ":WANDevice:"), strings.Join(statuses(s, text), ", "), s.ok(all[len(all)-1].request("GetExternalIPAddress"))["NewExternalIPAddress"], s.maps(text))
			},
			want: notes(1, "WANPPPConnection:1 Disconnected, WANPPPConnection:1 Connected", external, "maps 200, 200"), sound: notes(1, "WANIPConnection:1 Connected", external, "maps 200"),
		},
		{
			id: "desc-dslforum-urns", // tailscale/tailscale#10911
			look: func(s *street) string {
				text := s.description()
				c := s.mappable(text)[0]
				upnp := connection{c.control, strings.Replace(c.urn, "dslforum-org", "schemas-upnp-org", 1)}
				return notes(values(text, "deviceType"), values(text, "serviceType"), value(text, "serviceId"), "by UPnP's name "+s.outcome(upnp.request("GetStatusInfo")), s.maps(text))
			},
			want: notes("[urn:dslforum-org:device:InternetGatewayDevice:1 urn:dslforum-org:device:WANDevice:1 urn:dslforum-org:device:WANConnectionDevice:1]",
				"[urn:dslforum-org:service:Layer3Forwarding:1 urn:dslforum-org:service:WANCommonInterfaceConfig:1 urn:dslforum-org:service:WANPPPConnection:1]",
				"urn:dslforum-org:serviceId:Layer3Forwarding1", "by UPnP's name 500 401", "maps 200"),
			sound: notes("[urn:schemas-upnp-org:device:InternetGatewayDevice:1 urn:schemas-upnp-org:device:WANDevice:1 urn:schemas-upnp-org:device:WANConnectionDevice:1]",
				"[urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:schemas-upnp-org:service:WANIPConnection:1]",
				"urn:upnp-org:serviceId:L3Forwarding1", "by UPnP's name 200", "maps 200"),
		},
		{
			id: "desc-ppp2-named-ip", // miniupnp/miniupnp: new_LiveBox_desc.xml
			look: func(s *street) string {
				text := s.description()
				return notes(value(text, "deviceType"), values(text, "serviceType"), values(text, "serviceId"), values(text, "controlURL"), values(text, "SCPDURL"), s.maps(text))
			},
			want: notes("urn:schemas-upnp-org:device:InternetGatewayDevice:2",
				"[urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:schemas-upnp-org:service:WANPPPConnection:2 urn:schemas-upnp-org:service:WANIPv6FirewallControl:1]",
				"[urn:upnp-org:serviceId:WANCommonIFC1 urn:upnp-org:serviceId:WANIPConn1 urn:upnp-org:serviceId:WANIPv6FwCtrl1]",
				"[/87895a19/upnp/control/WANCommonIFC1 /87895a19/upnp/control/WANIPConn1 /87895a19/upnp/control/WANIPv6FwCtrl1]",
				"[/87895a19/gateicfgSCPD.xml /87895a19/gateconnSCPD_PPP.xml /87895a19/wanipv6fwctrlSCPD.xml]", "maps 200"),
			sound: notes("urn:schemas-upnp-org:device:InternetGatewayDevice:2",
				"[urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:schemas-upnp-org:service:WANIPConnection:2 urn:schemas-upnp-org:service:WANIPv6FirewallControl:1]",
				"[urn:upnp-org:serviceId:L3Forwarding1 urn:upnp-org:serviceId:WANCommonIFC1 urn:upnp-org:serviceId:WANIPConn1 urn:upnp-org:serviceId:WANIPv6Firewall1]",
				"[/control/Layer3Forwarding1 /control/WANCommonInterfaceConfig1 /control/WANIPConnection2 /control/WANIPv6FirewallControl1]",
				"[/scpd/Layer3Forwarding1.xml /scpd/WANCommonInterfaceConfig1.xml /scpd/WANIPConnection2.xml /scpd/WANIPv6FirewallControl1.xml]", "maps 200"),
		},
		{
			id: "desc-no-l3forwarding",
			look: func(s *street) string {
				text := s.description()
				root, _, _ := strings.Cut(text, "<deviceList>")
				return notes(strings.Count(text, "Layer3Forwarding"), len(values(root, "serviceList")), s.maps(text))
			},
			want: notes(0, 0, "maps 200"), sound: notes(4, 1, "maps 200"), // its type and its three URLs; the id is another word
		},
		{
			id: "desc-no-commonif",
			look: func(s *street) string {
				text := s.description()
				return notes(values(text, "serviceType"), s.maps(text))
			},
			want: notes("[urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:schemas-upnp-org:service:WANIPConnection:1]", "maps 200"),
			sound: notes("[urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:schemas-upnp-org:service:WANIPConnection:1]",
				"maps 200"),
		},
		{
			id: "desc-vendor-root-service", // kbr/fritzconnection
			look: func(s *street) string {
				text := s.description()
				first := value(text, "service")
				c := connection{s.target(value(first, "controlURL")), value(first, "serviceType")}
				return notes(c, value(first, "serviceId"), value(first, "eventSubURL"), value(first, "SCPDURL"), s.outcome(get(value(first, "SCPDURL"))),
					s.outcome(c.request("GetDefaultConnectionService")), s.maps(text))
			},
			want: notes("{/igdupnp/control/any urn:schemas-any-com:service:Any:1}", "urn:any-com:serviceId:any1", "/igdupnp/control/any", "/any.xml", "200", "500 401", "maps 200"),
			sound: notes("{/control/Layer3Forwarding1 urn:schemas-upnp-org:service:Layer3Forwarding:1}", "urn:upnp-org:serviceId:L3Forwarding1", "/event/Layer3Forwarding1",
				"/scpd/Layer3Forwarding1.xml", "200", "200", "maps 200"),
		},
		{
			id: "desc-tr064-services-dead", // dev-zzo/router-tools#2
			look: func(s *street) string {
				text := s.description()
				first := value(text, "service")
				c := connection{s.target(value(first, "controlURL")), value(first, "serviceType")}
				return notes(c, value(first, "serviceId"), value(first, "eventSubURL"), value(first, "SCPDURL"), s.outcome(c.request("GetInfo")), s.maps(text))
			},
			want: notes("{/control/igd/devinfo urn:dslforum-org:service:DeviceInfo:1}", "DeviceInfo", "/event/igd/devinfo", "/DeviceInfo.xml", "500 501", "maps 200"),
			sound: notes("{/control/Layer3Forwarding1 urn:schemas-upnp-org:service:Layer3Forwarding:1}", "urn:upnp-org:serviceId:L3Forwarding1", "/event/Layer3Forwarding1",
				"/scpd/Layer3Forwarding1.xml", "500 401", "maps 200"),
		},
		{
			id: "desc-serviceid-scpd-mismatch",
			look: func(s *street) string {
				text := s.description()
				return notes(s.mappable(text), values(text, "serviceId")[2], values(text, "SCPDURL")[2], s.scpds(text), s.maps(text))
			},
			want: notes("[{/control/WANIPConnection1 urn:schemas-upnp-org:service:WANIPConnection:1}]", "urn:upnp-org:serviceId:WANPPPConn2", "/dynsvc/WANPPPConnection:1.xml",
				"SCPDs 200, 200, 200", "maps 200"),
			sound: notes("[{/control/WANIPConnection1 urn:schemas-upnp-org:service:WANIPConnection:1}]", "urn:upnp-org:serviceId:WANIPConn1", "/scpd/WANIPConnection1.xml",
				"SCPDs 200, 200, 200", "maps 200"),
		},
		{
			id: "desc-v1-for-microsoft", // miniupnp/miniupnp: miniupnpd/upnpdescgen.c
			look: func(s *street) string {
				var all []string
				for _, agent := range []string{"upnpc", "Mozilla/4.0 (compatible; UPnP/1.0; Windows NT/5.1)", "Microsoft-Windows/10.0 UPnP/1.0", "FDSSDP"} {
					answer, _ := s.exchange("GET " + s.place().Path + " HTTP/1.1\r\nHost: 192.168.1.1\r\nUser-Agent: " + agent + "\r\nConnection: close\r\n\r\n")
					var types []string
					for _, urn := range append(values(answer, "deviceType"), values(answer, "serviceType")...) {
						f := strings.Split(urn, ":")
						types = append(types, strings.Join(f[len(f)-2:], ":"))
					}
					all = append(all, agent+": "+strings.Join(types, " "), readable(answer[strings.Index(answer, "<?xml"):]))
				}
				c := connection{"/ctl/IPConn", "urn:schemas-upnp-org:service:WANIPConnection:1"}
				return notes(strings.Join(all, "\n"), s.outcome(c.add("TCP", 8080, "192.168.1.10", 0)))
			},
			want: notes("upnpc: "+version2, "readable", "Mozilla/4.0 (compatible; UPnP/1.0; Windows NT/5.1): "+version2, "readable",
				"Microsoft-Windows/10.0 UPnP/1.0: "+version1, "readable", "FDSSDP: "+version1, "readable", "200"),
			sound: notes("upnpc: "+version2, "readable", "Mozilla/4.0 (compatible; UPnP/1.0; Windows NT/5.1): "+version2, "readable",
				"Microsoft-Windows/10.0 UPnP/1.0: "+version2, "readable", "FDSSDP: "+version2, "readable", "200"),
		},
		{
			id: "desc-device-count-changes", // home-assistant/core#43014
			look: func(s *street) string {
				var all []string
				var usn string
				for _, r := range s.look(group, gateway, 5*time.Second) {
					location := r.fields.Get("LOCATION")
					u, err := url.Parse(location)
					if err != nil {
						s.t.Fatal(err)
					}
					text := s.page(location)
					deviceType := value(text, "deviceType")
					all = append(all, fmt.Sprint(u.Path, " ", deviceType[len(deviceType)-1:], " ", strings.HasPrefix(r.fields.Get("USN"), value(text, "UDN")+"::")))
					if usn == "" {
						usn = r.fields.Get("USN")
					}
					all = append(all, fmt.Sprint(usn == r.fields.Get("USN")))
				}
				return notes(strings.Join(all, "\n"))
			},
			want: notes("/igddesc.xml 1 true", true, "/igd2desc.xml 2 true", true), sound: notes("/igddesc.xml 1 true", true), than: "fritzbox-7590",
		},
		{
			id: "desc-only-unknown-services",
			look: func(s *street) string {
				text := s.description()
				return notes(value(text, "deviceType"), len(values(text, "deviceType")), fmt.Sprint(len(s.mappable(text)), " of ", len(values(text, "service")), " services"))
			},
			want: notes("urn:dslforum-org:device:InternetGatewayDevice:1", 3, "0 of 3 services"), sound: notes("urn:schemas-upnp-org:device:InternetGatewayDevice:1", 3, "1 of 3 services"),
		},
		{
			id: "desc-ppp-only",
			look: func(s *street) string {
				text := s.description()
				return notes(s.mappable(text), s.maps(text))
			},
			want:  notes("[{/control/WANPPPConnection1 urn:schemas-upnp-org:service:WANPPPConnection:1}]", "maps 200"),
			sound: notes("[{/control/WANIPConnection1 urn:schemas-upnp-org:service:WANIPConnection:1}]", "maps 200"),
		},
	}
}
