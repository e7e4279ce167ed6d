package emulator

import "testing"

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern Pattern
		name    string
		want    bool
	}{
		{"AddPortMapping", "AddPortMapping", true},
		{"AddPortMapping", "addportmapping", true},
		{"AddPortMapping", "AddPortMappings", false},
		{"Add*PortMapping", "AddAnyPortMapping", true},
		{"Add*PortMapping", "AddPortMapping", true},
		{"Add*PortMapping", "AddAnyPortMapping2", false},
		{"*", "", true},
		{"*", "anything", true},
		{"mapping-*", "mapping-added", true},
		{"mapping-*", "reboot", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*aab", "aaab", true},
	} {
		if got := tt.pattern.matches(tt.name); got != tt.want {
			t.Errorf("%q matches %q: %t", tt.pattern, tt.name, got)
		}
	}
}
