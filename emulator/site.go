package emulator

import (
	"cmp"
	"path"
	"strconv"
	"strings"
)

// site is where and under which names a gateway stands from one boot to the next: what the words of its description stand for.
type site struct {
	host, port   string // where HTTP is served; an IPv6 host in brackets
	ports        ports  // where else
	base         string // the path of the description
	udn          string // of the root device
	paths, names draw
	moved        string // the directory of what else would stay in its place although paths are new
	renamed      bool   // names are new
	options      *Options
}

// generation counts how often reboots gave a gateway new paths and new names.
type generation struct{ paths, names int }

// newSite is the site of a gateway that is reached at address, HOST:PORT.
func newSite(o *Options, address string, more ports, gen generation) *site {
	s := &site{ports: more, paths: o.drawOf("paths", gen.paths), names: o.drawOf("names", gen.names), options: o, udn: o.UDN}
	colon := strings.LastIndexByte(address, ':')
	s.host, s.port = address[:colon], address[colon+1:]
	if s.renamed = gen.names > 0; s.renamed {
		s.udn = o.rootUDN(gen.names)
	}
	if gen.paths > 0 {
		s.moved = Template("/{hex 8 moved}").expand(s.paths.append)
	}
	s.base = s.url(s.words(s.paths, nil), o.Dialect.Description.Path, idealPath)
	return s
}

// rootUDN is the name of the root device when none is given, after so many changes of it.
func (o *Options) rootUDN(changed int) string {
	d := &o.Dialect.Description
	udn := d.UDN
	if d.Tree != nil {
		udn = defaultTo(udn, d.Tree.UDN)
	}
	if udn != "" && (changed == 0 || udn.drawn()) {
		return udn.expand(o.drawOf("names", changed).append)
	}
	part := ""
	if changed > 0 {
		part = "names " + strconv.Itoa(changed)
	}
	return newUDN(o.Seed, o.Name, o.LAN, part)
}

// udnOf is the name of a device below the root. seen counts the devices of each kind.
func (s *site) udnOf(o *Options, node *DeviceNode, seen map[string]int) string {
	if node.UDN != "" && (!s.renamed || node.UDN.drawn() || strings.Contains(string(node.UDN), "{udn}")) {
		return node.UDN.expand(s.words(s.names, nil))
	}
	kind, _ := splitVersion(node.Type)
	kind = kind[strings.LastIndexByte(kind, ':')+1:]
	n := seen[kind]
	seen[kind]++
	if n > 0 {
		kind += "-" + strconv.Itoa(n)
	}
	return newUDN(o.Seed, o.Name+"\x00"+s.udn, o.LAN, kind)
}

// url is a URL as the description has it: the first of the choices that is not empty.
func (s *site) url(words filler, choices ...Template) string {
	t := cmp.Or(choices...)
	url := t.expand(words)
	if strings.HasPrefix(url, "/") && !t.drawn() {
		return s.moved + url
	}
	return url
}

// announced is what SSDP calls the root device, and where it says that its description is.
func (s *site) announced(d *SSDPDialect) (udn, location string) {
	udn = s.udn
	if d.UDN != "" {
		udn = d.UDN.expand(s.words(s.names, nil))
	}
	words := s.words(s.paths, nil)
	return udn, defaultTo(d.Location, idealLocation).expand(func(b []byte, word string) ([]byte, bool) {
		if word == "path" {
			return append(b, s.base...), true
		}
		return words(b, word)
	})
}

// target is what a request for a URL of the description asks for, with its query; empty when it leads nowhere.
func (s *site) target(url string) string {
	switch {
	case url == "":
		return ""
	case url[0] == '/':
		return url
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			return "/"
		}
		return rest[i:]
	}
	return strings.TrimSuffix(path.Dir(s.base), "/") + "/" + url
}

// words are those that every template of a description knows. {udn} is that of d, or of the root.
func (s *site) words(by draw, d *device) filler {
	return func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "host":
			return append(b, s.host...), true
		case "port":
			return append(b, s.port...), true
		case "authority":
			if b = append(b, s.host...); s.port != "80" {
				b = append(append(b, ':'), s.port...)
			}
			return b, true
		case "udn":
			if d != nil {
				return append(b, d.udn...), true
			}
			return append(b, s.udn...), true
		case "gateway":
			return append(b, s.options.Name...), true
		case "igd":
			return strconv.AppendInt(b, int64(s.options.Version), 10), true
		case "seed":
			return strconv.AppendUint(b, s.options.Seed, 10), true
		}
		if name, ok := strings.CutPrefix(word, "port "); ok {
			return strconv.AppendUint(b, uint64(s.ports[name]), 10), true
		}
		return by.append(b, word)
	}
}

func defaultTo(t, otherwise Template) Template {
	if t == "" {
		return otherwise
	}
	return t
}
