package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/scenarios"
)

// Programs that know nothing of igdkit, and igdctl under the same conditions, meet every scenario in a lab and open TCP port 8080 for an
// hour. What each reaches stands in scenarios/testdata/reached, of which docs/coverage.md is made.

// aStranger is one of them.
type aStranger struct {
	name string
	argv func(t *testing.T) []string
	says func(*account) (open bool, why string) // whether it says that the port is open, and why not
}

func allStrangers() []aStranger {
	return []aStranger{
		{"igdctl", func(t *testing.T) []string {
			return []string{command(t, "igdctl"), "open", "8080/tcp", "--any", "--for", "1h", "--json"}
		}, igdctlSays},
		{"goupnp", func(t *testing.T) []string { return []string{command(t, "guide")} }, guideSays},
		{"upnpc", func(*testing.T) []string {
			return []string{"upnpc", "-e", "stranger", "-a", labHost.String(), "8080", "8080", "tcp", "3600"}
		}, upnpcSays},
	}
}

// TestCoverage holds scenarios/testdata/reached to what strangers reach; -update writes it. A result that is not the one written is looked at
// again, until it is, or is the same twice: labs share a machine, and goupnp and upnpc wait no longer than two seconds for an answer.
func TestCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("three programs that wait for seconds take minutes for all of it")
	}
	need(t, "upnpc")
	needLab(t)
	t.Parallel()
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	strangers := allStrangers()
	written := make([]map[string]string, len(strangers))
	for i, who := range strangers {
		if written[i], err = who.written(); err != nil && !(*update && os.IsNotExist(err)) {
			t.Fatal(err)
		}
	}
	now := inLabs(all, 24, func(s *scenarios.Scenario) []string {
		known := make([]string, len(strangers))
		for i := range strangers {
			known[i] = written[i][s.Name]
		}
		lines := meetAll(t, strangers, s)
		for range 3 {
			before := lines
			if slices.Equal(lines, known) {
				break
			}
			if lines = meetAll(t, strangers, s); slices.Equal(lines, before) {
				break // so it is
			}
		}
		return lines
	})
	for i, who := range strangers {
		lines := map[string]string{}
		for name, all := range now {
			lines[name] = all[i]
		}
		if *update {
			err = who.write(lines)
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(written[i], lines); diff != "" && !*update {
			t.Errorf("%s is stale: go test ./internal/e2e -run TestCoverage -update, and go test ./scenarios -run TestReached -update\n%s", who.file(), diff)
		}
	}
}

func (who aStranger) file() string {
	return filepath.Join("../../scenarios/testdata/reached", who.name+".txt")
}

// written is what stands in the file, by scenario.
func (who aStranger) written() (map[string]string, error) {
	text, err := os.ReadFile(who.file())
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		lines[name] = rest
	}
	return lines, err
}

func (who aStranger) write(lines map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "%s\t%s\n", name, lines[name])
	}
	return os.WriteFile(who.file(), []byte(b.String()), 0o644)
}

// meetAll lets all strangers meet the scenario, each as if nobody had been there before, and tells what each reaches.
func meetAll(t *testing.T, strangers []aStranger, s *scenarios.Scenario) []string {
	lines := make([]string, len(strangers))
	accounts, err := ask(t, s, strangers)
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
		return lines
	}
	for i, who := range strangers {
		open, why := who.says(accounts[i])
		word, words := accounts[i].judge(open, why)
		lines[i] = word + "\t" + words
	}
	return lines
}

// inLabs does something with each scenario, a number of them at a time: nearly all of it is waiting.
func inLabs[T any](all []*scenarios.Scenario, atOnce int, do func(*scenarios.Scenario) T) map[string]T {
	done := map[string]T{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for _, s := range all {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			r := do(s)
			mu.Lock()
			defer mu.Unlock()
			done[s.Name] = r
		})
	}
	wait.Wait()
	return done
}

// account is what command stranger tells.
type account struct {
	Said string
	Exit int
	Told string
	Seen testimony
}

// ask runs the programs behind the scenario, at which the witness looks on.
func ask(t *testing.T, s *scenarios.Scenario, strangers []aStranger) ([]*account, error) {
	text, err := s.Resolved()
	if err != nil {
		return nil, err
	}
	argv := []string{command(t, "stranger")}
	for _, who := range strangers {
		argv = append(append(argv, who.argv(t)...), "--")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out, complaints bytes.Buffer
	o := lab.Options{Spec: spec{Scenario: string(text)}.json(t), Stdout: &out, Stderr: &complaints}
	code, err := lab.Run(ctx, o, argv)
	if err != nil || code != 0 {
		return nil, fmt.Errorf("exit code %d, %w\n%s%s", code, err, &out, &complaints)
	}
	accounts := make([]*account, len(strangers))
	for i, d := 0, json.NewDecoder(&out); i < len(accounts); i++ {
		if err := d.Decode(&accounts[i]); err != nil {
			return nil, err
		}
		if accounts[i].Seen.Failed != "" {
			return nil, errors.New(accounts[i].Seen.Failed)
		}
	}
	return accounts, nil
}
