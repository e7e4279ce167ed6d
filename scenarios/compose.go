package scenarios

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/words"
)

// composer makes whole devices of what a document says and names. Composing happens in the trees, before anything becomes a Go
// value, so that every problem has its file, line and column.
type composer struct {
	problems  problems
	documents map[string]*document // by id
	under     []string             // documents that are being composed, outermost first
	decoder   decoder              // of whole devices
	users     map[string]user      // by file, for the device that is looked at
}

// user is who named a built-in document.
type user struct {
	what string // "quirk list-views-differ"
	name *node
}

const (
	// maxUnder bounds how profiles and quirks name each other.
	maxUnder = 8
	// maxFiles bounds how many files one scenario is made of.
	maxFiles = 256
)

// layer is a piece of a device that stands beside others: a quirk, or what the device says itself.
type layer struct {
	tree  *node
	quirk string // "": the device itself
	use   *node  // where the quirk is named
}

// scenario composes the devices of doc and checks what they are.
func (c *composer) scenario(doc *document) {
	c.under = append(c.under, doc.id())
	var users []map[string]user
	c.users = map[string]user{}
	if fragment := doc.root.get("quirk"); fragment != nil {
		doc.Devices = []Device{{Name: doc.Name}}
		doc.composed = []*node{c.alone(doc, fragment)}
		users = append(users, c.users)
	} else {
		for _, d := range doc.root.get("devices").list() {
			c.users = map[string]user{}
			doc.composed = append(doc.composed, c.device(doc, d))
			users = append(users, c.users)
		}
	}
	for i, tree := range doc.composed[:min(len(doc.composed), maxDevices)] {
		if tree == nil || tree.kind != mapping {
			continue
		}
		if story := doc.root.get("timeline"); i == 0 && story != nil {
			tree = tree.with(tree.word("timeline"), joined(tree.get("timeline"), story))
		}
		tree = tree.with(tree.word("name"), tree.word(doc.Devices[i].Name))
		doc.composed[i] = tree
		c.users = users[i]
		o := c.options(tree)
		if o.Scenario = doc.Name; doc.from == disk {
			o.Scenario = doc.file // by which it is found again
		}
		doc.options = append(doc.options, o)
	}
	for i, e := range doc.Expect {
		c.problemsOf(doc.root, path{"expect", i}, e.Against(doc.options...))
	}
}

// options is what a composed device is to the emulator.
func (c *composer) options(tree *node) emulator.Options {
	var d Device
	c.decoder.problems = &c.problems
	c.decoder.decode(tree, reflect.ValueOf(&d).Elem())
	if d.IGD == 0 {
		c.problems.sense(tree, path{"igd"}, "", "%s is missing: 1 or 2, the version of InternetGatewayDevice, or name a profile", keyOf(tree, path{"igd"}))
	} else if d.IGD != 1 && d.IGD != 2 {
		c.problems.sense(tree, path{"igd"}, "", "%s must be 1 or 2, not %d", keyOf(tree, path{"igd"}), d.IGD)
		d.IGD = 0
	}
	o := emulator.Options{
		Name: d.Name, Version: d.IGD, Neighbour: d.Neighbour, IPv6: d.IPv6, ExternalIP: d.ExternalIP, WAN: d.WAN,
		Dialect: d.Dialect, Policy: d.Policy, Mappings: d.Mappings, Faults: d.Faults, Timeline: d.Timeline, Plane: emulator.Plane{NAT: d.NAT},
	}
	c.problemsOf(tree, nil, o.Problems())
	return o
}

// problemsOf tells where in the files the emulator's problems stand; at leads to what was asked.
func (c *composer) problemsOf(tree *node, at path, problems []emulator.Problem) {
	for _, p := range problems {
		full := append(slices.Clip(at), p.At...)
		n, rest := tree.at(full)
		if n.silent(rest) {
			continue
		}
		key, what := append(n.path(), rest...).String(), keyOf(tree, full)
		n, prefix := c.user(n)
		if prefix != "" {
			where, _ := tree.at(full)
			what = fmt.Sprintf("%s%s (%v)", prefix, what, where.place)
			key = n.path().String()
		}
		message := p.Message
		if len(p.Other) > 0 {
			other := append(slices.Clip(at), p.Other...)
			where, _ := tree.at(other)
			message += fmt.Sprintf(" (%s: %v)", keyOf(tree, other), where.place)
		}
		c.problems.add(n.place, key, p.DidYouMean, "%s: %s", what, message)
	}
}

// user is where the built-in file is named in which n stands, and what names it there; n itself when its reader has written it.
func (c *composer) user(n *node) (_ *node, prefix string) {
	for range maxUnder {
		u, ok := c.users[n.place.file]
		if !ok {
			break
		}
		n, prefix = u.name, u.what+": "+prefix
	}
	return n, prefix
}

// keyOf is what messages call the place that p leads to below tree: the path in the file where it was written.
func keyOf(tree *node, p path) string {
	n, rest := tree.at(p)
	if key := append(n.path(), rest...); len(key) > 0 {
		return key.String()
	}
	return "the document"
}

// device composes d, which stands in doc: its profile, its quirks and what it says itself.
func (c *composer) device(doc *document, d *node) *node {
	if d.kind != mapping {
		return d
	}
	base := c.profile(doc, d.get("profile"))
	layers := append(c.quirks(doc, d.get("quirks")), layer{tree: d.without("profile", "quirks")})
	whole := override(base, c.combine(layers))
	if base == nil && d.get("profile") != nil {
		whole = whole.ordered() // a copy: in its own file nothing is missing
		whole.meant = append(slices.Clip(whole.meant), "igd")
	}
	return whole
}

