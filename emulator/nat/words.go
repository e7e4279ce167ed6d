package nat

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// named is a behaviour that has a name, with others that it goes by.
type named struct {
	names []string
	is    Behaviour
}

// presets are the names of RFC 3489, in its order; the first of each is what String writes.
func presets() []named {
	return []named{
		{[]string{"open", "none", "no-nat"}, Open()},
		{[]string{"full-cone", "cone"}, FullCone()},
		{[]string{"restricted", "restricted-cone", "address-restricted"}, Restricted()},
		{[]string{"port-restricted", "port-restricted-cone"}, PortRestricted()},
		{[]string{"symmetric"}, Symmetric()},
		{[]string{"symmetric-firewall", "firewall"}, SymmetricFirewall()},
		{[]string{"blocked", "udp-blocked"}, Blocked()},
		{[]string{"one-to-one", "1:1"}, Behaviour{Kind: OneToOne}},
	}
}

// Names are the names that [Parse] knows, one for each.
func Names() []string {
	names := []string{}
	for _, p := range presets() {
		names = append(names, p.names[0])
	}
	return append(names, "rfc4787")
}

// words pairs the constants of a setting, from 0, with how they are written.
type words []string

func (w words) of(i uint8) string {
	if int(i) < len(w) {
		return w[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

func (w words) read(what, s string) (uint8, error) {
	if i := slices.Index(w, s); i >= 0 {
		return uint8(i), nil
	}
	return 0, fmt.Errorf("nat: there is no %s %q, only %s", what, s, strings.Join(w, ", "))
}

func kindWords() words { return words{"translating", "one-to-one", "plain", "blocked"} }
func dependenceWords() words {
	return words{"endpoint-independent", "address-dependent", "address-and-port-dependent"}
}
func mappingWords() words   { return words{"eim", "adm", "apdm"} }
func filteringWords() words { return words{"eif", "adf", "apdf"} }
func portsWords() words     { return words{"preserve", "sequential", "random", "overload"} }
func refreshWords() words   { return words{"out", "in", "both"} }
func hairpinWords() words   { return words{"none", "internal", "external"} }

func (k Kind) String() string       { return kindWords().of(uint8(k)) }
func (d Dependence) String() string { return dependenceWords().of(uint8(d)) }
func (p Ports) String() string      { return portsWords().of(uint8(p)) }
func (r Refresh) String() string    { return refreshWords().of(uint8(r)) }
func (h Hairpin) String() string    { return hairpinWords().of(uint8(h)) }

// usual are the ports of a NAT of which nothing is said: random when its mappings depend on the remote side.
func usual(m Dependence) Ports {
	if m == EndpointIndependent {
		return Preserve
	}
	return Random
}

// String writes b as [Parse] reads it, with a name of RFC 3489 where there is one.
func (b Behaviour) String() string {
	s := ""
	base := Behaviour{Kind: b.Kind, Mapping: b.Mapping, Filtering: b.Filtering}
	if b.Kind == Translating {
		base.Ports = usual(b.Mapping)
	}
	for _, p := range presets() {
		if p.is == base {
			s = p.names[0]
		}
	}
	if s == "" {
		first := map[Kind]string{Translating: mappingWords().of(uint8(b.Mapping)), Plain: "plain"}[b.Kind]
		if first == "" {
			first = b.Kind.String()
		}
		s = first + "/" + filteringWords().of(uint8(b.Filtering))
	}
	if b.Ports != base.Ports {
		s += ",ports=" + b.Ports.String()
	}
	if b.Parity {
		s += ",parity"
	}
	if b.Timeout != 0 {
		s += ",timeout=" + b.Timeout.String()
	}
	if b.Refresh != Outbound {
		s += ",refresh=" + b.Refresh.String()
	}
	if b.Hairpin != NoHairpin {
		s += ",hairpin=" + b.Hairpin.String()
	}
	return s
}

// Parse reads a behaviour: a name of [Names], or MAPPING/FILTERING with eim, adm or apdm (or plain, or one-to-one) before the slash
// and eif, adf or apdf behind it; then, after commas, what differs from it: ports=preserve, sequential, random or overload; parity;
// timeout=30s; refresh=out, in or both; hairpin=none, internal or external. NATs whose mappings depend on the remote side take random
// ports unless told otherwise, and others preserve them.
func Parse(s string) (Behaviour, error) {
	head, rest, more := strings.Cut(s, ",")
	b, err := parseHead(head)
	for set := map[string]bool{}; more && err == nil; {
		var setting string
		setting, rest, more = strings.Cut(rest, ",")
		name, value, valued := strings.Cut(setting, "=")
		if err = b.set(name, value, valued); err == nil && set[name] {
			err = fmt.Errorf("nat: %s is said twice", name)
		}
		set[name] = true
	}
	if err == nil {
		err = b.Check()
	}
	if err != nil {
		return Behaviour{}, err
	}
	return b, nil
}

func parseHead(s string) (Behaviour, error) {
	if s == "rfc4787" {
		return RFC4787(), nil
	}
	for _, p := range presets() {
		if slices.Contains(p.names, s) {
			return p.is, nil
		}
	}
	first, second, pair := strings.Cut(s, "/")
	if !pair {
		return Behaviour{}, fmt.Errorf("nat: there is no NAT %q, only %s, and pairs such as eim/apdf", s, strings.Join(Names(), ", "))
	}
	f, err := filteringWords().read("filtering", second)
	b := Behaviour{Filtering: Dependence(f)}
	if err != nil {
		return b, err
	}
	switch first {
	case "plain":
		b.Kind = Plain
	case "one-to-one":
		b.Kind = OneToOne
	default:
		m, err := mappingWords().read("mapping", first)
		if err != nil {
			return b, err
		}
		b.Mapping, b.Ports = Dependence(m), usual(Dependence(m))
	}
	return b, nil
}

func (b *Behaviour) set(name, value string, valued bool) error {
	var err error
	var i uint8
	switch name {
	case "ports":
		i, err = portsWords().read(name, value)
		b.Ports = Ports(i)
	case "refresh":
		i, err = refreshWords().read(name, value)
		b.Refresh = Refresh(i)
	case "hairpin":
		i, err = hairpinWords().read(name, value)
		b.Hairpin = Hairpin(i)
	case "timeout":
		b.Timeout, err = time.ParseDuration(value)
		if err != nil || b.Timeout <= 0 {
			err = fmt.Errorf("nat: timeout %q is no time such as 30s or 5m", value)
		}
	case "parity":
		if b.Parity = true; valued {
			err = fmt.Errorf("nat: parity stands alone, not as %q", name+"="+value)
		}
	default:
		err = fmt.Errorf("nat: there is no setting %q, only ports, parity, timeout, refresh and hairpin", name)
	}
	return err
}

// MarshalText writes b as String does.
func (b Behaviour) MarshalText() ([]byte, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

// UnmarshalText reads b as Parse does.
func (b *Behaviour) UnmarshalText(text []byte) (err error) {
	*b, err = Parse(string(text))
	return err
}
