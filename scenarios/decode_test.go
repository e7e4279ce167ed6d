package scenarios

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
)

// grammar has every form that a Go type can give to the language.
type grammar struct {
	Text    string            `yaml:"text"`
	Flag    *bool             `yaml:"flag"`
	Whole   int               `yaml:"whole"`
	Port    uint16            `yaml:"port"`
	Small   int8              `yaml:"small"`
	Real    float64           `yaml:"real"`
	Time    emulator.Duration `yaml:"time"`
	Word    emulator.Ending   `yaml:"word"`
	Address *netip.Addr       `yaml:"address"`
	List    []string          `yaml:"list"`
	Short   abbreviated       `yaml:"short"`
	Shorts  []abbreviated     `yaml:"shorts"`
	Named   map[string]int    `yaml:"named"`
	Coded   map[uint16]string `yaml:"coded"`
	One     bool              `yaml:"one,verb"`
	Two     bool              `yaml:"two,verb"`
	inlined `yaml:",inline"`
	Ignored string
}

type abbreviated struct {
	Code int     `yaml:"code,scalar,required"`
	Text *string `yaml:"text"`
}

type inlined struct {
	Inner []inlined `yaml:"inner"`
	Value string    `yaml:"value"`
}

func TestDecode(t *testing.T) {
	ptr := func(s string) *string { return &s }
	yes, addr := true, netip.MustParseAddr("192.0.2.1")
	for _, tt := range []struct {
		text string
		want grammar
	}{
		{"text: 1.10", grammar{Text: "1.10"}},
		{"text: 'null'", grammar{Text: "null"}},
		{"text: true", grammar{Text: "true"}},
		{"text: 2001-01-01", grammar{Text: "2001-01-01"}},
		{"text: |\n  a\n  b\n", grammar{Text: "a\nb\n"}},
		{"flag: true", grammar{Flag: &yes}},
		{"whole: -3", grammar{Whole: -3}},
		{"whole: 010", grammar{Whole: 10}},
		{"whole: 0x1f", grammar{Whole: 31}},
		{"port: 65535", grammar{Port: 65535}},
		{"real: 1", grammar{Real: 1}},
		{"real: 1e-3", grammar{Real: 0.001}},
		{"time: 2d", grammar{Time: emulator.Duration(48 * time.Hour)}},
		{"word: rst", grammar{Word: emulator.RST}},
		{"address: 192.0.2.1", grammar{Address: &addr}},
		{"list: a", grammar{List: []string{"a"}}},
		{"list: [a, 1]", grammar{List: []string{"a", "1"}}},
		{"list: []", grammar{List: []string{}}},
		{"short: 606", grammar{Short: abbreviated{Code: 606}}},
		{"short: {code: 606, text: x}", grammar{Short: abbreviated{Code: 606, Text: ptr("x")}}},
		{"shorts: 606", grammar{Shorts: []abbreviated{{Code: 606}}}},
		{"shorts: [606, {code: 1, text: ''}]", grammar{Shorts: []abbreviated{{Code: 606}, {Code: 1, Text: ptr("")}}}},
		{"named: {a: 1, b.c: 2}", grammar{Named: map[string]int{"a": 1, "b.c": 2}}},
		{"coded: {501: x}", grammar{Coded: map[uint16]string{501: "x"}}},
		{"two: true", grammar{Two: true}},
		{"value: x\ninner: {value: y, inner: {value: z}}", grammar{inlined: inlined{Value: "x", Inner: []inlined{{Value: "y", Inner: []inlined{{Value: "z"}}}}}}},
		{`{"text": "a\u00e4\n\"", "whole": 1, "list": ["a"], "flag": true}`, grammar{Text: "aä\n\"", Whole: 1, List: []string{"a"}, Flag: &yes}},
		{"{\n\t\"text\": \"tabs\",\n\t\"whole\": 1\n}", grammar{Text: "tabs", Whole: 1}},
		{`{"text": "\ud83d\ude00\/\\ud83d\\ude00"}`, grammar{Text: `😀/\ud83d\ude00`}},
		{`{"coded": {"501": "x"}}`, grammar{Coded: map[uint16]string{501: "x"}}},
		{"{}", grammar{}},
	} {
		got, err := Decode[grammar]("f", []byte(tt.text))
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmp.AllowUnexported(grammar{})); diff != "" {
			t.Errorf("%q differs (-want +got)\n%s", tt.text, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // what stands after the file's name
	}{
		{"txt: x", `1:1: unknown key "txt"; did you mean "text"?`},
		{"Ignored: x", `1:1: unknown key "Ignored"`},
		{"text: [x]", "1:7: text must be one value"},
		{"text:", "1:6: text has no value"},
		{"list: [a, ~]", "1:11: list[1] has no value"},
		{"flag: yes", `1:7: flag must be true or false, not "yes"`},
		{"whole: 1.5", `1:8: whole must be a whole number, not "1.5"`},
		{"whole: '1'", `1:8: whole must be a whole number, not "1"`},
		{"whole: 99999999999999999999", `1:8: whole must be a whole number, not "99999999999999999999"`},
		{"port: 65536", `1:7: port must be a whole number from 0 to 65535, not "65536"`},
		{"port: -1", `1:7: port must be a whole number from 0 to 65535, not "-1"`},
		{"small: 128", `1:8: small must be a whole number from -128 to 127, not "128"`},
		{"real: x", `1:7: real must be a number, not "x"`},
		{"time: {}", "1:7: time must be one value"},
		{"time: soon", `1:7: time: "soon" is no duration, such as 90s, 10m, 3h or 7d`},
		{"word: rts", `1:7: word: "rts" is not one of fin, rst; did you mean "rst"?`},
		{"short: [1]", "1:8: short must be one value or hold keys and values"},
		{"short: x", `1:8: short must be a whole number, not "x"`},
		{"short: {text: x}", "1:8: code is missing in short"},
		{"named: [a]", "1:8: named must hold keys and values"},
		{"named: {a.b: x}", `1:14: named["a.b"] must be a whole number, not "x"`},
		{"coded: {x: y}", `1:9: coded.x must be a whole number from 0 to 65535, not "x"`},
		{"one: true\ntwo: true", "2:1: the document has one already: two cannot happen as well"},
		{"inner: {inner: {vale: z}}", `1:17: unknown key "vale" in inner.inner; did you mean "value"?`},
		{"- text: x", "1:1: the document must hold keys and values"},
		{"text: !!str x", "1:7: tags such as !!str are not part of the language"},
		{"text: !x y", "1:7: tags such as !x are not part of the language"},
		{"&a text: x", "1:1: a key must be one word"},
		{"<<: {text: x}", `1:1: unknown key "<<"`},
		{"text: &a x\nlist: [*a]", "1:7: anchors and aliases are not part of the language: write the value out (and 1 more)"},
		{strings.Repeat("{inner: ", 60) + "1" + strings.Repeat("}", 60), "1:329: nested deeper than 40"},
		{`{"text": "a", "text": "b"}`, `1:15: key "text" stands on line 1 already`},
		{`{"text": "a"`, "2:1: did not find expected ',' or '}' while parsing a flow mapping"},
	} {
		_, err := Decode[grammar]("f", []byte(tt.text))
		if _, ok := errors.AsType[*InvalidError](err); !ok {
			t.Errorf("%q: %v; want an *InvalidError", tt.text, err)
			continue
		}
		if diff := cmp.Diff("f:"+tt.want, err.Error()); diff != "" {
			t.Errorf("%q: message differs (-want +got)\n%s", tt.text, diff)
		}
	}
}

// Problems are bounded, and so is what they quote.
func TestDecodeBounds(t *testing.T) {
	var text []byte
	for range 1000 {
		text = append(text, "- "...)
		for range 300 {
			text = append(text, 'x')
		}
		text = append(text, '\n')
	}
	_, err := Decode[[]int]("f", text)
	invalid, ok := errors.AsType[*InvalidError](err)
	if !ok || len(invalid.Problems) != maxProblems {
		t.Fatalf("error %T with %d problems, not %d", err, len(invalid.Problems), maxProblems)
	}
	if n := len(invalid.Problems[0].Message); n > 200 {
		t.Errorf("a message of %d bytes", n)
	}
	var many []byte
	for range maxNodes + 1 {
		many = append(many, "- 1\n"...)
	}
	if _, err := Decode[[]int]("f", many); err == nil || err.Error() != "f: holds more than 20000 keys and values" {
		t.Errorf("many nodes: %v", err)
	}
}

// A place is written as it is read.
func TestPath(t *testing.T) {
	for text, want := range map[string]path{
		"faults[0].if.size.at-least":  {"faults", 0, "if", "size", "at-least"},
		"a":                           {"a"},
		`set["BOOTID.UPNP.ORG"].text`: {"set", "BOOTID.UPNP.ORG", "text"},
		"timeline[12]":                {"timeline", 12},
		"a[0][1]":                     {"a", 0, 1},
	} {
		got, err := parsePath(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q differs (-want +got)\n%s", text, diff)
		}
		if s := got.String(); s != text {
			t.Errorf("%q is written %q", text, s)
		}
	}
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a.[0]", `a["b`, "a[99999999999999999999]"} {
		if p, err := parsePath(text); err == nil {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

// What is found out later about a value has its place in the text, the nearest above it where a key was left out, and with it a second place.
func TestDecodeText(t *testing.T) {
	w, text, err := DecodeText[emulator.World]("net.yaml", []byte("homes:\n  - {name: a, lan: 10.0.0.0/24}\n  - name: b\n    lan: 10.0.0.0/16\n    upstream: a\ninternet:\n  name: c\n  command: [echo a; echo b]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(emulator.Command{"echo a; echo b"}, w.Internet[0].Command); diff != "" {
		t.Errorf("a list of one (-want +got)\n%s", diff)
	}
	_, err = w.Settled()
	p, ok := errors.AsType[emulator.Problem](err)
	if !ok {
		t.Fatalf("%v is no problem with a place", err)
	}
	const want = "net.yaml:4:10: homes[1].lan: the LAN 10.0.0.0/16 of b is also that of a, behind which it is: nobody could tell the two sides apart (homes[0].lan: net.yaml:2:20)"
	if got := text.Invalid(p).Error(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := text.Invalid(emulator.Problem{At: []any{"internet", 0, "address"}, Message: "is missing"}).Error(); got != "net.yaml:7:3: internet.address: is missing" {
		t.Error(got)
	}
	if text.Invalid() != nil {
		t.Error("no problem is one")
	}
	for line, want := range map[string]emulator.Command{
		"command: echo  a b":         {"echo", "a", "b"},
		"command: echo a; echo b":    {"sh", "-c", "echo a; echo b"},
		"command: [echo, 'a; b']":    {"echo", "a; b"},
		"command: ['echo a']":        {"echo a"},
		"command:\n- echo\n- $HOME$": {"echo", "$HOME$"},
	} {
		if h, err := Decode[emulator.WorldHost]("x", []byte("name: x\n"+line)); err != nil || !cmp.Equal(h.Command, want) {
			t.Errorf("%s: %q, %v, want %q", line, h.Command, err, want)
		}
	}
}
