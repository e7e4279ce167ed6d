package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// document is one file: its tree and what it says by itself. What it names is not read yet.
type document struct {
	Scenario
	file string // in messages
	from origin
}

// id tells a built-in file from one of the user's that is called like it.
func (doc document) id() string {
	if doc.from == embedded {
		return "built-in " + doc.file
	}
	return doc.file
}

// origin is where the text of a document came from, and with it what the document can name.
type origin uint8

const (
	nowhere  origin = iota // names built-in documents only
	embedded               // the same
	disk                   // names also files beside it
)

const (
	// maxDevices bounds a scenario, not a process: a LAN with more gateways than this tests nothing new.
	maxDevices = 64
	// maxQuirks bounds what one device names.
	maxQuirks = 32
)

// document reads a file for itself.
func (c *composer) document(file string, data []byte, from origin) *document {
	doc := &document{file: file, from: from}
	if doc.root = read(file, data, &c.problems); doc.root == nil {
		return doc
	}
	d := decoder{problems: &c.problems, partial: true}
	d.decode(doc.root, reflect.ValueOf(&doc.Scenario).Elem())
	if doc.root.kind == mapping {
		doc.senses(&c.problems)
	}
	return doc
}

// senses checks what types cannot say, and fills in the names that were left out.
func (doc *document) senses(ps *problems) {
	report := func(at path, format string, args ...any) { ps.sense(doc.root, at, "", format, args...) }
	root := doc.root
	switch {
	case root.get("schema") == nil:
		report(path{"schema"}, "schema is missing: a scenario begins with \"schema: %d\"", Schema)
	case doc.Schema != Schema:
		report(path{"schema"}, "schema %d is not known: this version reads schema %d", doc.Schema, Schema)
	}
	if root.get("name") == nil {
		doc.Name = nameOf(doc.file)
	} else if err := checkName(doc.Name); err != nil {
		report(path{"name"}, "name: %v", err)
	}
	if doc.Verdict == "" {
		doc.Verdict = VerdictNone
	}
	doc.uses(report)
	doc.deviceNames(report)
	for _, name := range sortedKeys(doc.Parameters) {
		doc.parameter(name, report)
	}
}

// uses checks that the document is one thing: devices or a quirk.
func (doc *document) uses(report func(at path, format string, args ...any)) {
	root := doc.root
	quirk, devices := root.get("quirk"), root.get("devices")
	switch {
	case quirk != nil && devices != nil:
		report(path{"quirk"}, "quirk and devices are both there: a file is one or has the others")
	case quirk == nil && devices == nil:
		report(path{"devices"}, "devices is missing: a scenario has at least one, such as \"devices: [{igd: 1}]\"; a quirk has quirk instead")
	case devices != nil && len(devices.list()) == 0:
		report(path{"devices"}, "devices is empty: a scenario has at least one, such as \"devices: [{igd: 1}]\"")
	case devices != nil && len(devices.list()) > maxDevices:
		report(path{"devices"}, "devices: %d are too many (%d at most)", len(devices.list()), maxDevices)
	}
	for _, key := range []string{"base", "parameters"} {
		if quirk == nil && root.get(key) != nil {
			report(path{key}, "%s belongs to a quirk, and this file has none", key)
		}
	}
}

func (doc *document) deviceNames(report func(at path, format string, args ...any)) {
	names := map[string]int{}
	for i := range doc.Devices {
		d := &doc.Devices[i]
		at := path{"devices", i}
		if d.Name == "" {
			d.Name = doc.Name
			if len(doc.Devices) > 1 {
				d.Name = fmt.Sprintf("%s-%d", doc.Name, i+1)
			}
		} else if err := checkName(d.Name); err != nil {
			report(append(at, "name"), "%v.name: %v", at, err)
		}
		if first, taken := names[d.Name]; taken {
			report(append(at, "name"), "%v: devices[%d] is called %q already", at, first, d.Name)
		}
		names[d.Name] = i
	}
}

// sense reports what types cannot say about what stands at p below root. It keeps silent where something is reported already:
// what is misspelt would otherwise be missing as well.
func (ps *problems) sense(root *node, p path, didYouMean, format string, args ...any) {
	n, rest := root.at(p)
	if n.silent(rest) {
		return
	}
	ps.add(n.place, append(n.path(), rest...).String(), didYouMean, format, args...)
}

// silent reports whether something was reported where rest leads to from n.
func (n *node) silent(rest path) bool {
	if len(rest) == 0 {
		return n.broken()
	}
	key, ok := rest[0].(string)
	return ok && slices.Contains(n.meant, key)
}

// broken reports whether something was reported in n or below it.
func (n *node) broken() bool { return n.bad || slices.ContainsFunc(n.items, (*node).broken) }

// checkName holds names to what fits into URLs, file names and shell commands without quoting.
func checkName(s string) error {
	ok := s != "" && len(s) <= 64 && s[0] != '-'
	for _, r := range s {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if !ok {
		return errors.New("must be lower-case letters, digits and hyphens, 64 at most, not beginning with a hyphen")
	}
	return nil
}
