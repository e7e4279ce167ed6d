package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the commands of README.md print into README.md")

// testCommand is the README's second command.
const testCommand = "go test ./..."

// session is one console block of the README: commands, each with the output that the README promises.
type session struct {
	line  int
	inLab bool
	steps []step
}

type step struct{ command, output string }

// TestReadme runs every command of the README in the order of its pages and compares what it prints. A block marked
// "console lab" runs behind the emulated router, where a search by multicast finds a gateway.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	if n := strings.Count(readme, "\n"); n >= 150 {
		t.Errorf("README.md has %d lines, want under 150", n)
	}
	path := commandsOnPath(t)
	sessions := consoles(readme)
	if len(sessions) < 3 {
		t.Fatalf("found %d console blocks in README.md: the parser or the README is broken", len(sessions))
	}
	for _, s := range sessions {
		t.Run(fmt.Sprintf("line %d", s.line), func(t *testing.T) {
			if s.inLab {
				needLab(t)
			}
			for _, st := range s.steps {
				if st.command == testCommand {
					ranByCI(t, st.command)
				}
				if program, _, _ := strings.Cut(st.command, " "); program == "upnpc" {
					need(t, program)
				}
			}
			printed := s.run(t, path)
			if *update {
				readme = s.rewrite(readme, printed)
			} else if diff := cmp.Diff(steady(s.text()), steady(printed)); diff != "" {
				t.Errorf("what is printed differs from README.md (-README +now); -update writes it:\n%s", diff)
			}
		})
	}
	if *update && !t.Failed() {
		if err := os.WriteFile("../../README.md", []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// text is the session as the README has it.
func (s session) text() string {
	var b strings.Builder
	for _, st := range s.steps {
		b.WriteString("$ " + st.command + "\n" + st.output)
	}
	return b.String()
}

// rewrite puts what was printed in the place of the session's text.
func (s session) rewrite(readme, printed string) string {
	return strings.Replace(readme, "\n"+s.text()+"```", "\n"+printed+"```", 1)
}

// TestReadmeClone holds the address that the README clones to the path of the module, by which Go fetches it.
func TestReadmeClone(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	if clone := "`git clone https://" + strings.TrimSpace(string(out)) + "`"; !strings.Contains(string(b), clone) {
		t.Errorf("README.md does not say %s", clone)
	}
}

// TestReadmeMake holds the make targets that the README names to the Makefile.
func TestReadmeMake(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("`make ([a-z]+)`").FindAllStringSubmatch(string(b), -1)
	if len(targets) == 0 {
		t.Fatal("README.md names no make target")
	}
	need(t, "make")
	for _, target := range targets {
		if out, err := exec.Command("make", "-n", "-C", "../..", target[1]).CombinedOutput(); err != nil {
			t.Errorf("make %s: %v\n%s", target[1], err, out)
		}
	}
}

// TestReadmeGo holds the Go blocks of the README to code that is compiled and tested: each stands word for word in a file
// under examples/ or in a godoc example.
func TestReadmeGo(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, glob := range []string{"../../examples/*/*.go", "../../*/example_test.go"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.WriteString(strings.Join(strings.Fields(string(src)), " ") + " ")
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(b), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no Go block")
	}
	for _, block := range blocks {
		if !strings.Contains(code.String(), strings.Join(strings.Fields(block[1]), " ")) {
			t.Errorf("this block of README.md stands in no example:\n%s", block[1])
		}
	}
}

// consoles parses the fenced console blocks: "$ " begins a command, everything up to the next one is its output.
func consoles(readme string) []session {
	var all []session
	var cur *session
	for i, line := range strings.Split(readme, "\n") {
		switch {
		case cur == nil && strings.HasPrefix(line, "```console"):
			cur = &session{line: i + 1, inLab: strings.TrimPrefix(line, "```console") == " lab"}
		case cur == nil:
		case line == "```":
			all = append(all, *cur)
			cur = nil
		case strings.HasPrefix(line, "$ "):
			cur.steps = append(cur.steps, step{command: line[2:]})
		case len(cur.steps) > 0:
			cur.steps[len(cur.steps)-1].output += line + "\n"
		}
	}
	return all
}

// run executes the commands in one shell, so that a block may use variables and background jobs, and returns the session
// as it would look in the README. The test command cannot run within itself: ranByCI sees to it.
func (s session) run(t *testing.T, path string) string {
	t.Helper()
	const mark = "\x1e" // ends each command's output
	var script strings.Builder
	for _, st := range s.steps {
		if st.command == testCommand {
			st.command = ":"
		}
		script.WriteString(st.command + "\nprintf '" + mark + "'\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	argv := []string{"bash", "-c", script.String()}
	if s.inLab {
		argv = append([]string{"fakeigd", "lab", "--"}, argv...)
	}
	cmd := exec.CommandContext(ctx, "env", argv...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"), "GOBIN="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	parts := strings.Split(string(out), mark)
	if err != nil || len(parts) != len(s.steps)+1 {
		t.Fatalf("README.md:%d: %v\n%s", s.line, err, out)
	}
	var b strings.Builder
	for i, st := range s.steps {
		b.WriteString("$ " + st.command + "\n" + parts[i])
	}
	return regexp.MustCompile(`(?m)^go: .*\n`).ReplaceAllString(b.String(), "")
}

// steady replaces what differs from run to run: free ports, process ids, times, the lines go prints while it downloads.
func steady(s string) string {
	for _, r := range []struct{ pattern, with string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
		{`192\.168\.1\.1:\d+`, "192.168.1.1:PORT"},
		{`"pid":\d+`, `"pid":PID`},
		{`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ [A-Z][a-z]{2} \d\d:\d\d`, "DATE"},
		{`up for [^\n]*`, "up for TIME"},
		{`[ \t]+`, " "},
		{`(?m) $`, ""},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return strings.TrimSpace(s)
}

// ranByCI holds the README's test command, which cannot run within itself, to the CI script.
func ranByCI(t *testing.T, command string) {
	t.Helper()
	ci, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(command) + `$`).Match(ci) {
		t.Errorf(".ci/run does not run %q", command)
	}
}
