package nat

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]Behaviour{
		"full-cone":            {},
		"cone":                 {},
		"restricted":           {Filtering: AddressDependent},
		"port-restricted-cone": {Filtering: AddressAndPortDependent},
		"symmetric":            {Mapping: AddressAndPortDependent, Filtering: AddressAndPortDependent, Ports: Random},
		"apdm/apdf":            Symmetric(),
		"open":                 {Kind: Plain},
		"plain/apdf":           SymmetricFirewall(),
		"udp-blocked":          {Kind: Blocking},
		"one-to-one/adf":       {Kind: OneToOne, Filtering: AddressDependent},
		"rfc4787":              {Parity: true, Hairpin: ExternalSource},
		"eim/apdf,ports=sequential,timeout=30s,refresh=both,hairpin=internal": {
			Filtering: AddressAndPortDependent, Ports: Sequential, Timeout: 30 * time.Second, Refresh: Both, Hairpin: InternalSource,
		},
	} {
		if got, err := Parse(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", s, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for s, hint := range map[string]string{
		"": "full-cone", "cones": "port-restricted", "eim": "eim/apdf", "eim/": "apdf", "abc/eif": "apdm", "full-cone,": "refresh",
		"full-cone,ports": "sequential", "full-cone,timeout=0s": "30s", "full-cone,timeout=5": "30s", "full-cone,refresh=up": "both",
		"full-cone,hairpin=yes": "internal", "full-cone,parity=no": "alone", "full-cone,color=red": "timeout", "open,ports=random": "translate",
		"blocked,timeout=5m": "blocked", "full-cone,timeout=5m,timeout=5m": "twice", "full-cone,parity,parity": "twice",
	} {
		if b, err := Parse(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, %v; no word of %q", s, b, err, hint)
		}
	}
}

// each is all behaviours but for times.
func each(yield func(Behaviour)) {
	for i := range uint(4 * 3 * 3 * 4 * 2 * 3 * 3) {
		digit := func(n uint) uint8 { d := i % n; i /= n; return uint8(d) }
		b := Behaviour{
			Kind: Kind(digit(4)), Mapping: Dependence(digit(3)), Filtering: Dependence(digit(3)), Ports: Ports(digit(4)), Parity: digit(2) == 1,
			Refresh: Refresh(digit(3)), Hairpin: Hairpin(digit(3)),
		}
		if b.Check() == nil {
			yield(b)
		}
	}
}

func TestStringIsRead(t *testing.T) {
	n, seen := 0, map[string]bool{}
	each(func(b Behaviour) {
		n++
		text, err := b.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Behaviour
		if err := got.UnmarshalText(text); err != nil || got != b {
			t.Fatalf("%+v is written %q and read %+v, %v", b, text, got, err)
		}
		seen[string(text)] = true
	})
	if len(seen) != n || n < 500 {
		t.Errorf("%d behaviours have %d texts", n, len(seen))
	}
	for _, name := range Names() {
		b, err := Parse(name)
		if err != nil || b.String() != name && name != "rfc4787" {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append(Names(), "adm/eif,ports=random,parity,timeout=1h2m,refresh=in,hairpin=external") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(b.String()); err != nil || again != b {
			t.Errorf("%q is %v, which is read as %v, %v", s, b, again, err)
		}
	})
}
