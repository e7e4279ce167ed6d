package emulator

import (
	"fmt"
	"time"
)

// device is one node of the device tree (UDA 1.1 §2.1).
type device struct {
	kind     string // "InternetGatewayDevice"
	version  int
	udn      string
	services []*service
	devices  []*device
}

func (d *device) urn() string { return fmt.Sprintf("%s%s:%d", deviceURN, d.kind, d.version) }

const (
	deviceURN  = "urn:schemas-upnp-org:device:"
	serviceURN = "urn:schemas-upnp-org:service:"
)

// visit calls f for d and all devices below it, parents first.
func (d *device) visit(f func(*device)) {
	f(d)
	for _, e := range d.devices {
		e.visit(f)
	}
}

// newTree makes the device tree of IGD:1 or IGD:2: a WANDevice for each connection.
func newTree(o Options) *device {
	part := func(kind string) string { return newUDN(o.Seed, o.Name+"\x00"+o.UDN, o.LAN, kind) }
	root := &device{kind: "InternetGatewayDevice", version: o.Version, udn: o.UDN}
	root.services = []*service{newService(root, layer3Forwarding, 1, 0)}
	for i, w := range o.WAN {
		suffix := ""
		if i > 0 {
			suffix = fmt.Sprintf("-%d", i)
		}
		connection := &device{kind: "WANConnectionDevice", version: o.Version, udn: part("WANConnectionDevice" + suffix)}
		connection.services = []*service{newService(connection, w.Service, o.Version, i)}
		wan := &device{kind: "WANDevice", version: o.Version, udn: part("WANDevice" + suffix), devices: []*device{connection}}
		wan.services = []*service{newService(wan, commonInterface, 1, i)}
		root.devices = append(root.devices, wan)
	}
	return root
}

// target is one thing that SSDP tells of: UDA 1.1 §1.2.2 and §1.3.2.
type target struct {
	udn     string // of the device it belongs to
	kind    string // "upnp:rootdevice", the udn itself, or the urn of a device or service type without its version
	version int    // of a type; 0 otherwise
}

// nt is what NT or ST holds for t.
func (t target) nt() string {
	if t.version == 0 {
		return t.kind
	}
	return fmt.Sprintf("%s:%d", t.kind, t.version)
}

// usn is the USN of t when it goes by nt, which differs from t.nt() where a search asked for a lower version.
func (t target) usn(nt string) string {
	if t.kind == t.udn {
		return t.udn
	}
	return t.udn + "::" + nt
}

// advertisement is all that SSDP says about a gateway at one moment.
type advertisement struct {
	targets  []target // 3 + 2d + k of UDA 1.1 §1.2.2, root device first
	location string
	server   string
	bootID   uint32
	configID uint32
	maxAge   time.Duration
}

// maxAge is how long an advertisement may be believed; UDA 1.1 §1.2.2 wants at least 1800 s.
const maxAge = 1800 * time.Second

// advertisement is what SSDP should say now. It may be called from any goroutine.
func (g *Gateway) advertisement() advertisement {
	g.mu.Lock()
	defer g.mu.Unlock()
	return advertisement{
		targets: g.targets, location: g.location, server: g.dialect.server,
		bootID: g.state.bootID, configID: g.configID, maxAge: maxAge,
	}
}

func targetsOf(root *device) []target {
	all := []target{{root.udn, "upnp:rootdevice", 0}}
	root.visit(func(d *device) {
		all = append(all, target{d.udn, d.udn, 0}, target{d.udn, deviceURN + d.kind, d.version})
	})
	root.visit(func(d *device) {
		for _, s := range d.services {
			all = append(all, target{d.udn, serviceURN + s.kind, s.version})
		}
	})
	return all
}
