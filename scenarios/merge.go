package scenarios

import (
	"reflect"
	"slices"

	"github.com/igdkit/igdkit/emulator"
)

// maxFaults bounds a device, all that it is made of included: each is compared with each.
const maxFaults = 500

// override is base with over put upon it key by key: maps merge, lists and scalars are replaced; faults, timelines and mappings grow. A fault of
// base gives way to one with the same occasion when both end it.
func override(base, over *node) *node {
	switch {
	case base == nil || base.kind != mapping:
		return over
	case over == nil || over.kind != mapping:
		return base
	}
	merged := merge(base, over)
	if a, b := base.get("faults"), over.get("faults"); a != nil && b != nil {
		kept := *a
		kept.kind, kept.items = list, nil
		for _, fault := range a.list() {
			if !slices.ContainsFunc(b.list(), func(n *node) bool { return verb(n) != nil && sameOccasion(fault, n) }) || verb(fault) == nil {
				kept.items = append(kept.items, fault)
			}
		}
		merged = merged.with(merged.word("faults"), joined(&kept, b))
	}
	for _, key := range []string{"timeline", "mappings"} {
		if a, b := base.get(key), over.get(key); a != nil && b != nil {
			merged = merged.with(merged.word(key), joined(a, b))
		}
	}
	return merged
}

// grows reports whether what a device has under key is added to, and not replaced.
func grows(key string) bool { return key == "faults" || key == "timeline" || key == "mappings" }

// merge puts one map upon another. The places are those of what is on top.
func merge(base, over *node) *node {
	if base.kind != mapping || over.kind != mapping {
		return over
	}
	merged := *over
	merged.keys, merged.items = slices.Clone(base.keys), slices.Clone(base.items)
	merged.bad = base.bad || over.bad
	merged.meant = slices.Concat(base.meant, over.meant)
	top := &merged
	for i, k := range over.keys {
		item := over.items[i]
		if below := base.get(k.value); below != nil {
			item = merge(below, item)
		}
		top = top.with(k, item)
	}
	return top
}

// joined is a list of the items of a and then those of b.
func joined(a, b *node) *node {
	if a == nil {
		return b
	}
	all := *b
	all.kind, all.items = list, slices.Concat(a.list(), b.list())
	return &all
}

// combine puts layers that stand beside each other together, and reports where two of them want different things.
func (c *composer) combine(layers []layer) *node {
	var all *node
	faults := 0
	for i, l := range layers {
		if faults += len(l.tree.get("faults").list()); faults > maxFaults {
			c.problems.at(l.tree.get("faults"), "", "%d faults are too many for one device (%d at most)", faults, maxFaults)
			break
		}
		for _, other := range layers[:i] {
			c.conflicts(other, l, other.tree, l.tree, nil)
			c.verbs(other, l)
		}
		all = override(all, l.tree)
	}
	return all
}

// conflicts reports every key that two layers set to different values. at leads to x and y in their layers.
func (c *composer) conflicts(a, b layer, x, y *node, at path) {
	if x.kind != mapping || y.kind != mapping {
		if !equal(x, y) {
			c.conflict(a, b, y, "%s is %v (%v) and %v (%v)", at, x, x.place, y, y.place)
		}
		return
	}
	for i, k := range y.keys {
		if len(at) == 0 && grows(k.value) {
			continue
		}
		if other := x.get(k.value); other != nil {
			c.conflicts(a, b, other, y.items[i], append(slices.Clip(at), k.value))
		}
	}
}

// verbs reports faults of two layers that end the same occasion in different ways.
func (c *composer) verbs(a, b layer) {
	for _, x := range a.tree.get("faults").list() {
		for _, y := range b.tree.get("faults").list() {
			v, w := verb(x), verb(y)
			if v == nil || w == nil || !sameOccasion(x, y) || equal(v, w) {
				continue
			}
			c.conflict(a, b, y, "%s would have to do %v (%v) and %v (%v) on one occasion", x.get("on"), v, x.place, w, y.place)
		}
	}
}

// conflict reports that layers a and b do not go together: at y if b is the device itself, otherwise where b is named.
func (c *composer) conflict(a, b layer, y *node, format string, args ...any) {
	n := b.use
	who := "the quirks " + a.quirk + " and " + b.quirk
	if b.quirk == "" {
		n, who = y, "the quirk "+a.quirk+" and what stands here"
	}
	c.problems.at(n, "", who+" do not go together: "+format, args...)
}

// sameOccasion reports whether two faults act on the same layer, under the same condition, at the same times.
func sameOccasion(a, b *node) bool {
	return a.kind == mapping && b.kind == mapping && a.get("on") != nil &&
		equal(a.get("on"), b.get("on")) && equal(a.get("if"), b.get("if")) && equal(a.get("when"), b.get("when"))
}

// verb is what a fault ends its occasion with, as a map of one key; nil when it only edits.
func verb(fault *node) *node {
	do := fault.get("do")
	if do == nil || do.kind != mapping {
		return nil
	}
	for i, k := range do.keys {
		if f, ok := fieldOf(reflect.TypeFor[emulator.Deed](), k.value); ok && f.verb {
			return &node{kind: mapping, keys: []*node{k}, items: []*node{do.items[i]}, place: do.items[i].place}
		}
	}
	return nil
}
