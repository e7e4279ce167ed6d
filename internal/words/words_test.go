package words

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		typed string
		names []string
		want  []string
	}{
		{"external_ip", []string{"external-ip", "igd", "name"}, []string{"external-ip"}},
		{"externalip", []string{"external-ip", "igd", "name"}, []string{"external-ip"}},
		{"idg", []string{"external-ip", "igd", "name"}, []string{"igd"}}, // a swap is one slip
		{"i", []string{"external-ip", "igd", "name"}, nil},
		{"names", []string{"external-ip", "igd", "name"}, []string{"name"}},
		{"capacity", []string{"external-ip", "igd", "name"}, nil},
		{"IGD1", []string{"igd2", "igd1"}, []string{"igd1", "igd2"}},
		{"soap", []string{"soap-no-concurrency", "sop", "igd1"}, []string{"soap-no-concurrency", "sop"}}, // what is begun is meant
		{"aaaa", []string{"aaab", "aaba", "abaa", "baaa"}, []string{"aaab", "aaba", "abaa"}},
		{"", []string{"ab"}, nil},
		{strings.Repeat("a", 1<<20), []string{"a", "ab"}, nil},
	} {
		if diff := cmp.Diff(tt.want, Near(tt.typed, tt.names)); diff != "" {
			t.Errorf("Near(%.20q) differs (-want +got)\n%s", tt.typed, diff)
		}
	}
}
