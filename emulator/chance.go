package emulator

import (
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// seed begins the streams of chance of one gateway: others of the same Seed have other names, and draw something else.
func (o *Options) seed() uint64 {
	h := fnv.New64a()
	h.Write([]byte(o.Name))
	return o.Seed ^ h.Sum64()
}

// draw is a source of words of chance for one gateway: the same seed, place and word give the same text.
type draw struct {
	seed    uint64
	name    string
	lan     netip.Addr
	kind    string // paths or names
	changed int    // how often that kind has changed, which gives another text
}

func (o *Options) drawOf(kind string, changed int) draw {
	return draw{o.Seed, o.Name, o.LAN, kind, changed}
}

// maxDrawn is how long a word of chance may be.
const maxDrawn = 64

// drawnBy reads a word of chance: an alphabet, a length, and anything else to tell it from others.
func drawnBy(word string) (alphabet string, n int, ok bool) {
	f := strings.Fields(word)
	if len(f) < 2 {
		return "", 0, false
	}
	switch f[0] {
	case "hex":
		alphabet = "0123456789abcdef"
	case "upper-hex":
		alphabet = "0123456789ABCDEF"
	case "digits":
		alphabet = "0123456789"
	case "letters":
		alphabet = "abcdefghijklmnopqrstuvwxyz"
	case "upper":
		alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	default:
		return "", 0, false
	}
	n, err := strconv.Atoi(f[1])
	return alphabet, n, err == nil && 0 < n && n <= maxDrawn
}

// append draws the text of a word of chance; false when it is none.
func (d draw) append(b []byte, word string) ([]byte, bool) {
	alphabet, n, ok := drawnBy(word)
	if !ok {
		return b, false
	}
	r := rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%v\x00%s\x00%d\x00%s", d.seed, d.name, d.lan, d.kind, d.changed, word))))
	for range n {
		b = append(b, alphabet[r.IntN(len(alphabet))])
	}
	return b, true
}

// drawn reports whether a word of t is one of chance.
func (t Template) drawn() bool {
	pieces, _ := t.pieces()
	return slices.ContainsFunc(pieces, func(p piece) bool {
		_, _, ok := drawnBy(p.word)
		return ok
	})
}
