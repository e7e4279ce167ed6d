// Package hostname says what can be the name of a host.
package hostname

import "strings"

// Valid tells whether a name can be one of a host, of one label or of several: RFC 1123 §2.1. A dot may end it.
func Valid(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		ok := label != "" && len(label) <= 63 && label[0] != '-' && label[len(label)-1] != '-'
		for _, r := range label {
			ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
		}
		if !ok {
			return false
		}
	}
	return true
}

// Key is what two spellings of one name have in common: RFC 4343 §3, and the root's dot is none of the name.
func Key(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
