package emulator

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/beevik/etree"
)

// dialect is how a gateway writes: its text and its URLs.
type dialect struct {
	server           string // SERVER of SSDP and HTTP
	friendlyName     string
	manufacturer     string
	modelName        string
	modelNumber      string
	modelDescription string
	serialNumber     string

	descriptionPath string
	scpdPath        string // followed by the name of the service, as are the next two
	controlPath     string
	eventPath       string
}

func idealDialect(o Options) dialect {
	return dialect{
		server:           "igdkit/1 UPnP/1.1 igdkit-emulator/1",
		friendlyName:     fmt.Sprintf("Emulated gateway %s", o.Name),
		manufacturer:     "igdkit",
		modelName:        fmt.Sprintf("Emulated IGD:%d", o.Version),
		modelNumber:      "1",
		modelDescription: "An emulator of an Internet gateway for tests; it leads nowhere",
		serialNumber:     strconv.FormatUint(o.Seed, 10),
		descriptionPath:  "/description.xml",
		scpdPath:         "/scpd/",
		controlPath:      "/control/",
		eventPath:        "/event/",
	}
}

// document is one XML file that the gateway serves.
type document struct {
	path string
	body []byte
}

// documents are the description and the SCPDs of all services, with one configId in each (UDA 1.1 §2.2, §2.5).
func (g *Gateway) documents() ([]document, uint32) {
	description := g.describe()
	h := fnv.New32a()
	h.Write(writeXML(description))
	var services []*service
	g.root.visit(func(d *device) { services = append(services, d.services...) })
	for _, s := range services {
		h.Write(s.document)
	}
	configID := h.Sum32() & 0xffffff

	attr := strconv.FormatUint(uint64(configID), 10)
	description.Root().CreateAttr("configId", attr)
	all := []document{{g.dialect.descriptionPath, writeXML(description)}}
	for _, s := range services {
		body := bytes.Replace(s.document, []byte("<scpd "), []byte(`<scpd configId="`+attr+`" `), 1)
		all = append(all, document{g.dialect.scpdPath + s.file() + ".xml", body})
	}
	return all, configID
}

// describe writes the device description (UDA 1.1 §2.3).
func (g *Gateway) describe() *etree.Document {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0"`)
	root := doc.CreateElement("root")
	root.CreateAttr("xmlns", "urn:schemas-upnp-org:device-1-0")
	version := root.CreateElement("specVersion")
	version.CreateElement("major").SetText("1")
	version.CreateElement("minor").SetText("1")
	g.describeDevice(root, g.root)
	doc.Indent(1)
	return doc
}

func (g *Gateway) describeDevice(parent *etree.Element, d *device) {
	e := parent.CreateElement("device")
	for _, f := range [][2]string{
		{"deviceType", d.urn()},
		{"friendlyName", g.dialect.friendlyName},
		{"manufacturer", g.dialect.manufacturer},
		{"modelDescription", g.dialect.modelDescription},
		{"modelName", g.dialect.modelName},
		{"modelNumber", g.dialect.modelNumber},
		{"serialNumber", g.dialect.serialNumber},
		{"UDN", d.udn},
	} {
		e.CreateElement(f[0]).SetText(f[1])
	}
	if len(d.services) > 0 {
		list := e.CreateElement("serviceList")
		for _, s := range d.services {
			g.describeService(list, s)
		}
	}
	if len(d.devices) > 0 {
		list := e.CreateElement("deviceList")
		for _, below := range d.devices {
			g.describeDevice(list, below)
		}
	}
}

func (g *Gateway) describeService(parent *etree.Element, s *service) {
	e := parent.CreateElement("service")
	for _, f := range [][2]string{
		{"serviceType", s.urn()},
		{"serviceId", s.id},
		{"SCPDURL", g.dialect.scpdPath + s.file() + ".xml"},
		{"controlURL", g.dialect.controlPath + s.file()},
		{"eventSubURL", g.dialect.eventPath + s.file()},
	} {
		e.CreateElement(f[0]).SetText(f[1])
	}
}

func writeXML(doc *etree.Document) []byte {
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true}
	b, err := doc.WriteToBytes()
	if err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return b
}