// fragment composes a quirk, with the quirks that it names.
func (c *composer) fragment(doc *document, f *node) *node {
	if f.kind != mapping {
		return f
	}
	return c.combine(append(c.quirks(doc, f.get("quirks")), layer{tree: f.without("quirks")}))
}

// alone is the device on which a quirk is played by itself.
func (c *composer) alone(doc *document, f *node) *node {
	var base *node
	if name := doc.root.get("base"); name != nil {
		base = c.profile(doc, name)
	} else if d := c.named(doc, f.word("igd1"), "profile"); d != nil {
		base = c.deviceOf(d)
	}
	return override(base, labelled(c.fragment(doc, f), doc.Name))
}

// profile is the one device of the document that name names, composed; nil when there is none.
func (c *composer) profile(doc *document, name *node) *node {
	if name == nil || name.kind != scalar || name.bad {
		return nil
	}
	p := c.named(doc, name, "profile")
	if p == nil {
		return nil
	}
	devices := p.root.get("devices").list()
	switch {
	case p.root.get("quirk") != nil:
		c.problems.at(name, "", "%s: %s is a quirk and no device: name it in quirks", subject(name), name.value)
		return nil
	case len(devices) != 1:
		c.problems.at(name, "", "%s: %s has %d devices, and a profile has one", subject(name), name.value, len(devices))
		return nil
	}
	return c.deviceOf(p)
}

// deviceOf composes the one device of a profile, without its name.
func (c *composer) deviceOf(p *document) *node {
	c.under = append(c.under, p.id())
	defer func() { c.under = c.under[:len(c.under)-1] }()
	d := c.device(p, p.root.get("devices").list()[0])
	if d.kind != mapping {
		return nil
	}
	return d.without("name")
}

// quirks are the layers that a list of quirks makes.
func (c *composer) quirks(doc *document, names *node) []layer {
	var layers []layer
	for i, n := range names.list() {
		if i == maxQuirks {
			c.problems.at(names, "", "%s: %d are too many (%d at most)", subject(names), len(names.items), maxQuirks)
			break
		}
		var u Use
		if u.decodeNode(&decoder{problems: &c.problems}, n); u.Quirk == "" || n.bad {
			continue
		}
		use := u.name(n)
		q := c.named(doc, use, "quirk")
		if q == nil {
			continue
		}
		fragment := q.root.get("quirk")
		switch {
		case fragment == nil:
			c.problems.at(use, "", "%s: %s has devices and is no quirk: name it in profile", subject(n), use.value)
			continue
		case slices.ContainsFunc(layers, func(l layer) bool { return l.quirk == q.Name }):
			c.problems.at(use, "", "%s: the quirk %s is named twice", subject(n), q.Name)
			continue
		}
		c.under = append(c.under, q.id())
		tree := c.fragment(q, c.parameters(q, fragment, u.values))
		c.under = c.under[:len(c.under)-1]
		layers = append(layers, layer{labelled(tree, q.Name), q.Name, use})
	}
	return layers
}

// parameters is the fragment of q with the values that are given for its parameters.
func (c *composer) parameters(q *document, fragment, values *node) *node {
	if values == nil {
		return fragment
	}
	for i, k := range values.keys {
		p, ok := q.Parameters[k.value]
		if !ok {
			values.bad = true
			c.problems.add(k.place, k.path().String(), words.Nearest(k.value, sortedKeys(q.Parameters)),
				"the quirk %s has no parameter %q", q.Name, shorten(k.value))
			continue
		}
		for _, text := range p.Sets {
			if at, err := parsePath(text); err == nil {
				fragment = fragment.replace(at, values.items[i])
			}
		}
	}
	return fragment
}

// labelled is the fragment f of a quirk in which every fault that has no name of its own goes by the quirk's.
func labelled(f *node, quirk string) *node {
	faults := f.get("faults")
	if faults == nil {
		return f
	}
	all := *faults
	all.kind, all.items = list, nil
	for _, fault := range faults.list() {
		if fault.kind == mapping && fault.get("name") == nil {
			fault = fault.with(fault.word("name"), fault.word(quirk)).ordered("name")
		}
		all.items = append(all.items, fault)
	}
	return f.with(f.word("faults"), &all)
}

// named is the document that a name or a file stands for in doc; nil, and a problem, when there is none.
func (c *composer) named(doc *document, name *node, kind string) *document {
	problem := func(didYouMean, format string, args ...any) *document {
		c.problems.at(name, didYouMean, "%s: %s", subject(name), fmt.Sprintf(format, args...))
		return nil
	}
	file, data, err := doc.find(name.value)
	if err != nil {
		suggestion := ""
		if unknown, ok := err.(*UnknownError); ok && len(unknown.Nearest) > 0 {
			suggestion = unknown.Nearest[0]
		}
		return problem(suggestion, "there is no %s %q%s", kind, shorten(name.value), reason(err))
	}
	from := embedded
	if IsFile(name.value) {
		from = disk
	}
	id := document{file: file, from: from}.id()
	switch {
	case slices.Contains(c.under, id):
		return problem("", "%s is made of itself", name.value)
	case len(c.under) > maxUnder:
		return problem("", "profiles and quirks name each other deeper than %d", maxUnder)
	}
	if from == embedded && name.place.file != file {
		c.users[file] = user{kind + " " + name.value, name}
	}
	if known := c.documents[id]; known != nil {
		return known.readable()
	}
	if len(c.documents) >= maxFiles {
		return problem("", "the scenario is made of more than %d files", maxFiles)
	}
	if c.documents == nil {
		c.documents = map[string]*document{}
	}
	read := c.document(file, data, from)
	c.documents[id] = read
	return read.readable()
}

// readable is doc if it has a tree to compose.
func (doc *document) readable() *document {
	if doc.root == nil || doc.root.kind != mapping {
		return nil
	}
	return doc
}
