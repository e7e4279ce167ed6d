package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
