package client_test

import (
	"testing"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// traitsOf is what a perfect measurement says of a NAT. Ports that are preserved come one after the other as soon as one host sends to several.
func traitsOf(b nat.Behaviour) client.NATTraits {
	words := []client.Dependence{client.EndpointIndependent, client.AddressDependent, client.AddressAndPortDependent}
	c := client.NATTraits{Mapping: words[b.Mapping], Filtering: words[b.Filtering]}
	c.Next = c.Mapping != client.EndpointIndependent && b.Ports != nat.Random
	return c
}

// The short rule agrees with the exhaustive search, for each pair.
func TestMeetsIsWhatTheSearchFinds(t *testing.T) {
	t.Parallel()
	for _, a := range natoracle.Classes() {
		for _, b := range natoracle.Classes() {
			if a.Kind == nat.Blocking || b.Kind == nat.Blocking || testing.Short() && a.Ports != b.Ports {
				continue
			}
			want := natoracle.Judge(natoracle.Pair{A: natoracle.Home{NAT: a}, B: natoracle.Home{NAT: b}}).Method != natoracle.Impossible
			if got := traitsOf(a).Meets(traitsOf(b)); got != want {
				t.Errorf("%v with %v: %v, want %v", a, b, got, want)
			}
		}
	}
}

func TestMeetsWhatIsNotKnown(t *testing.T) {
	hard := client.NATTraits{Mapping: client.AddressAndPortDependent, Filtering: client.AddressAndPortDependent}
	for _, c := range []client.NATTraits{{}, {Mapping: client.AddressAndPortDependent}, {Filtering: client.AddressAndPortDependent}} {
		if !c.Meets(hard) || !hard.Meets(c) {
			t.Errorf("%v says that it cannot", c)
		}
	}
	if hard.Meets(hard) {
		t.Error("two symmetric ones meet")
	}
}

func TestNodeText(t *testing.T) {
	for _, s := range []string{
		"45.66.77.88:4000",
		"45.66.77.88:4000,host=192.168.1.10:4000,nat=eim/apdf",
		"igd=45.66.77.88:4000,45.66.77.88:1024,nat=apdm/adf/next",
		"host=192.168.1.10:4000,nat=?/?/next",
	} {
		n, err := client.ParseNode(s)
		if err != nil || n.String() != s {
			t.Errorf("%s: %v, %v", s, n, err)
		}
	}
	if n, err := client.ParseNode("45.66.77.88:4000,tcp=1.2.3.4:5,v=2"); err != nil || n.String() != "45.66.77.88:4000" {
		t.Errorf("what is not known: %v, %v", n, err)
	}
	for _, s := range []string{"", "nat=eim/eif", "45.66.77.88", "45.66.77.88:0", "[2001:db8::1]:1", "0.0.0.0:1", "224.0.0.1:1", "host=255.255.255.255:1", "1.2.3.4:5,nat=x/y", "1.2.3.4:5,nat=eim", "1.2.3.4:5,nat=eim/eif/last"} {
		if n, err := client.ParseNode(s); err == nil {
			t.Errorf("%q is taken as %v", s, n)
		}
	}
}

func FuzzParseNode(f *testing.F) {
	f.Add("45.66.77.88:4000,host=192.168.1.10:4000,nat=eim/apdf")
	f.Add("igd=45.66.77.88:4000,nat=apdm/apdf/next")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := client.ParseNode(s)
		if err != nil {
			return
		}
		again, err := client.ParseNode(n.String())
		if err != nil || again.String() != n.String() {
			t.Errorf("%q → %q → %q, %v", s, n, again, err)
		}
	})
}
