package soap

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// clean drops characters that XML 1.0 §2.2 does not allow, raw or as a character reference, and escapes ampersands that
// begin no entity known to XML. b is valid UTF-8; it is returned itself when nothing is wrong with it.
func clean(b []byte, q *quirks) []byte {
	var out []byte // nil until something is changed
	kept := 0      // b[:kept] is in out
	replace := func(i, n int, with string) {
		out = append(out, b[kept:i]...)
		out = append(out, with...)
		kept = i + n
	}
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			q.add(ControlChars)
			replace(i, 1, "")
			i++
		case c == 0xef && i+2 < len(b) && b[i+1] == 0xbf && b[i+2] >= 0xbe: // U+FFFE, U+FFFF
			q.add(ControlChars)
			replace(i, 3, "")
			i += 3
		case c == '<' && bytes.HasPrefix(b[i:], []byte("<![CDATA[")):
			// Ampersands mean nothing here, control characters are still wrong.
			end := bytes.Index(b[i:], []byte("]]>"))
			if end < 0 {
				end = len(b) - i
			}
			for j, c := range b[i : i+end] {
				if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
					q.add(ControlChars)
					replace(i+j, 1, "")
				}
			}
			i += end
		case c == '&':
			n, r, ok := reference(b[i:])
			switch {
			case !ok:
				q.add(BadEntity)
				replace(i, 1, "&amp;")
				n = 1
			case r >= 0 && !allowed(r):
				q.add(ControlChars)
				replace(i, n, "")
			}
			i += n
		default:
			i++
		}
	}
	if out == nil {
		return b
	}
	return append(out, b[kept:]...)
}

// reference reads "&amp;" or "&#39;" at the start of b: its length and, for a numeric one, the character. r is -1 for a
// named one.
func reference(b []byte) (n int, r rune, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 0 {
		return 0, -1, false
	}
	name := string(b[1:end])
	if digits, found := strings.CutPrefix(name, "#"); found {
		base := 10
		if d, hex := strings.CutPrefix(digits, "x"); hex {
			digits, base = d, 16
		}
		v, err := strconv.ParseUint(digits, base, 31)
		return end + 1, rune(v), err == nil
	}
	switch name {
	case "amp", "lt", "gt", "quot", "apos":
		return end + 1, -1, true
	}
	return 0, -1, false
}

// allowed reports whether r is a Char of XML 1.0 §2.2.
func allowed(r rune) bool {
	if r < ' ' {
		return r == '\t' || r == '\n' || r == '\r'
	}
	return utf8.ValidRune(r) && r != 0xfffe && r != 0xffff
}
