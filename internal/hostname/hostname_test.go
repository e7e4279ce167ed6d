package hostname_test

import (
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/hostname"
)

func TestValid(t *testing.T) {
	long := strings.Repeat("a", 63)
	for name, want := range map[string]bool{
		"alice": true, "www.example.com": true, "www.example.com.": true, "3com.example": true, "a": true, "x--y": true, "A-1": true,
		long: true, long + "." + long + "." + long + "." + long[:61]: true,
		"": false, ".": false, "a..b": false, ".a": false, "-a": false, "a-": false, "a_b": false, "a b": false, "a/8": false, "é": false, "a.b-": false,
		long + "a": false, long + "." + long + "." + long + "." + long[:62]: false,
	} {
		if got := hostname.Valid(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestKey(t *testing.T) {
	if a, b := hostname.Key("WWW.Example.com."), hostname.Key("www.example.COM"); a != b {
		t.Errorf("%q is not %q", a, b)
	}
}
