package scenarios_test

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// descriptionXMLRows are about the document as bytes and as XML.
func descriptionXMLRows() []row {
	return []row{
		{
			id: "desc-invalid-utf8", // lbryio/aioupnp#7
			look: func(s *street) string {
				text := s.description()
				return notes(fmt.Sprintf("%q", value(text, "modelNumber")), utf8.ValidString(text), s.maps(text))
			},
			want: notes(`"\xf0_\xf0"`, false, "maps 200"), sound: notes(`"1"`, true, "maps 200"),
		},
		{
			id: "desc-control-chars",
			look: func(s *street) string {
				text := s.description()
				name := value(text, "friendlyName")
				return notes(strings.Count(text, "\x18"), strings.HasSuffix(name, "\x18"), readable(text), s.maps(text))
			},
			want: notes(3, true, "unreadable", "maps 200"), sound: notes(0, false, "readable", "maps 200"),
		},
		{
			id: "desc-trailing-space",
			look: func(s *street) string {
				text := s.description()
				_, behind, _ := strings.Cut(text, "</root>")
				return notes(fmt.Sprintf("%q", behind), s.maps(text))
			},
			want: notes(`"  \n\n  \n\n"`, "maps 200"), sound: notes(`"\n"`, "maps 200"),
		},
		{
			id: "desc-mismatched-tag",
			look: func(s *street) string {
				text := s.description()
				_, after, _ := strings.Cut(text, "<modelName>")
				broken, _, _ := strings.Cut(after, "\n")
				return notes(broken, readable(text), s.maps(text))
			},
			want: notes("Emulated IGD:1</modelNumber>", "unreadable", "maps 200"), sound: notes("Emulated IGD:1</modelName>", "readable", "maps 200"),
		},
		{
			id: "desc-root-no-xmlns", // arvidn/libtorrent: root2.xml
			look: func(s *street) string {
				text := s.description()
				begin, _, _ := strings.Cut(regexp.MustCompile(`configId="\d+"`).ReplaceAllString(text, `configId="N"`), "<device>")
				return notes(begin, spaces(text, "root", "serviceType"), s.maps(text))
			},
			want: notes("<root>\n <specVersion>\n  <major>1</major>\n  <minor>0</minor>\n </specVersion>\n ", `[root in "" serviceType in ""]`, "maps 200"),
			sound: notes("<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\" configId=\"N\">\n <specVersion>\n  <major>1</major>\n  <minor>1</minor>\n </specVersion>\n ",
				`[root in "urn:schemas-upnp-org:device-1-0" serviceType in "urn:schemas-upnp-org:device-1-0"]`, "maps 200"),
		},
		{
			id: "desc-foreign-namespaces", // miniupnp/miniupnp: new_LiveBox_desc.xml
			look: func(s *street) string {
				text := s.description()
				_, before, _ := strings.Cut(text, "<device>")
				before, _, _ = strings.Cut(before, "<deviceType>")
				return notes(strings.TrimSpace(before), readable(text), s.maps(text))
			},
			want: notes(`<pnpx:X_hardwareId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">VEN_0129&amp;DEV_0000&amp;SUBSYS_03&amp;REV_250417</pnpx:X_hardwareId>
    <pnpx:X_compatibleId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">GenericUmPass</pnpx:X_compatibleId>
    <pnpx:X_deviceCategory xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">NetworkInfrastructure.Gateway</pnpx:X_deviceCategory>
    <df:X_deviceCategory xmlns:df="http://schemas.microsoft.com/windows/2008/09/devicefoundation">Network.Gateway</df:X_deviceCategory>`, "readable", "maps 200"),
			sound: notes("", "readable", "maps 200"),
		},
		{
			id: "desc-xmlns-on-device", // dariusc93/rust-igd
			look: func(s *street) string {
				text := s.description()
				return notes(strings.Count(text, `<device xmlns="urn:schemas-upnp-org:device-1-0">`), strings.Count(text, "<device>"), readable(text), s.maps(text))
			},
			want: notes(1, 2, "readable", "maps 200"), sound: notes(0, 3, "readable", "maps 200"),
		},
		{
			id: "desc-encoding-declared-other",
			look: func(s *street) string {
				text := s.description()
				begin, _, _ := strings.Cut(text, "\n")
				scpd, _, _ := strings.Cut(s.scpd("WANIPConnection"), "\n")
				name, _, _ := strings.Cut(value(text, "friendlyName"), ":")
				return notes(begin, scpd, fmt.Sprintf("%q", name), utf8.ValidString(text), s.maps(text))
			},
			want:  notes(`<?xml version="1.0" encoding="ISO-8859-1"?>`, `<?xml version="1.0" encoding="ISO-8859-1"?>`, `"\xc9mul\xe9"`, false, "maps 200"),
			sound: notes(`<?xml version="1.0"?>`, `<?xml version="1.0"?>`, `"Emulated gateway igd1"`, true, "maps 200"),
		},
	}
}
