package scenarios

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	got, err := Parse("dir/Two Routers.yaml", []byte(`
# a comment
schema: 1
summary: "1.10"
evidence: [a/b#1, 2]
verdict: refused:718
devices:
  - {igd: 1, external-ip: 100.64.0.1}
  - igd: 2
    name: upstream
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Scenario{
		Schema: 1, Name: "two-routers", Summary: "1.10", Evidence: []string{"a/b#1", "2"}, Verdict: "refused:718",
		Devices: []Device{
			{Name: "two-routers-1", IGD: 1, Part: Part{ExternalIP: netip.MustParseAddr("100.64.0.1")}},
			{Name: "upstream", IGD: 2},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.IgnoreUnexported(Scenario{})); diff != "" {
		t.Errorf("scenario differs (-want +got)\n%s", diff)
	}
	if got := got.Verdict.Code(); got != 718 {
		t.Errorf("Code() = %d", got)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "schema: 1\ndevices: [{igd: 1}]\n"
	for _, tt := range []struct{ name, text, want string }{
		{"empty", " \n", "f.yaml: the file is empty"},
		{"unknown key", "nmae: x\n" + good, `f.yaml:1:1: unknown key "nmae"; did you mean "name"?`},
		{"underscore", "schema: 1\ndevices:\n  - {igd: 1, external_ip: 1.2.3.4}\n",
			`f.yaml:3:14: unknown key "external_ip" in devices[0]; did you mean "external-ip"?`},
		{"swapped letters", "schema: 1\ndevices:\n  - idg: 1\n",
			`f.yaml:3:5: unknown key "idg" in devices[0]; did you mean "igd"?`},
		{"nothing near", "flux-capacitor: 1\n" + good, `f.yaml:1:1: unknown key "flux-capacitor"`},
		{"word for a number", "schema: 1\ndevices: [{igd: two}]\n", `f.yaml:2:17: devices[0].igd must be a whole number, not "two"`},
		{"float", "schema: 1.0\ndevices: [{igd: 1}]\n", `f.yaml:1:9: schema must be a whole number, not "1.0"`},
		{"huge number", "schema: 99999999999999999999\ndevices: [{igd: 1}]\n", `f.yaml:1:9: schema must be a whole number, not "99999999999999999999"`},
		{"no value", good + "name:\n", `f.yaml:3:6: name has no value`},
		{"list for a word", good + "name: [a]\n", `f.yaml:3:7: name must be one value`},
		{"word for a list", "schema: 1\ndevices: igd1\n", `f.yaml:2:10: devices must hold keys and values`},
		{"list for a device", "schema: 1\ndevices: [[1]]\n", `f.yaml:2:11: devices[0] must hold keys and values`},
		{"list document", "- 1\n", `f.yaml:1:1: the document must hold keys and values`},
		{"key twice", good + "name: a\nname: b\n", `f.yaml:4:1: key "name" stands on line 3 already`},
		{"alias", "schema: 1\ndevices: [&d {igd: 1}, *d]\n", `f.yaml:2:11: anchors and aliases are not part of the language: write the value out (and 1 more)`},
		{"alias bomb", "schema: 1\nname: &a [*a]\ndevices: {igd: 1}\n", `f.yaml:2:7: anchors and aliases are not part of the language: write the value out`},
		{"verdict", good + "verdict: open\n", `f.yaml:3:10: verdict: "open" is no verdict (opens, opens-elsewhere, opens-but-dead, refused:CODE, broken, no-gateway, unusable-address, none); did you mean "opens"?`},
		{"verdict code", good + "verdict: refused:12\n", `f.yaml:3:10: verdict: "12" is no UPnP error code (400 to 999)`},
		{"NAT", "schema: 1\ndevices: [{igd: 1, nat: symetric}]\n", `f.yaml:2:25: devices[0].nat: there is no NAT "symetric", only open, full-cone, restricted, port-restricted, symmetric, symmetric-firewall, blocked, one-to-one, rfc4787, and pairs such as eim/apdf`},
		{"NAT setting", "schema: 1\ndevices: [{igd: 1, nat: 'blocked,parity'}]\n", `f.yaml:2:25: devices[0].nat: blocked has neither mapping nor ports nor parity: it does not translate ports`},
		{"address", "schema: 1\ndevices: [{igd: 1, external-ip: 1.2.3}]\n", `f.yaml:2:33: devices[0].external-ip: "1.2.3" is no IP address, such as 192.0.2.1`},
		{"IPv6", "schema: 1\ndevices: [{igd: 1, external-ip: '2001:db8::1'}]\n", `f.yaml:2:33: devices[0].external-ip: must be an IPv4 address, not 2001:db8::1`},
		{"no schema", "devices: [{igd: 1}]\n", `f.yaml:1:1: schema is missing: a scenario begins with "schema: 1"`},
		{"later schema", "schema: 2\ndevices: [{igd: 1}]\n", `f.yaml:1:9: schema 2 is not known: this version reads schema 1`},
		{"no devices", "schema: 1\n", `f.yaml:1:1: devices is missing: a scenario has at least one, such as "devices: [{igd: 1}]"; a quirk has quirk instead`},
		{"no version", "schema: 1\ndevices:\n  - name: a\n", `f.yaml:3:5: devices[0].igd is missing: 1 or 2, the version of InternetGatewayDevice, or name a profile`},
		{"wrong version", "schema: 1\ndevices: [{igd: 3}]\n", `f.yaml:2:17: devices[0].igd must be 1 or 2, not 3`},
		{"same name", "schema: 1\ndevices: [{igd: 1, name: a}, {igd: 2, name: a}]\n", `f.yaml:2:45: devices[1]: devices[0] is called "a" already`},
		{"bad name", good + "name: My Router\n", `f.yaml:3:7: name: must be lower-case letters, digits and hyphens, 64 at most, not beginning with a hyphen`},
		{"two documents", good + "---\n" + good, `f.yaml: expected single document, found multiple`},
		{"not YAML", "schema: [\n", `f.yaml:2:1: did not find expected node content while parsing a flow node`},
		{"tab", "schema: 1\n\tname: x\n", `f.yaml:2:1: found a tab character that violates indentation while scanning a plain scalar`},
		{"too many devices", "schema: 1\ndevices: [" + strings.Repeat("{igd: 1},", 65) + "]\n", `f.yaml:2:10: devices: 65 are too many (64 at most)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse("f.yaml", []byte(tt.text))
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("Parse = %v, %v; want an *InvalidError", s, err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message differs (-want +got)\n%s", diff)
			}
		})
	}
}

// A file is put right in one go: every problem is reported, in the order of the file.
func TestParseReportsAll(t *testing.T) {
	_, err := Parse("f.yaml", []byte("schema: one\nnmae: x\ndevices:\n  - {idg: 1, igd: two}\n"))
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v; want an *InvalidError", err)
	}
	want := []Problem{
		{"f.yaml", 1, 9, "schema", `schema must be a whole number, not "one"`, ""},
		{"f.yaml", 2, 1, "nmae", `unknown key "nmae"`, "name"},
		{"f.yaml", 4, 6, "devices[0].idg", `unknown key "idg" in devices[0]`, "igd"},
		{"f.yaml", 4, 19, "devices[0].igd", `devices[0].igd must be a whole number, not "two"`, ""},
	}
	if diff := cmp.Diff(want, invalid.Problems); diff != "" {
		t.Errorf("problems differ (-want +got)\n%s", diff)
	}
}
