package emulator

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// service is one service of one device.
type service struct {
	*definition
	typ    string // serviceType
	id     string // serviceId
	device *device
	wan    int      // of a service of a connection: its number
	text   Template // its own in the description, or none

	scpdURL, controlURL, eventURL string // as written

	// published is what subscribers know of the evented variables; nil while there are none.
	published []property
}

func newService(d *device, node *ServiceNode, s *site) *service {
	v := &service{definition: definitionOf(node.Type), typ: node.Type, id: node.ID, device: d, wan: node.WAN, text: node.Service}
	if v.id == "" {
		v.id = v.definition.id
	}
	if node.Actions != nil {
		v.definition = v.definition.only(node.Actions)
	}
	urls := &s.options.Dialect.Description.URLs
	words := v.words(s)
	v.scpdURL = s.url(words, node.SCPD, urls.SCPD, "/scpd/{service}.xml")
	v.controlURL = s.url(words, node.Control, urls.Control, "/control/{service}")
	v.eventURL = s.url(words, node.Events, urls.Events, "/event/{service}")
	return v
}

// words are those that the URLs of s know.
func (s *service) words(at *site) filler {
	site := at.words(at.paths, s.device)
	return func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "service":
			return append(b, s.name()...), true
		case "kind":
			return append(b, s.kind+s.number()...), true
		case "version":
			return strconv.AppendInt(b, int64(s.version), 10), true
		}
		return site(b, word)
	}
}

func (s *service) urn() string { return s.typ }

// name is what the service is called in URLs: "WANIPConnection2", and "WANIPConnection2-1" for that of another connection than the
// first.
func (s *service) name() string { return s.file() + s.number() }

// number tells s from the service of another connection.
func (s *service) number() string {
	if s.wan == 0 {
		return ""
	}
	return "-" + ui4(uint32(s.wan))
}

// standardURN is the type by which soap.ErrorName knows the service.
func (d *definition) standardURN() string {
	return serviceURN + d.kind + ":" + strconv.Itoa(d.version)
}

// definitionOf is what stands behind a service type. The names that TR-064 gave to the same services lead there too, and a version that
// we do not have to the next lower: Livebox 3 has a WANPPPConnection:2. A service without a definition has no actions.
func definitionOf(urn string) *definition {
	kind, version := splitVersion(urn)
	for _, domain := range []string{serviceURN, "urn:dslforum-org:service:"} {
		name, ok := strings.CutPrefix(kind, domain)
		for v := min(version, 9); ok && v > 0; v-- {
			if d := defined(name, v); d != nil {
				return d
			}
		}
	}
	name := kind[strings.LastIndexByte(kind, ':')+1:]
	return &definition{kind: name, version: version, id: "urn:upnp-org:serviceId:" + name}
}

// find is the action that a call of urn and name means, nil when there is none. A service answers to its lower versions too
// (UDA 1.1 §2.5), but these have fewer actions.
func (s *service) find(urn, name string) *action {
	if urn == s.typ {
		return s.actions[name]
	}
	kind, version := splitVersion(urn)
	own, highest := splitVersion(s.typ)
	if kind != own || version < 1 || version >= highest {
		return nil
	}
	lower := defined(s.kind, version)
	if lower == nil || lower.actions[name] == nil {
		return nil
	}
	return s.actions[name]
}

// only is d with fewer actions.
func (d *definition) only(names []string) *definition {
	few := *d
	few.actions = map[string]*action{}
	for _, name := range names {
		if a := d.actions[name]; a != nil {
			few.actions[name] = a
		}
	}
	few.lists = d.lists.only(names)
	return &few
}

// scpdLists are the two lists of an SCPD as text, without the indentation that they have there, and a sum of both.
type scpdLists struct {
	actions, variables string
	sum                [8]byte
}

func listsOf(document string) scpdLists {
	return newLists(section(document, "actionList"), section(document, "serviceStateTable"))
}

func newLists(actions, variables string) scpdLists {
	h := fnv.New64a()
	h.Write([]byte(actions + "\x00" + variables))
	return scpdLists{actions, variables, [8]byte(h.Sum(nil))}
}

func section(document, name string) string {
	begin, end := strings.Index(document, "<"+name+">"), strings.Index(document, "</"+name+">")
	if begin < 0 || end < begin {
		return ""
	}
	return strings.ReplaceAll(document[begin:end], "\n\t", "\n") + "</" + name + ">"
}

func (l scpdLists) only(names []string) scpdLists {
	doc := etree.NewDocument()
	if doc.ReadFromString(l.actions) != nil || doc.Root() == nil {
		return l
	}
	for _, a := range doc.Root().SelectElements("action") {
		if name := a.SelectElement("name"); name == nil || !slices.Contains(names, name.Text()) {
			doc.Root().RemoveChild(a)
		}
	}
	doc.IndentTabs()
	return newLists(strings.TrimSuffix(string(writeXML(doc)), "\n"), l.variables)
}
