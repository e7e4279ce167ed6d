package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpec(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want spec
		back string // String
	}{
		{"8080", spec{8080, 8080, "tcp", false}, "8080/tcp"},
		{"8080/tcp", spec{8080, 8080, "tcp", false}, "8080/tcp"},
		{"4500/udp", spec{4500, 4500, "udp", false}, "4500/udp"},
		{"27015/both", spec{27015, 27015, "both", false}, "27015/both"},
		{"27015/BOTH", spec{27015, 27015, "both", false}, "27015/both"},
		{"80:8080", spec{80, 8080, "tcp", true}, "80:8080/tcp"},
		{"80:8080/Udp", spec{80, 8080, "udp", true}, "80:8080/udp"},
		{"80:80", spec{80, 80, "tcp", true}, "80/tcp"},
		{"1", spec{1, 1, "tcp", false}, "1/tcp"},
		{"65535", spec{65535, 65535, "tcp", false}, "65535/tcp"},
		{"0080", spec{80, 80, "tcp", false}, "80/tcp"},
	} {
		got, err := parseSpec(tt.in)
		if err != nil {
			t.Errorf("parseSpec(%q): %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(spec{})); diff != "" {
			t.Errorf("parseSpec(%q): -want +got\n%s", tt.in, diff)
		}
		if got.String() != tt.back {
			t.Errorf("parseSpec(%q).String() = %q, want %q", tt.in, got, tt.back)
		}
	}
}

func TestParseSpecRefuses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "the SPEC is empty"},
		{" 8080", `SPEC " 8080" has spaces in it`},
		{"80 80", `SPEC "80 80" has spaces in it`},
		{"8080\n", `SPEC "8080\n" has spaces in it`},
		{"0", `SPEC "0": port 0 is not between 1 and 65535`},
		{"70000", `SPEC "70000": port 70000 is not between 1 and 65535`},
		{"99999999999999999999", `SPEC "99999999999999999999": port 99999999999999999999 is not between 1 and 65535`},
		{"80:0", `SPEC "80:0": port 0 is not between 1 and 65535`},
		{"0:80", `SPEC "0:80": port 0 is not between 1 and 65535`},
		{"8080/sctp", `SPEC "8080/sctp": "sctp" is no protocol that a gateway can map`},
		{"8080/", `SPEC "8080/" ends where the protocol should be`},
		{"8080/tcp/udp", `SPEC "8080/tcp/udp": "tcp/udp" is no protocol that a gateway can map`},
		{"/tcp", `SPEC "/tcp": a port is missing`},
		{":80", `SPEC ":80": a port is missing`},
		{"80:", `SPEC "80:": a port is missing`},
		{"http", `SPEC "http": "http" is no port number`},
		{"-1", `SPEC "-1": "-1" is no port number`},
		{"+80", `SPEC "+80": "+80" is no port number`},
		{"8_0", `SPEC "8_0": "8_0" is no port number`},
		{"８０", `SPEC "８０": "８０" is no port number`},
		{"80:80:80", `SPEC "80:80:80": "80:80" is no port number`},
		{"8000-8010", `SPEC "8000-8010": 8000-8010 is a range; name each port`},
		{"192.168.1.5:80", `SPEC "192.168.1.5:80": 192.168.1.5 is an address; another computer is named with --to`},
		{"80:192.168.1.5", `SPEC "80:192.168.1.5": 192.168.1.5 is an address; another computer is named with --to`},
	} {
		got, err := parseSpec(tt.in)
		if err == nil {
			t.Errorf("parseSpec(%q) = %v, want an error", tt.in, got)
		} else if err.Error() != tt.want {
			t.Errorf("parseSpec(%q):\n got %s\nwant %s", tt.in, err, tt.want)
		}
	}
}

func TestParseSpecs(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string // error; "" is none
	}{
		{"80 443", ""},
		{"80/tcp 80/udp", ""},
		{"80:8080 81:8080", ""},
		{"", "which port? name at least one SPEC"},
		{"80 80", "80 and 80 ask for the same external port"},
		{"80 80:8080/tcp", "80 and 80:8080/tcp ask for the same external port"},
		{"80/both 80/udp", "80/both and 80/udp ask for the same external port"},
		{"80/udp 443 80/both", "80/udp and 80/both ask for the same external port"},
		{"80 x", `SPEC "x": "x" is no port number`},
	} {
		_, err := parseSpecs(strings.Fields(tt.in))
		got := ""
		if err != nil {
			got = err.Error()
			if _, ok := errors.AsType[*usageError](err); !ok {
				t.Errorf("parseSpecs(%q): %T, want a usageError", tt.in, err)
			}
		}
		if got != tt.want {
			t.Errorf("parseSpecs(%q):\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"8080", "80:8080/udp", "1/both", "0", "70000", "/", ":", "8080/", " 1", "1-2", "::1", "10.0.0.1:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sp, err := parseSpec(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("parseSpec(%q): the error is more than one line: %q", s, err)
			}
			return
		}
		if sp.external == 0 || sp.internal == 0 || len(sp.protocols()) == 0 {
			t.Errorf("parseSpec(%q) = %+v", s, sp)
		}
		back, err := parseSpec(sp.String())
		if err != nil {
			t.Fatalf("parseSpec(%q) = %q, which cannot be read: %v", s, sp, err)
		}
		back.split = sp.split // it is not written when it says nothing
		if back != sp {
			t.Errorf("parseSpec(%q) = %+v, read back as %+v", s, sp, back)
		}
	})
}
