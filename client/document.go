package client

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	"github.com/huin/goupnp"
)

// document is a device description as it was read: order-free and blind to namespaces, because no two vendors agree on
// either.
type document struct {
	root     *goupnp.RootDevice
	services []Service // connection services anywhere in the tree, the preferred type first
	quirks   []string
}

func (d *document) forgive(id string) {
	if !slices.Contains(d.quirks, id) {
		d.quirks = append(d.quirks, id)
	}
}

// readDocument fills the goupnp types from a parsed description. It gives nil when there is no device in it.
func readDocument(doc *etree.Document, location *url.URL, t trust) *document {
	root := doc.Root()
	if root == nil {
		return nil
	}
	d := &document{root: new(goupnp.RootDevice)}
	top := child(root, "device")
	switch {
	case strings.EqualFold(root.Tag, "device"):
		top = root
	case top == nil:
		return nil
	case root.NamespaceURI() == "":
		d.forgive("desc-root-no-xmlns")
	}
	d.root.XMLName.Space, d.root.XMLName.Local = goupnp.DeviceXMLNamespace, "root"
	if v := child(root, "specVersion"); v != nil {
		d.root.SpecVersion = goupnp.SpecVersion{Major: d.integer(v, "major"), Minor: d.integer(v, "minor")}
	}
	if b := child(root, "URLBase"); b != nil {
		if d.root.URLBaseStr = d.text(root, "URLBase"); d.root.URLBaseStr == "" {
			d.forgive("desc-urlbase-blank")
		}
	}
	r := newResolver(location, d.root.URLBaseStr, t, d.forgive)
	d.root.URLBase = *location
	if r.base != nil {
		d.root.URLBase = *r.base
	}
	d.device(&d.root.Device, top, r)
	slices.SortStableFunc(d.services, func(a, b Service) int { return a.rank() - b.rank() })
	return d
}

// device reads a device into dev, and its services and devices into those of dev: copies of what is so large would deepen the stack.
func (d *document) device(dev *goupnp.Device, e *etree.Element, r *resolver) {
	dev.DeviceType = d.text(e, "deviceType")
	dev.FriendlyName = d.text(e, "friendlyName")
	dev.Manufacturer = d.text(e, "manufacturer")
	dev.ManufacturerURL = d.link(e, "manufacturerURL", r)
	dev.ModelDescription = d.text(e, "modelDescription")
	dev.ModelName = d.text(e, "modelName")
	dev.ModelNumber = d.text(e, "modelNumber")
	dev.ModelType = d.text(e, "modelType")
	dev.ModelURL = d.link(e, "modelURL", r)
	dev.SerialNumber = d.text(e, "serialNumber")
	dev.UDN = strings.ReplaceAll(d.text(e, "UDN"), " ", "")
	dev.UPC = d.text(e, "UPC")
	dev.PresentationURL = d.url(e, "presentationURL", r)
	// Lists may be missing around their items, or come twice.
	for _, s := range items(e, "serviceList", "service") {
		dev.Services = append(dev.Services, goupnp.Service{})
		d.service(&dev.Services[len(dev.Services)-1], s, r)
	}
	for _, sub := range items(e, "deviceList", "device") {
		dev.Devices = append(dev.Devices, goupnp.Device{})
		d.device(&dev.Devices[len(dev.Devices)-1], sub, r)
	}
	for _, i := range items(e, "iconList", "icon") {
		dev.Icons = append(dev.Icons, goupnp.Icon{Mimetype: d.text(i, "mimetype"), Width: d.integer(i, "width"),
			Height: d.integer(i, "height"), Depth: d.integer(i, "depth"), URL: d.url(i, "url", r)})
	}
}

// service reads a service into s, and keeps it when it is one of connections.
func (d *document) service(s *goupnp.Service, e *etree.Element, r *resolver) {
	s.ServiceType = d.text(e, "serviceType")
	s.ServiceId = d.text(e, "serviceId")
	s.SCPDURL = d.endpoint(e, "SCPDURL", r)
	s.ControlURL = d.endpoint(e, "controlURL", r)
	s.EventSubURL = d.endpoint(e, "eventSubURL", r)
	own := Service{Type: s.ServiceType, ID: s.ServiceId, EventSubURL: absolute(s.EventSubURL), SCPDURL: absolute(s.SCPDURL)}
	if _, ok := own.connection(); !ok {
		return
	}
	for i, u := range r.endpoints(s.ControlURL.Str) {
		if i == 0 {
			own.ControlURL = u.String()
		} else {
			own.Alternatives = append(own.Alternatives, u.String())
		}
	}
	if own.ControlURL == "" {
		d.forgive("desc-control-empty")
		return
	}
	d.services = append(d.services, own)
}

func absolute(f goupnp.URLField) string {
	if !f.Ok {
		return ""
	}
	return f.URL.String()
}

// text gives the trimmed text of a child in one line.
func (d *document) text(e *etree.Element, name string) string {
	c := child(e, name)
	if c == nil {
		return ""
	}
	raw := c.Text()
	s := strings.TrimSpace(raw)
	if s != "" && s != raw {
		d.forgive("desc-value-padding")
	}
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	if strings.EqualFold(name, "UDN") {
		d.forgive("desc-udn-linebreak") // Linksys WAG200G
	}
	return strings.Join(strings.Fields(s), " ")
}

func (d *document) integer(e *etree.Element, name string) int32 {
	n, _ := strconv.ParseInt(d.text(e, name), 10, 32) // netis WF2411E leaves specVersion empty
	return int32(n)
}

func (d *document) url(e *etree.Element, name string, r *resolver) goupnp.URLField {
	text := d.text(e, name)
	return field(text, r.readings(text))
}

// endpoint is a URL that we ask.
func (d *document) endpoint(e *etree.Element, name string, r *resolver) goupnp.URLField {
	text := d.text(e, name)
	return field(text, r.endpoints(text))
}

func field(text string, readings []*url.URL) goupnp.URLField {
	f := goupnp.URLField{Str: text}
	if len(readings) > 0 {
		f.URL, f.Ok = *readings[0], true
	}
	return f
}

// link is a URL for people, which we never ask: a maker's site is on no host of the gateway, and rightly so.
func (d *document) link(e *etree.Element, name string, r *resolver) goupnp.URLField {
	text := d.text(e, name)
	if u, err := parseReference(text); err == nil && u.Host != "" {
		return goupnp.URLField{Str: text, URL: *u, Ok: true}
	}
	return d.url(e, name, r)
}

// child gives the first child of that name, in any case and namespace.
func child(e *etree.Element, name string) *etree.Element {
	for _, c := range e.ChildElements() {
		if strings.EqualFold(c.Tag, name) {
			return c
		}
	}
	return nil
}

// items gives the children called name of e and of its children called list.
func items(e *etree.Element, list, name string) []*etree.Element {
	var found []*etree.Element
	for _, c := range e.ChildElements() {
		switch {
		case strings.EqualFold(c.Tag, name):
			found = append(found, c)
		case strings.EqualFold(c.Tag, list):
			found = append(found, items(c, "", name)...)
		}
	}
	return found
}
