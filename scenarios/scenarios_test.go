package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every built-in file is a scenario, is called like its file, and says in a sentence what it does.
func TestBuiltIn(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
		if s.Summary == "" || s.Group == "" || s.Verdict == VerdictNone {
			t.Errorf("%s lacks a summary, a group or a verdict", s.Name)
		}
	}
	if diff := cmp.Diff(Names(), names); diff != "" {
		t.Errorf("names in the files differ from the files' names (-files +names)\n%s", diff)
	}
	slices.Sort(names)
	if twice := len(names) - len(slices.Compact(names)); twice > 0 {
		t.Errorf("%d names stand in two groups", twice)
	}
}

// A built-in file stands in the folder of its group.
func TestBuiltInGroups(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if _, err := files.Open(s.Group + "/" + s.Name + ".yaml"); err != nil {
			t.Errorf("%s is of the group %s, and stands elsewhere", s.Name, s.Group)
		}
	}
}

func TestIdealGateways(t *testing.T) {
	for name, version := range map[string]int{"igd1": 1, "igd2": 2} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		o := s.Options()
		if len(o) != 1 || o[0].Version != version || o[0].Name != name || s.Verdict != VerdictOpens {
			t.Errorf("%s: %d devices, first %+v, verdict %s", name, len(o), o[0], s.Verdict)
		}
	}
}

func TestLoadUnknown(t *testing.T) {
	for name, want := range map[string][]string{
		"igd3":           {"igd1", "igd2"},
		"IGD1":           {"igd1", "igd2"},
		"idg2":           {"igd2", "igd1"},
		"flux-capacitor": nil,
		"":               nil,
		"..":             nil,
	} {
		_, err := Load(name)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("Load(%q): %v; want an *UnknownError", name, err)
			continue
		}
		if diff := cmp.Diff(want, unknown.Nearest); diff != "" {
			t.Errorf("Load(%q): nearest differ (-want +got)\n%s", name, diff)
		}
	}
}

func TestLoadFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yml")
	if err := os.WriteFile(file, []byte("schema: 1\ndevices: [{igd: 2}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "mine" || s.Devices[0].Name != "mine" {
		t.Errorf("names %q and %q; want the file's", s.Name, s.Devices[0].Name)
	}
	if _, err := Load(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	var invalid *InvalidError
	if _, err := Load(big); !errors.As(err, &invalid) {
		t.Errorf("file over the limit: %v", err)
	}
}

// A quirk tells what it is for, and its faults go by its name.
func TestBuiltInQuirks(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range all {
		if q.Kind() != KindQuirk {
			continue
		}
		if q.Exposes == "" || len(q.Evidence) == 0 {
			t.Errorf("%s: does not tell what it exposes, or where it was seen", q.Name)
		}
		for _, f := range q.Quirk.Faults {
			if f.Name != "" && f.Name != q.Name {
				t.Errorf("%s: a fault goes by the name %s", q.Name, f.Name)
			}
		}
		for name, p := range q.Parameters {
			if p.About == "" || q.Default(name) == "" {
				t.Errorf("%s: parameter %s: about %q, default %q", q.Name, name, p.About, q.Default(name))
			}
		}
	}
}

// A quirk goes with a profile, or is refused where it is named: whether it does depends on the profile, whose tree may lack what the
// quirk is about, but what is wrong is never told of the profile. Each quirk meets some of the profiles, and each profile some quirks.
func TestBuiltInQuirksOnProfiles(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var quirks, profiles []*Scenario
	for _, s := range all {
		switch {
		case s.Kind() == KindQuirk:
			quirks = append(quirks, s)
		case s.Kind() == KindProfile && s.Verdict != VerdictNoGateway:
			profiles = append(profiles, s)
		}
	}
	together := 0
	for i, q := range quirks {
		for j := range 3 {
			p := profiles[(3*i+j)%len(profiles)]
			text := fmt.Sprintf("schema: 1\ndevices: {profile: %s, quirks: %s}\n", p.Name, q.Name)
			_, err := Parse("both.yaml", []byte(text))
			if err == nil {
				together++
				continue
			}
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Errorf("%s on %s: %v", q.Name, p.Name, err)
				continue
			}
			for _, problem := range invalid.Problems {
				if problem.File != "both.yaml" || problem.Line != 2 {
					t.Errorf("%s on %s: %v, which is told at %s:%d", q.Name, p.Name, problem.Message, problem.File, problem.Line)
				}
			}
		}
	}
	if together < 2*len(quirks) {
		t.Errorf("of %d pairs only %d go together", 3*len(quirks), together)
	}
}

// Every parameter changes what it says, and nothing else.
func TestBuiltInParameters(t *testing.T) {
	for use, want := range map[string]string{
		"add-table-full-silent-32: {limit: 160}":     "at-least: 160",
		"extip-intermittent: {gap: 1s..2s}":          "windows: {gap: 1s..2s, for: 1m}",
		"extip-intermittent: {for: 5s}":              "windows: {gap: 13m..103m, for: 5s}",
		"life-listed-not-forwarding: {age: 1s}":      "age: {over: 1s}",
		"life-unused-cleaned: {every: 1m, limit: 0}": "{every: 1m, if: {size: {over: 0}}",
		"soap-no-concurrency: {busy: 1s}":            "delay: 1s",
		"ssdp-multicast-dies: {uptime: 1s}":          "when: {after: 1s}",
		"ssdp-reply-by-notify: {wait: 1s}":           "then: {announce: alive, in: 1s}",
	} {
		s, err := Parse("use.yaml", []byte("schema: 1\ndevices: {profile: igd1, quirks: {"+use+"}}\n"))
		if err != nil {
			t.Errorf("%s: %v", use, err)
			continue
		}
		text, err := s.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: there is no %q in\n%s", use, want, text)
		}
	}
}

// What one start costs: igd1 is what everything begins with.
func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"igd1", "extip-intermittent", "mikrotik-routeros7"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := List(); err != nil {
			b.Fatal(err)
		}
	}
}

// What the manual shows can be played, and the three files of its beginning do what the built-in ones do that it names for them.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("../docs/write-a-scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(b), "```yaml\n")
	tried := 0
	for i, block := range blocks[1:] {
		example, _, _ := strings.Cut(block, "```")
		s, err := Parse("manual.yaml", []byte(example))
		if err != nil {
			t.Errorf("%v\n%s", err, example)
			continue
		}
		named := regexp.MustCompile("`([a-z0-9-]+)`\\)\n\n *$").FindStringSubmatch(blocks[i])
		if named == nil {
			continue
		}
		tried++
		same, err := Load(named[1])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(nameless(t, same), nameless(t, s)); diff != "" {
			t.Errorf("%s and its example (-built in +manual)\n%s", named[1], diff)
		}
	}
	if tried != 3 {
		t.Errorf("%d examples are compared, want 3", tried)
	}
}

// nameless is what a quirk comes to, without the words around it.
func nameless(t *testing.T, s *Scenario) string {
	t.Helper()
	text, err := s.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	_, devices, ok := strings.Cut(string(text), "\ndevices:")
	if !ok {
		t.Fatalf("no devices in %s", text)
	}
	return strings.ReplaceAll(devices, s.Name, "NAME")
}
