package emulator

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// some are words of which "gone" has no value and "nothing" an empty one.
func some(b []byte, word string) ([]byte, bool) {
	switch word {
	case "one":
		return append(b, "1"...), true
	case "lines":
		return append(b, "a\n b\n"...), true
	case "nothing":
		return b, true
	}
	return b, false
}

func TestTemplate(t *testing.T) {
	tests := []struct {
		name, template, end, want string
	}{
		{"text", "a\nb\n", "\n", "a\nb\n"},
		{"no line break at the end", "a\nb", "\n", "a\nb"},
		{"words", "{one}+{one}=two", "\n", "1+1=two"},
		{"braces", "{{one}} {{{one}}}", "\n", "{one} {1}"},
		{"what editors lose", "EXT:{blank}\n{cr}{lf}", "\n", "EXT: \n\r\n"},
		{"line ends", "a\n{one}\n", "\r\n", "a\r\n1\r\n"},
		{"one line", "<a>\n  <b>\n</a>\n", "", "<a><b></a>"},
		{"a word without value takes its line", "a\nb: {gone}\nc\n", "\n", "a\nc\n"},
		{"an empty word does not", "a\nb: {nothing}\nc\n", "\n", "a\nb: \nc\n"},
		{"unless it stands alone", "a\n  {nothing}\nc\n", "\n", "a\nc\n"},
		{"indentation", "<a>\n  {lines}\n</a>\n", "\n", "<a>\n  a\n   b\n</a>\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(fill(nil, Template(tt.template).lines(tt.end), some)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestTemplateProblems(t *testing.T) {
	tests := []struct{ template, want string }{
		{"{one} and {hex 8 a}", ""},
		{"{oen}", `x: there is no word {oen} here, only {one}; did you mean "one"?`},
		{"{hex}", "x: there is no word {hex} here, only {one}"},
		{"{hex 65}", "x: there is no word {hex 65} here, only {one}"},
		{"a } b", "x: a brace stands alone: {word} is a word, {{ and }} are braces"},
		{"a { b", "x: a brace stands alone: {word} is a word, {{ and }} are braces"},
		{"{}", "x: {} is no word"},
	}
	for _, tt := range tests {
		var got []string
		report := func(at []any, near, format string, args ...any) {
			got = append(got, Problem{At: at, Message: fmt.Sprintf(format, args...), DidYouMean: near}.Error())
		}
		Template(tt.template).problems([]any{"x"}, report, true, "one")
		if s := strings.Join(got, "\n"); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.template, s, tt.want)
		}
	}
}

// Words of chance are the same wherever the same is written, and others with another seed or after a change.
func TestWordsOfChance(t *testing.T) {
	const text = Template("{hex 8}{upper-hex 8}{digits 8}{letters 8}{upper 8}/{hex 8}/{hex 8 b}")
	one := text.expand((&Options{Seed: 1}).drawOf("paths", 0).append)
	m := regexp.MustCompile(`^([0-9a-f]{8})[0-9A-F]{8}[0-9]{8}[a-z]{8}[0-9A-Z]{8}/([0-9a-f]{8})/([0-9a-f]{8})$`).FindStringSubmatch(one)
	if m == nil || m[1] != m[2] || m[1] == m[3] {
		t.Errorf("%s is not what it says", one)
	}
	for name, other := range map[string]draw{
		"another seed": (&Options{Seed: 2}).drawOf("paths", 0), "another name": (&Options{Seed: 1, Name: "x"}).drawOf("paths", 0),
		"another kind": (&Options{Seed: 1}).drawOf("names", 0), "a change": (&Options{Seed: 1}).drawOf("paths", 1),
	} {
		if text.expand(other.append) == one {
			t.Errorf("%s makes no difference", name)
		}
	}
	if text.expand((&Options{Seed: 1}).drawOf("paths", 0).append) != one {
		t.Error("the same is not the same")
	}
}

// The ideal shapes are those of package soap, byte by byte.
func TestIdealSOAP(t *testing.T) {
	d := &idealDialect().soap
	s := &service{definition: definitionOf(serviceURN + "WANIPConnection:2"), typ: serviceURN + "WANIPConnection:2"}
	urn := `urn:"<&x`
	out := []soap.Arg{{Name: "NewA", Value: "<1>\n"}, {Name: "NewPortListing", Value: "<p/>"}}
	if diff := cmp.Diff(string(soap.WriteResponse(urn, "Do", out)), string(d.appendResponse(nil, s, urn, "Do", out))); diff != "" {
		t.Errorf("response (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(string(soap.WriteResponse(urn, "Do", nil)), string(d.appendResponse(nil, s, urn, "Do", nil))); diff != "" {
		t.Errorf("empty response (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(string(soap.WriteFault(606, "Action not authorized")), string(d.appendFault(nil, s, urn, "Do", ErrorReply{Code: 606}))); diff != "" {
		t.Errorf("fault (-want +got)\n%s", diff)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, t := range []Template{idealReply, idealHead, idealDocument, idealDevice, idealSCPD, idealFault, "{{}} {hex 8} {", "a\n {lines}\n"} {
		f.Add(string(t))
	}
	f.Fuzz(func(t *testing.T, s string) {
		var template Template
		if template.UnmarshalText([]byte(s)) != nil {
			return
		}
		for _, end := range []string{"\n", "\r\n", ""} {
			fill(nil, template.lines(end), some)
		}
		h := newHead(template, map[string]string{"one": "1"})
		m := h.message(some)
		if n := len(m.Append(nil)); n > 4*len(s)+64 {
			t.Errorf("%d bytes of %d", n, len(s))
		}
	})
}
