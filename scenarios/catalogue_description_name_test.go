package scenarios_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// descriptionNameRows are about names of devices, and values for people.
func descriptionNameRows() []row {
	return []row{
		{
			id: "desc-element-order", // miniupnp/miniupnp: linksys_WAG200G_desc.xml
			look: func(s *street) string {
				text := s.description()
				_, root, _ := strings.Cut(text, "</specVersion>")
				all := values(text, "serviceList")
				connection := slices.IndexFunc(all, func(list string) bool { return strings.Contains(list, ":WANIPConnection:") })
				return notes(leaves(root)[:7], leaves(value(text, "service")), values(all[connection], "serviceType"), s.maps(text))
			},
			want: notes("[deviceType presentationURL friendlyName manufacturer modelName UDN modelDescription]",
				"[controlURL eventSubURL SCPDURL serviceId serviceType]",
				"[urn:schemas-upnp-org:service:WANEthernetLinkConfig:1 urn:schemas-upnp-org:service:WANIPConnection:1]", "maps 200"),
			sound: notes("[deviceType friendlyName manufacturer modelDescription modelName modelNumber serialNumber]",
				"[serviceType serviceId SCPDURL controlURL eventSubURL]", "[urn:schemas-upnp-org:service:WANIPConnection:1]", "maps 200"),
		},
		{
			id: "desc-udn-linebreak", // miniupnp/miniupnp: linksys_WAG200G_desc.xml
			look: func(s *street) string {
				text := s.description()
				all := values(text, "UDN")
				last := all[len(all)-1]
				return notes(regexp.MustCompile(`^uuid:[0-9a-f]{8}-1dd2-11b2-86f0-[0-9a-f]{11}\n8$`).MatchString(last), strings.Count(last, "\n"), readable(text), s.maps(text))
			},
			want: notes(true, 1, "readable", "maps 200"), sound: notes(false, 0, "readable", "maps 200"),
		},
		{
			id: "desc-udn-shared",
			look: func(s *street) string {
				text := s.description()
				all := values(text, "UDN")
				slices.Sort(all)
				return notes(len(all), len(slices.Compact(all)), s.maps(text))
			},
			want: notes(3, 1, "maps 200"), sound: notes(3, 3, "maps 200"),
		},
		{
			id: "desc-value-padding", // ofekp/TinyUPnP#1
			look: func(s *street) string {
				text := s.description()
				about := value(text, "service")
				return notes(fmt.Sprintf("%q", value(text, "presentationURL")), fmt.Sprintf("%q", value(text, "deviceType")), fmt.Sprintf("%q", value(about, "serviceType")),
					fmt.Sprintf("%q", value(about, "controlURL")), fmt.Sprintf("%q", value(about, "SCPDURL")), s.maps(text))
			},
			want: notes(`"http://192.168.1.1:80/      "`, `"\n urn:schemas-upnp-org:device:InternetGatewayDevice:1\n  "`, `"\n   urn:schemas-upnp-org:service:Layer3Forwarding:1\n    "`,
				`"\n   /control/Layer3Forwarding1\n    "`, `" /scpd/Layer3Forwarding1.xml "`, "maps 200"),
			sound: notes(`"-"`, `"urn:schemas-upnp-org:device:InternetGatewayDevice:1"`, `"urn:schemas-upnp-org:service:Layer3Forwarding:1"`, `"/control/Layer3Forwarding1"`,
				`"/scpd/Layer3Forwarding1.xml"`, "maps 200"),
		},
		{
			id: "desc-friendlyname-missing",
			look: func(s *street) string {
				text := s.description()
				return notes(len(values(text, "friendlyName")), len(values(text, "UDN")), readable(text), s.maps(text))
			},
			want: notes(0, 3, "readable", "maps 200"), sound: notes(3, 3, "readable", "maps 200"),
		},
		{
			id: "desc-devicetype-empty", // miniupnp/miniupnp#627
			look: func(s *street) string {
				text := s.description()
				return notes(fmt.Sprintf("%q", values(text, "deviceType")), fmt.Sprintf("%q", values(text, "major")), fmt.Sprintf("%q", values(text, "minor")), s.maps(text))
			},
			want: notes(`["" "" ""]`, `[""]`, `[""]`, "maps 200"),
			sound: notes(`["urn:schemas-upnp-org:device:InternetGatewayDevice:1" "urn:schemas-upnp-org:device:WANDevice:1" "urn:schemas-upnp-org:device:WANConnectionDevice:1"]`,
				`["1"]`, `["1"]`, "maps 200"),
		},
		{
			id: "desc-placeholders",
			look: func(s *street) string {
				text := s.description()
				var all []string
				for _, name := range []string{"friendlyName", "modelDescription", "modelName", "modelNumber", "serialNumber", "UPC"} {
					all = append(all, value(text, name))
				}
				_, fixed, _ := strings.Cut(value(text, "UDN"), "uuid:12342409-1234-1234-5678-ee1234cc5678")
				return notes(strings.Join(all, "; "), strings.Contains(value(text, "UDN"), "uuid:12342409-1234-1234-5678-ee1234cc5678"), fixed, s.maps(text))
			},
			want:  notes("urn:schemas-upnp-org:device:InternetGatewayDevice:1; (null); (unimplemented); (null); none; 00000-00001", true, "", "maps 200"),
			sound: notes("Emulated gateway igd1; An emulator of an Internet gateway for tests; it leads nowhere; Emulated IGD:1; 1; 1; -", false, "", "maps 200"),
		},
		{
			id: "desc-url-not-uri",
			look: func(s *street) string {
				text := s.description()
				return notes(value(text, "manufacturerURL"), value(text, "modelURL"), value(text, "presentationURL"), s.maps(text))
			},
			want: notes("www.avm.de", "www.netgear.com", "/", "maps 200"), sound: notes("-", "-", "-", "maps 200"),
		},
	}
}
