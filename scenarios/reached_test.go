package scenarios_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/scenarios"
)

// What programs reach in the scenarios is measured by TestMatrix here, and by TestCoverage of internal/e2e; both write testdata/reached.
// docs/coverage.md is made of that: go test ./scenarios -run TestReached -update.

// result is what a program reaches in a scenario: a verdict, or a word of internal/e2e for what is none; and how.
type result struct{ word, words string }

// measured are the columns of the document.
func measured() []string { return []string{"igdkit", "igdctl", "goupnp", "upnpc"} }

// results reads what a program reaches.
func results(t *testing.T, program string) map[string]result {
	t.Helper()
	text, err := os.ReadFile(reachedFile(program))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]result{}
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(parts) != 3 {
			t.Fatalf("%s: %q is no line of three parts", reachedFile(program), line)
		}
		all[parts[0]] = result{parts[1], parts[2]}
	}
	return all
}

func writeResults(t *testing.T, program string, all map[string]result) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", name, all[name].word, all[name].words)
	}
	if err := os.WriteFile(reachedFile(program), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func reachedFile(program string) string { return filepath.Join("testdata", "reached", program+".txt") }

// mark is the judgement on a result.
type mark uint8

const (
	missed mark = iota
	made
	beyond // what goes wrong comes when the program has gone
)

// judged compares what a program reaches with the verdict. A program that keeps the port open, as our client does in the matrix, is held to
// it word for word, and to what comes later. One that opens and leaves is held to less.
func judged(s *scenarios.Scenario, r result, keeps bool) mark {
	if keeps {
		if r.word == string(s.Verdict) {
			return made
		}
		return missed
	}
	if s.Kept {
		return beyond
	}
	opens := r.word == string(scenarios.VerdictOpens) || r.word == string(scenarios.VerdictOpensElsewhere)
	reached := false
	switch s.Verdict {
	case scenarios.VerdictOpens, scenarios.VerdictOpensElsewhere:
		reached = opens
	case scenarios.VerdictOpensButDead:
		reached = r.word == string(s.Verdict)
	default: // nobody can be reached, so to say so is enough, and so is an address that tells it
		reached = r.word == "no" || r.word == string(scenarios.VerdictUnusable)
	}
	if reached {
		return made
	}
	return missed
}

// cell is what stands in the table.
func cell(s *scenarios.Scenario, r result, keeps bool) string {
	code := r.words != "" && strings.Trim(r.words, "0123456789-") == ""
	switch m := judged(s, r, keeps); {
	case m == beyond:
		return "–"
	case m == missed && code:
		return "**no**: " + r.words + ", and no further try"
	case m == missed && r.word == string(scenarios.VerdictOpensButDead):
		return "**no**: " + r.words + ", where no byte arrives"
	case m == missed:
		return "**no**: " + r.words
	case r.word == string(scenarios.VerdictOpens), r.words == "":
		return "yes"
	case code:
		return "yes: refused, " + r.words
	default:
		return "yes: " + r.words
	}
}

// TestReachedDocument holds docs/coverage.md to testdata/reached.
func TestReachedDocument(t *testing.T) {
	const file = "../docs/coverage.md"
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	counts, chapters := map[string][3]int{}, strings.Builder{}
	reached := map[string]map[string]result{}
	for _, program := range measured() {
		reached[program] = results(t, program)
		if n := len(reached[program]); n != len(all) {
			t.Fatalf("%s has %d results for %d scenarios: go test ./scenarios -run TestMatrix -update; go test ./internal/e2e -run TestCoverage -update",
				reachedFile(program), n, len(all))
		}
	}
	for _, f := range families() {
		fmt.Fprintf(&chapters, "\n## %s\n\n| scenario | verdict | igdkit | igdctl, once | goupnp | upnpc |\n|---|---|---|---|---|---|\n", f.title)
		for _, s := range all {
			if s.Group != f.group {
				continue
			}
			fmt.Fprintf(&chapters, "| [`%s`](../scenarios/%s/%[1]s.yaml) | `%[3]s` |", s.Name, s.Group, s.Verdict)
			for _, program := range measured() {
				r, ok := reached[program][s.Name]
				if !ok {
					t.Fatalf("%s has nothing of %s", reachedFile(program), s.Name)
				}
				keeps := program == "igdkit"
				fmt.Fprintf(&chapters, " %s |", cell(s, r, keeps))
				for _, row := range []string{"", f.group} {
					n := counts[row+" "+program]
					n[judged(s, r, keeps)]++
					counts[row+" "+program] = n
				}
			}
			chapters.WriteString("\n")
		}
	}
	var top strings.Builder
	top.WriteString("| | scenarios | igdkit | judged at once | igdctl, once | goupnp | upnpc |\n|---|---|---|---|---|---|---|\n")
	count := func(title, row string) {
		n := 0
		for _, k := range counts[row+" igdkit"] {
			n += k
		}
		fmt.Fprintf(&top, "| %s | %d |", title, n)
		for _, program := range measured() {
			n := counts[row+" "+program]
			if program == "igdctl" {
				fmt.Fprintf(&top, " %d |", n[made]+n[missed])
			}
			fmt.Fprintf(&top, " %d |", n[made])
			if program != "igdkit" && n[beyond] != counts[row+" upnpc"][beyond] {
				t.Errorf("%s is judged in other scenarios than upnpc", program)
			}
		}
		top.WriteString("\n")
	}
	count("**all**", "")
	for _, f := range families() {
		count(f.title, f.group)
	}
	text := fmt.Sprintf(coverageHead, top.String()) + chapters.String()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(old), text); diff != "" {
		t.Errorf("docs/coverage.md is stale: go test ./scenarios -run TestReached -update\n%s", diff)
	}
}

