package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// inLabFile runs a network, and gives its summary.
func inLabFile(t *testing.T, text string) (exit int, ended map[string]bool, said string) {
	t.Helper()
	needLab(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "net.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	path := commandsOnPath(t)
	cmd := exec.CommandContext(ctx, filepath.Join(path, "fakeigd"), "--json", "lab", "-f", "net.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"), "XDG_STATE_HOME="+dir, "XDG_CACHE_HOME="+dir, "NO_COLOR=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the document says it
	var doc struct {
		Commands []struct {
			Host string
			Ok   bool
		}
		Exit *int
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil || doc.Exit == nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	ended = map[string]bool{}
	for _, c := range doc.Commands {
		ended[c.Host] = c.Ok
	}
	return *doc.Exit, ended, stderr.String() + stdout.String()
}

// TestLabPage runs the example of docs/lab.md.
func TestLabPage(t *testing.T) {
	need(t, "curl", "python3")
	t.Parallel()
	page, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("docs/lab.md has no example")
	}
	exit, ended, said := inLabFile(t, string(m[1]))
	if exit != 0 || len(ended) != 5 {
		t.Errorf("exit %d, %v\n%s", exit, ended, said)
	}
	if !strings.Contains(said, "ports    | 100.64.0.10") {
		t.Errorf("bob's router has no address of the carrier:\n%s", said)
	}
}

// TestLabPinhole reaches a host by IPv6 where a pinhole lets in, and only there.
func TestLabPinhole(t *testing.T) {
	need(t, "curl", "python3")
	t.Parallel()
	exit, ended, said := inLabFile(t, `
homes:
  - name: home
    scenario: igd2
    ipv6: 2001:db8:1::/64
    hosts:
      - name: web
        command: |
          igdctl pinhole open 8081/tcp
          python3 -m http.server --bind :: 8082 & exec python3 -m http.server --bind :: 8081
        background: true
        ready: tcp/8081
internet:
  - {name: let-in, command: "curl -sS -o /dev/null http://web.lab:8081/", after: web, timeout: 30s}
  - {name: kept-out, command: "curl -sS --max-time 2 http://web.lab:8082/", after: web}
`)
	if exit != 28 || !ended["let-in"] || ended["kept-out"] {
		t.Errorf("exit %d (of curl: 28 for a silent port), %v\n%s", exit, ended, said)
	}
}
