package scenarios_test

import (
	"maps"
	"slices"
	"strings"
)

// descriptionSCPDRows are about the descriptions of services.
func descriptionSCPDRows() []row {
	return []row{
		{
			id: "desc-scpd-empty", // lbryio/aioupnp: DIR-890L, whose OSInfo.xml has 219 bytes
			look: func(s *street) string {
				ip, common := s.scpd("WANIPConnection"), s.scpd("WANCommonInterfaceConfig")
				return notes(len(ip) == 219, ip == common, strings.Contains(ip, "<action>"), strings.Contains(ip, "<actionList>\n\t</actionList>\n"), s.maps(s.description()))
			},
			want: notes(true, true, false, true, "maps 200"), sound: notes(false, false, true, false, "maps 200"),
		},
		{
			id: "desc-scpd-404",
			look: func(s *street) string {
				text := s.description()
				return notes(s.scpds(text), s.maps(text))
			},
			want: notes("SCPDs 404, 404, 404", "maps 200"), sound: notes("SCPDs 200, 200, 200", "maps 200"),
		},
		{
			id: "desc-scpd-empty-range", // lbryio/aioupnp: DIR-890L
			look: func(s *street) string {
				_, text, _ := strings.Cut(s.scpd("WANCommonInterfaceConfig"), "<name>MaximumActiveConnections</name>")
				text, _, _ = strings.Cut(text, "</stateVariable>")
				return notes(text, s.maps(s.description()))
			},
			want: notes("\n\t\t\t<dataType>ui2</dataType>\n\t\t\t<allowedValueRange>\n\t\t\t\t<minimum>1</minimum>\n\t\t\t\t<maximum></maximum>\n\t\t\t\t<step>1</step>\n\t\t\t</allowedValueRange>\n\t\t",
				"maps 200"),
			sound: notes("\n\t\t\t<dataType>ui2</dataType>\n\t\t", "maps 200"),
		},
		{
			id: "desc-scpd-namespace-fault",
			look: func(s *street) string {
				text := s.scpd("WANIPConnection")
				return notes(spaces(text, "scpd", "specVersion", "actionList", "serviceStateTable"), s.maps(s.description()))
			},
			want: notes(`[scpd in "urn:schemas-upnp-org:service-1-0" specVersion in "urn:schemas-upnp-org:service-1-0" actionList in "" serviceStateTable in ""]`, "maps 200"),
			sound: notes(`[scpd in "urn:schemas-upnp-org:service-1-0" specVersion in "urn:schemas-upnp-org:service-1-0" `+
				`actionList in "urn:schemas-upnp-org:service-1-0" serviceStateTable in "urn:schemas-upnp-org:service-1-0"]`, "maps 200"),
		},
		{
			id: "desc-scpd-lies-addany",
			look: func(s *street) string {
				_, action, _ := strings.Cut(s.scpd("WANIPConnection"), "<name>AddAnyPortMapping</name>")
				arguments := values(value(action, "argumentList"), "argument")
				c := s.mappable(s.description())[0]
				answer := s.ok(strings.ReplaceAll(c.add("TCP", 8080, "192.168.1.10", 3600), "AddPortMapping", "AddAnyPortMapping"))
				return notes(value(arguments[len(arguments)-1], "direction"), value(arguments[len(arguments)-1], "name"), slices.Sorted(maps.Keys(answer)))
			},
			want:  notes("out", "NewExternalPort", "[AddAnyPortMappingResponse Body Envelope NewReservedPort]"),
			sound: notes("out", "NewReservedPort", "[AddAnyPortMappingResponse Body Envelope NewReservedPort]"),
		},
		{
			id: "desc-scpd-lists-unimplemented",
			look: func(s *street) string {
				text := s.scpd("WANCommonInterfaceConfig")
				c := connection{"/control/WANCommonInterfaceConfig1", "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1"}
				var all []string
				for _, action := range []string{"GetTotalBytesSent", "GetTotalBytesReceived", "GetTotalPacketsSent", "GetTotalPacketsReceived", "GetCommonLinkProperties"} {
					if strings.Contains(text, "<name>"+action+"</name>") {
						all = append(all, action+" "+s.outcome(c.request(action)))
					}
				}
				return notes(strings.Join(all, ", "), s.maps(s.description()))
			},
			want:  notes("GetTotalBytesSent 500 401, GetTotalBytesReceived 500 401, GetTotalPacketsSent 500 401, GetTotalPacketsReceived 500 401, GetCommonLinkProperties 200", "maps 200"),
			sound: notes("GetTotalBytesSent 200, GetTotalBytesReceived 200, GetTotalPacketsSent 200, GetTotalPacketsReceived 200, GetCommonLinkProperties 200", "maps 200"),
		},
	}
}
