package inputrules

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// attributes are those of one message or nest, by their type. Of several of one type the last is there: lists are read by [nested].
type attributes map[uint16][]byte

// nested goes through netlink attributes (struct nlattr), until their end or the first that is cut off.
func nested(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			size := int(binary.NativeEndian.Uint16(b))
			if size < 4 || size > len(b) || !yield(binary.NativeEndian.Uint16(b[2:])&typeMask, b[4:size]) {
				return
			}
			b = b[min((size+3)&^3, len(b)):]
		}
	}
}

// typeMask is NLA_TYPE_MASK of linux/netlink.h.
const typeMask = 0x3fff

func parse(b []byte) attributes {
	a := attributes{}
	for kind, value := range nested(b) {
		a[kind] = value
	}
	return a
}

func (a attributes) has(kind uint16) bool { _, ok := a[kind]; return ok }

// text is a string that ends in a zero byte.
func (a attributes) text(kind uint16) string {
	text, _, _ := bytes.Cut(a[kind], []byte{0})
	return string(text)
}

// number is of 32 bits, 0 when there is none.
func (a attributes) number(kind uint16) uint32 {
	if b := a[kind]; len(b) == 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// data is the value in a nest of NFTA_DATA_VALUE.
func (a attributes) data(kind uint16) []byte { return parse(a[kind])[dataValue] }

// verdict is the one in a nest of NFTA_DATA_VERDICT.
func (a attributes) verdict(kind uint16) (ruleVerdict, bool) {
	b, ok := parse(a[kind])[dataVerdict]
	v := parse(b)
	return ruleVerdict{int32(v.number(1)), v.text(2)}, ok && v.has(1)
}

const (
	dataValue   = 1 // NFTA_DATA_VALUE
	dataVerdict = 2 // NFTA_DATA_VERDICT
)
