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

// document is one XML file that the gateway serves, without its configId: the SCPDs are then shared by all gateways.
type document struct {
	path string
	root string // the start of its root element, behind which configId goes
	text []byte
}

// with is d with the configId that all documents of a gateway carry (UDA 1.1 §2.3, §2.5).
func (d document) with(configID uint32) []byte {
	return bytes.Replace(d.text, []byte(d.root), fmt.Appendf(nil, `%s configId="%d"`, d.root, configID), 1)
}

// documents are the description and the SCPDs of all services.
func (g *Gateway) documents() []document {
	all := []document{{g.dialect.descriptionPath, "<root", writeXML(g.describe())}}
	g.root.visit(func(d *device) {
		for _, s := range d.services {
			all = append(all, document{g.dialect.scpdPath + s.file() + ".xml", "<scpd", s.document})
		}
	})
	return all
}

// configIDOf changes when any of the documents does; it has 24 bits (UDA 1.1 §1.2.2).
func configIDOf(documents []document) uint32 {
	h := fnv.New32a()
	for _, d := range documents {
		h.Write(d.text)
	}
	return h.Sum32() & 0xffffff
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
		{"controlURL", g.dialect.controlPath + s.name()},
		{"eventSubURL", g.dialect.eventPath + s.name()},
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
