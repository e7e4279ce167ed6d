package emulator

import (
	"cmp"
	"slices"
)

// vocabulary is which names a fault may use on its layer. A nil list allows any: nobody can say which header fields or elements
// there are.
type vocabulary struct {
	asked   []string // by arg
	edited  []string // by set, rename and remove
	sources []string // by same-as
	mapping bool     // the occasion may be about a mapping, which has a client
}

// glossary knows the actions, events and connections of one device.
type glossary struct {
	in, out map[string][]string // arguments by action
	events  []string            // evented variables
	wan     []WAN

	services []string // types
}

// glossary reads the SCPDs of the services that o has.
func (o Options) glossary() glossary {
	o.Version = cmp.Or(o.Version, 2)
	o.Connection = cmp.Or(o.Connection, ipConnection)
	o.WAN = wanOf(o)
	all := glossary{wan: o.WAN, in: map[string][]string{}, out: map[string][]string{}}
	newTree(&o, newSite(&o, "localhost:80", nil, generation{})).visit(func(d *device) {
		for _, s := range d.services {
			all.services = union(all.services, []string{s.typ})
			if s.definition == nil {
				continue
			}
			for name, a := range s.actions {
				all.in[name], all.out[name] = union(all.in[name], a.inputs), union(all.out[name], a.outputs)
			}
			for _, v := range s.events {
				all.events = union(all.events, []string{v.name})
			}
		}
	})
	return all
}

// Prepare makes what a gateway of these options is made of ready for New: the services, whose descriptions are read once in a process. It is of use
// where there is something to wait for before New.
func (o Options) Prepare() {
	newDialect(&o.Dialect)
	o.glossary()
}

// union is a with what only b has. Neither changes.
func union(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	a = slices.Clip(a)
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// words are the names for a layer.
func (g glossary) words(on Layer) vocabulary {
	base, action := on.split()
	var v vocabulary
	switch base {
	case onSOAP:
		v.asked = g.in[action]
		if action == anyAction {
			for _, name := range sortedKeys(g.in) {
				v.asked = union(v.asked, g.in[name])
			}
		}
		if action == unknownAction {
			return vocabulary{}
		}
		v.edited, v.sources = v.asked, v.asked
		v.mapping = namesMapping(v.asked)
	case onView:
		v.asked = g.in[action]
		v.edited = g.out[action]
		if action == "GetListOfPortMappings" {
			v.edited = union(slices.Clone(v.edited), mappingArguments())
		}
		v.sources = union(slices.Clone(v.edited), v.asked)
		v.mapping = namesMapping(v.asked)
	case onExternalIP:
		v.edited, v.sources = []string{externalIPArgument}, []string{externalIPArgument}
	case onAdd, onDelete, onExpire, onForward:
		v.asked, v.edited, v.sources = mappingArguments(), mappingArguments(), mappingArguments()
		v.mapping = true
	case onEvent:
		v.asked, v.edited, v.sources = g.events, g.events, g.events
	}
	return v
}

// namesMapping reports whether in-arguments say which mapping a call is about.
func namesMapping(in []string) bool {
	return slices.Contains(in, "NewExternalPort") || slices.Contains(in, "NewPortMappingIndex")
}

// externalIPArgument is what GetExternalIPAddress answers, and what a fault on view.external-ip sets, in events too.
const externalIPArgument = "NewExternalIPAddress"
