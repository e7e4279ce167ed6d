package emulator

import (
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// device is one node of the device tree (UDA 1.1 §2.1).
type device struct {
	node     *DeviceNode
	kind     string // deviceType
	udn      string
	services []*service
	devices  []*device
}

const (
	deviceURN  = "urn:schemas-upnp-org:device:"
	serviceURN = "urn:schemas-upnp-org:service:"
)

func (d *device) urn() string { return d.kind }

// visit calls f for d and all devices below it, parents first.
func (d *device) visit(f func(*device)) {
	f(d)
	for _, e := range d.devices {
		e.visit(f)
	}
}

// everyService calls f for the services of d and of all devices below it.
func (d *device) everyService(f func(*service)) {
	d.visit(func(d *device) {
		for _, s := range d.services {
			f(s)
		}
	})
}

// standardTree is the device tree of IGD:1 or IGD:2: a WANDevice for each connection.
func standardTree(o *Options) *DeviceNode {
	node := func(kind string, services ...ServiceNode) DeviceNode {
		return DeviceNode{Type: deviceURN + kind + ":" + strconv.Itoa(o.Version), Services: services}
	}
	serve := func(kind string, version, wan int) ServiceNode {
		return ServiceNode{Type: serviceURN + kind + ":" + strconv.Itoa(version), WAN: wan}
	}
	root := node("InternetGatewayDevice", serve(layer3Forwarding, 1, 0))
	for i, w := range o.WAN {
		wan := node("WANDevice", serve(commonInterface, 1, i))
		connection := node("WANConnectionDevice", serve(w.Service, o.Version, i))
		if o.Version == 2 && i == 0 {
			connection.Services = append(connection.Services, serve(firewallControl, 1, i))
		}
		wan.Devices = []DeviceNode{connection}
		root.Devices = append(root.Devices, wan)
	}
	return &root
}

// newTree makes the devices of the tree that o describes.
func newTree(o *Options, s *site) *device {
	node := o.Dialect.Description.Tree
	if node == nil {
		node = standardTree(o)
	}
	seen := map[string]int{}
	var grow func(*DeviceNode, bool) *device
	grow = func(node *DeviceNode, root bool) *device {
		d := &device{node: node, kind: node.Type, udn: s.udn}
		if !root {
			d.udn = s.udnOf(o, node, seen)
		}
		for i := range node.Services {
			d.services = append(d.services, newService(d, &node.Services[i], s))
		}
		for i := range node.Devices {
			d.devices = append(d.devices, grow(&node.Devices[i], false))
		}
		return d
	}
	return grow(node, true)
}

// target is one thing that SSDP tells of: UDA 1.1 §1.2.2 and §1.3.2.
type target struct {
	udn     string // of the device it belongs to
	kind    string // "upnp:rootdevice", the udn itself, or the urn of a device or service type without its version
	version int    // of a type; 0 otherwise
	nt      string // what NT or ST holds
	usn     string // what USN holds
}

// newTarget is what a device is announced for: "upnp:rootdevice", its udn, or the urn of a type.
func newTarget(udn, nt string) target {
	t := target{udn: udn, kind: udn, nt: nt, usn: udn}
	if nt != udn {
		t.kind, t.version = splitVersion(nt)
		t.usn = udn + "::" + nt
	}
	return t
}

// usnAs is the USN of t when it goes by nt, which differs from its own where a search asked for a lower version.
func (t target) usnAs(nt string) string {
	if nt == t.nt {
		return t.usn
	}
	return t.udn + "::" + nt
}

// class is what Answers of SSDPDialect calls t.
func (t target) class() string {
	switch {
	case t.kind == t.udn:
		return "uuid"
	case strings.Contains(t.kind, ":device:"):
		return "device"
	case strings.Contains(t.kind, ":service:"):
		return "service"
	}
	return "rootdevice"
}

// advertisement is all that SSDP says about a gateway at one moment.
type advertisement struct {
	targets    []target // 3 + 2d + k of UDA 1.1 §1.2.2, root device first
	location   string
	bootID     uint32
	nextBootID uint32 // of an update
	configID   uint32
	dialect    *ssdpDialect
	chance     draw // another with each boot
}

// advertisement is what SSDP should say now. It may be called from any goroutine.
func (p *presence) advertisement() advertisement {
	g := p.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	ad := advertisement{
		targets: p.targets, location: p.announced, bootID: g.state.bootID, configID: p.configID,
		dialect: &g.dialect.ssdp, chance: g.options.drawOf("boot", int(g.state.bootID)),
	}
	if constant := g.dialect.ssdp.BootID; constant != nil {
		ad.bootID = *constant
	}
	return ad
}

// targetsOf are the targets of a tree, whose root SSDP calls rootUDN, and those that it claims besides. What the tree has twice, such as the
// WLANConfiguration of two radios, SSDP tells once for each device (UDA 1.1 §1.2.2).
func targetsOf(root *device, rootUDN string, also []Claim) []target {
	name := func(d *device) string {
		if d == root {
			return rootUDN
		}
		return d.udn
	}
	all := []target{newTarget(rootUDN, ssdp.RootDevice)}
	add := func(udn, urn string) {
		if t := newTarget(udn, urn); urn != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	root.visit(func(d *device) {
		add(name(d), name(d))
		add(name(d), d.urn())
	})
	root.everyService(func(s *service) { add(name(s.device), s.urn()) })
	for _, claim := range also {
		udn := rootUDN
		root.visit(func(d *device) {
			if d.urn() == claim.Of {
				udn = name(d)
			}
		})
		add(udn, claim.Type)
	}
	return all
}
