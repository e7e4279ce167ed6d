package inputrules

import "slices"

// message is one of nf_tables in an answer to a question for all of a kind.
type message struct {
	family family
	of     attributes
}

// decoder puts a ruleset together from dumps: of tables, chains, rules, sets, and the elements of those sets that rules look into.
type decoder struct {
	dormant map[name]bool // tables that the kernel does not ask
	rules   Ruleset
	looked  map[name]bool // sets that rules look into

	elements int // of all sets
}

func newDecoder() *decoder {
	return &decoder{dormant: map[name]bool{}, looked: map[name]bool{}, rules: Ruleset{chains: map[name]*chain{}, sets: map[name]*set{}}}
}

// The kinds of messages (enum nf_tables_msg_types).
const (
	newTable      = 0
	newChain      = 3
	newRule       = 6
	newSet        = 9
	newSetElement = 12
)

// take takes the next message, in the order of the kinds: struct nfgenmsg, and attributes. Families that no packet of IPv4 meets are left out.
func (d *decoder) take(kind uint8, b []byte) {
	if len(b) < 4 {
		return
	}
	m := message{family: family(b[0])}
	switch m.family {
	case familyInet, familyIPv4, familyNetdev, familyBridge:
	default:
		return
	}
	m.of = parse(b[4:])
	switch kind {
	case newTable:
		d.table(m)
	case newChain:
		d.chain(m)
	case newRule:
		d.rule(m)
	case newSet:
		d.set(m)
	case newSetElement:
		d.elementsOf(m)
	}
}

// table takes one of enum nft_table_attributes.
func (d *decoder) table(m message) {
	const dormant = 1 // NFT_TABLE_F_DORMANT
	if m.of.number(2)&dormant != 0 {
		d.dormant[name{m.family, m.of.text(1), ""}] = true
	}
}

// chain takes one of enum nft_chain_attributes.
func (d *decoder) chain(m message) {
	c := &chain{name: name{m.family, m.of.text(1), m.of.text(3)}, policy: Accept}
	d.rules.chains[c.name] = c
	if !m.of.has(4) || d.dormant[name{m.family, c.table, ""}] {
		return
	}
	hook := parse(m.of[4])
	if c.at = stageOf(m.family, hook.number(1)); c.at == elsewhere {
		return
	}
	c.priority = int32(hook.number(2))
	if hook.has(3) {
		c.devices = append(c.devices, hook.text(3))
	}
	for kind, b := range nested(hook[4]) { // NFTA_HOOK_DEVS
		device := attributes{0: b}.text(0)
		if kind == 2 { // NFTA_DEVICE_PREFIX
			device += "*"
		}
		c.devices = append(c.devices, device)
	}
	if m.of.has(5) && m.of.number(5) == verdictDrop {
		c.policy = Drop
	}
	d.rules.bases = append(d.rules.bases, c)
}

// rule takes one of enum nft_rule_attributes, in their order in the chain.
func (d *decoder) rule(m message) {
	c := d.rules.chains[name{m.family, m.of.text(1), m.of.text(2)}]
	if c == nil {
		return
	}
	var r rule
	for _, b := range nested(m.of[4]) {
		a := parse(b)
		e := expression{kind: a.text(1), of: parse(a[2])}
		if e.kind == "lookup" {
			d.looked[name{m.family, c.table, e.of.text(1)}] = true
		}
		r.exprs = append(r.exprs, e)
	}
	c.rules = append(c.rules, r)
}

// set takes one of enum nft_set_attributes.
func (d *decoder) set(m message) {
	n := name{m.family, m.of.text(1), m.of.text(2)}
	if !d.looked[n] {
		return
	}
	s := &set{interval: m.of.number(3)&setInterval != 0}
	for _, field := range nested(parse(m.of[9])[2]) { // NFTA_SET_DESC_CONCAT
		s.fields = append(s.fields, int(min(parse(field).number(1), 64)))
	}
	d.rules.sets[n] = s
}

// elementsOf takes a part of the elements of a set (enum nft_set_elem_list_attributes).
func (d *decoder) elementsOf(m message) {
	s := d.rules.sets[name{m.family, m.of.text(1), m.of.text(2)}]
	if s == nil {
		return
	}
	for _, b := range nested(m.of[3]) {
		d.elements++
		s.add(parse(b))
	}
}

// complete gives what has come together.
func (d *decoder) complete() *Ruleset {
	for _, s := range d.rules.sets {
		s.complete()
	}
	slices.SortStableFunc(d.rules.bases, comesBefore)
	return &d.rules
}
