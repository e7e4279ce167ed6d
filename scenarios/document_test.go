package scenarios_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/scenarios"
)

// family is a chapter of docs/scenarios.md.
type family struct{ group, title, about string }

func families() []family {
	return []family{
		{"ideal", "Ideal gateways", "Nothing is wrong with them. Every client must get along with these first."},
		{"profile", "Real devices", "Whole routers, as captures show them. The file of each says what is known of it and what is not."},
		{"ssdp", "Discovery (SSDP)", "How gateways answer searches and announce themselves, or do not."},
		{"description", "Description", "The device description, its URLs, and how it is delivered."},
		{"soap", "Control (SOAP and HTTP)", "What requests must look like to be understood, and what answers look like."},
		{"add", "Adding mappings", "Leases, conflicts, limits, and what is made of a mapping."},
		{"query", "Reading and deleting mappings, and the state", "Lists, single entries, deletion, status and counters."},
		{"address", "External address", "What gateways say of their address on the Internet."},
		{"life", "Life cycle", "What happens to mappings and gateways as time passes."},
		{"security", "Security", "What gateways let happen. These act only towards addresses that the emulator owns."},
	}
}

// docs/scenarios.md is made of the files: go test ./scenarios -run Document -update. What strangers make of the profiles stands in it too,
// and is left alone: that is measured elsewhere.
func TestDocument(t *testing.T) {
	const (
		file  = "../docs/scenarios.md"
		begin = "<!-- strangers: go test ./internal/e2e -run TestStrangers -update -->\n"
		end   = "<!-- end of strangers -->\n"
	)
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	_, measured, _ := strings.Cut(string(old), begin)
	measured, _, _ = strings.Cut(measured, end)
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# The built-in scenarios\n\n<!-- made by go test ./scenarios -run Document -update -->\n\n"+
		"%d files that `fakeigd serve --scenario NAME` plays, and that other files build upon ([write-a-scenario.md](write-a-scenario.md)). "+
		"`fakeigd scenarios show NAME` prints one; parameters can be given where a quirk is named: `quirks: [{NAME: {parameter: value}}]`. "+
		"What igdkit, goupnp and upnpc reach in each of them: [coverage.md](coverage.md).\n\n"+
		"The verdict is what a good client must reach: `opens` as asked · `opens-elsewhere`, on another port or with another lease than asked · "+
		"`opens-but-dead`, no byte passes and nothing on the LAN can tell · `refused:CODE` · `broken`, no usable SOAP · `no-gateway` · "+
		"`unusable-address`, mapped but not reachable from the Internet · `none`, not about opening ports.\n", len(all))
	for _, f := range families() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", f.title, f.about)
		b.WriteString("| name | what it does | verdict | shows up | seen in |\n|---|---|---|---|---|\n")
		for _, s := range all {
			if s.Group == f.group {
				b.WriteString(line(s))
			}
		}
		if f.group == "profile" {
			fmt.Fprintf(&b, "\n### What strangers make of them\n\nupnpc (miniupnpc of Debian 12) searches, opens 8081/tcp for an hour and without an end, lists and closes; gssdp-discover (gupnp-tools) "+
				"searches for the device by its type. Measured in the lab; a number is the UPnP error with which upnpc gives up.\n\n%s%s%s", begin, measured, end)
		}
	}
	b.WriteString("\n## Not played\n\nRows of the catalogue that no process can play, and why.\n\n")
	for _, id := range slices.Sorted(maps.Keys(unplayed())) {
		fmt.Fprintf(&b, "- `%s`: %s\n", id, unplayed()[id])
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(old), b.String()); diff != "" {
		t.Errorf("docs/scenarios.md is stale: go test ./scenarios -run Document -update\n%s", diff)
	}
	for _, s := range all {
		if !slices.ContainsFunc(families(), func(f family) bool { return f.group == s.Group }) {
			t.Errorf("%s is of the group %s, which has no chapter", s.Name, s.Group)
		}
	}
}

// line is the row of a scenario.
func line(s *scenarios.Scenario) string {
	what := s.Summary
	for i, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		if i == 0 {
			what += " Parameters:"
		}
		what += fmt.Sprintf(" `%s` (%s)", name, s.Default(name))
	}
	var evidence []string
	for _, e := range s.Evidence {
		evidence = append(evidence, link(e))
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	return fmt.Sprintf("| `%s` | %s | `%s` | %s | %s |\n", s.Name, cell(what), s.Verdict, cell(s.Exposes), cell(strings.Join(evidence, ", ")))
}

// link makes the evidence a link where it names a thread or a repository of GitHub.
func link(e string) string {
	repository, number, thread := strings.Cut(e, "#")
	switch {
	case strings.Contains(e, "://"):
		return "<" + e + ">"
	case strings.Count(repository, "/") != 1 || strings.Contains(repository, " "):
		return e
	case thread:
		return fmt.Sprintf("[%s](https://github.com/%s/issues/%s)", e, repository, number)
	}
	return fmt.Sprintf("[%s](https://github.com/%s)", e, repository)
}
