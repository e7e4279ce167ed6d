package scenarios

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// pairedEscapes writes what JSON escapes as a pair of surrogates in the way of YAML, which knows no such pairs.
func pairedEscapes(text []byte) []byte {
	if !bytes.Contains(bytes.ToLower(text), []byte(`\ud`)) {
		return text
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		if r := utf16.DecodeRune(escaped(text[i:]), escaped(text[min(i+6, len(text)):])); r != utf8.RuneError {
			out = fmt.Appendf(out, `\U%08x`, r)
			i += 11
			continue
		}
		out = append(out, text[i], text[i+1])
		i++
	}
	return out
}

// escaped is the half of a pair that text begins with, as \u and four digits.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
