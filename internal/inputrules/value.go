package inputrules

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// truth is that of a condition.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func and(a, b truth) truth { return min(a, b) }
func not(a truth) truth    { return yes - a }

func known(b bool) truth {
	if b {
		return yes
	}
	return no
}

// registers hold the values that a rule works with: 16 words of 4 bytes, of which every bit is known or not.
type registers struct {
	value, known [64]byte
	// stranger is, of each word, the mask of an unknown sender's address that it holds; 0: it holds something else.
	stranger [16]uint32
}

// offset is where a register begins, -1 when there is no such one: 1 to 4 are of four words, 8 to 23 of one (enum nft_registers).
func offset(register uint32) int {
	switch {
	case register >= 1 && register <= 4:
		return int(register-1) * 16
	case register >= 8 && register < 24:
		return int(register-8) * 4
	}
	return -1
}

// put writes a value, zero bytes up to the end of its last word. mask has a bit for each that is known; nil: all are.
func (r *registers) put(at int, value, mask []byte) {
	if at < 0 {
		return
	}
	for i := range (len(value) + 3) &^ 3 {
		if at+i >= len(r.value) {
			return
		}
		v, k := byte(0), byte(0xff)
		if i < len(value) {
			if v = value[i]; mask != nil {
				k = mask[i]
			}
		}
		r.value[at+i], r.known[at+i], r.stranger[(at+i)/4] = v&k, k, 0
	}
}

// forget makes a value unknown that has n bytes at most.
func (r *registers) forget(at, n int) { r.put(at, make([]byte, n), make([]byte, n)) }

// within tells whether the value at a place is one of a range, compared as the kernel does it: byte by byte from the first. some is how many
// addresses of the Internet the range has when it is a stranger's address that it is compared with, and has not all and not none.
func (r *registers) within(at int, from, to []byte) (is truth, some uint64) {
	if len(from) == 0 || len(from) != len(to) || at < 0 || at+len(from) > len(r.value) {
		return maybe, 0
	}
	if mask := r.stranger[at/4]; mask != 0 && at%4 == 0 && len(from) <= 4 {
		return strangerWithin(mask, from, to)
	}
	low, high := make([]byte, len(from)), make([]byte, len(from))
	same := bytes.Equal(from, to)
	for i := range from {
		v, k := r.value[at+i], r.known[at+i]
		if same && (v^from[i])&k != 0 {
			return no, 0
		}
		low[i], high[i] = v, v|^k
	}
	switch {
	case bytes.Compare(low, from) >= 0 && bytes.Compare(high, to) <= 0:
		return yes, 0
	case bytes.Compare(high, from) < 0 || bytes.Compare(low, to) > 0:
		return no, 0
	}
	return maybe, 0
}

// strangerWithin tells whether an address of the Internet, masked, is within a range; of short values it is the beginning.
func strangerWithin(mask uint32, from, to []byte) (truth, uint64) {
	var a, b [4]byte
	copy(a[:], from)
	copy(b[:], to)
	low, high := binary.BigEndian.Uint32(a[:]), binary.BigEndian.Uint32(b[:])
	length := bits.LeadingZeros32(^mask)
	switch {
	case length != bits.OnesCount32(mask): // no prefix
		return maybe, 0
	case length >= 8*len(from): // what is compared was not masked
		high |= uint32(1)<<(32-8*len(from)) - 1
	case low != high:
		return maybe, 0
	case low&^mask != 0:
		return no, 0
	default:
		high |= ^mask
	}
	switch n := public(low, high); n {
	case 0:
		return no, 0
	case public(0, ^uint32(0)):
		return yes, 0
	default:
		return yes, n
	}
}

// local are the ranges of IPv4 that no stranger on the Internet has an address of (RFC 6890), in order.
var local = [...][2]uint32{
	{0x00000000, 0x00ffffff}, {0x0a000000, 0x0affffff}, {0x64400000, 0x647fffff}, {0x7f000000, 0x7fffffff}, {0xa9fe0000, 0xa9feffff},
	{0xac100000, 0xac1fffff}, {0xc0000000, 0xc00000ff}, {0xc0000200, 0xc00002ff}, {0xc0a80000, 0xc0a8ffff}, {0xc6120000, 0xc613ffff},
	{0xc6336400, 0xc63364ff}, {0xcb007100, 0xcb0071ff}, {0xe0000000, 0xffffffff},
}

// public counts the addresses of a range that are the Internet's.
func public(from, to uint32) uint64 {
	if from > to {
		return 0
	}
	n := uint64(to-from) + 1
	for _, l := range local {
		if a, b := max(from, l[0]), min(to, l[1]); a <= b {
			n -= uint64(b-a) + 1
		}
	}
	return n
}

// world is what is meant by anybody on the Internet.
type world bool

const (
	nearlyAll world = false // somebody whom no list of a few addresses names
	everybody world = true  // nobody is left out
)

// fewAddresses is how many addresses a list may have to be one of a few: a 256th of all.
const fewAddresses = 1 << 24

// few is whether a stranger is among so many addresses; 0 stands for all.
func (w world) few(n uint64) truth {
	if w == everybody || n >= fewAddresses {
		return maybe
	}
	return no
}