// coverageHead says how it is measured.
const coverageHead = `# What clients reach in every scenario

<!-- made by go test ./scenarios -run TestReached -update -->

%s
Each client opens TCP port 8080 for an hour at each of the [built-in scenarios](scenarios.md), and what it reaches is compared with the
verdict in the scenario's file. The numbers say in how many it is reached. Programs that open and leave cannot be judged everywhere: **–** stands where
something goes wrong, or right, with time only: the scenario's file says ` + "`kept: true`" + `.

- **igdkit** is package client as a program uses it that keeps its port open (client.Map, client.Keep), in the memory network and in fake time:
  for three hours, for a day in the groups Adding mappings and Life cycle. The verdict must be reached to the word, from what a peer on
  the Internet sees, and what is lost later must come back or be reported. ` + "`go test ./scenarios -run TestMatrix`" + `
- **igdctl, once** is ` + "`igdctl open 8080/tcp --any --for 1h`" + `, which ends when the port is open.
- **goupnp** is the program of the guide of huin/goupnp (GUIDE.md, "Internet Gateways") with an unmodified goupnp: three searches, the
  external address, AddPortMapping. It takes the first service where the guide's takes none of several.
- **upnpc** is ` + "`upnpc -a 192.168.1.10 8080 8080 tcp 3600`" + ` of Debian 12 (miniupnpc 2.2.4).

The last three run in the lab, in real network namespaces, with sockets of the kernel and a real multicast; something listens on port 8080.
Then the emulator says what it maps, and a peer on the Internet calls at the address that the program told.
` + "`go test ./internal/e2e -run TestCoverage`" + `

They are held to less than igdkit. **yes**: where the verdict is ` + "`opens` or `opens-elsewhere`" + `, the program says that the port is open, a mapping to
it exists on any port for any time of a minute or more, and the call at the told address arrives. Where it is ` + "`opens-but-dead`" + `, no client
can do more than open. In all others nobody can be reached: it is enough to say that it does not work, for whatever reason, or to map and
tell an address that shows it. **no** is all else: giving up; saying that it is open when it is not, or the other way round; telling no address.
A number is the error of UPnP, or upnpc's own when it is negative, with which the program gives up.

Results are the same from run to run, but for the two seconds that goupnp and upnpc wait for answers: a result that differs from what
stands here is looked at again before the test fails.
`
