// Package scenarios holds the gateways that fakeigd can play, one YAML file each, and the reader of such files.
//
// A scenario is data only: what kind of gateway stands in the network, and what a good client must reach with it. It
// is read strictly: an unknown key, a wrong type or a conflict is an error with line, column and a suggestion.
// [Load] takes the name of a built-in scenario or a file of the user's; [Scenario.Options] turns it into emulator
// options, one per device.
package scenarios

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// maxSize bounds a scenario file. The longest that is worth writing by hand is far below it.
const maxSize = 1 << 20

// Load reads the built-in scenario of that name, or the file when nameOrFile ends in .yaml or .yml or holds a path
// separator. Errors are *UnknownError, *InvalidError and *fs.PathError.
func Load(nameOrFile string) (*Scenario, error) {
	if IsFile(nameOrFile) {
		data, err := readFile(nameOrFile)
		if err != nil {
			return nil, fmt.Errorf("read scenario: %w", err)
		}
		return Parse(nameOrFile, data)
	}
	data, err := files.ReadFile(nameOrFile + ".yaml")
	if err != nil {
		return nil, &UnknownError{Name: nameOrFile, Nearest: nearest(nameOrFile, Names())}
	}
	return Parse(nameOrFile+".yaml", data)
}

// Source is the text of a built-in scenario or of a file, comments and all. It is not checked.
func Source(nameOrFile string) ([]byte, error) {
	if IsFile(nameOrFile) {
		return readFile(nameOrFile)
	}
	data, err := files.ReadFile(nameOrFile + ".yaml")
	if err != nil {
		return nil, &UnknownError{Name: nameOrFile, Nearest: nearest(nameOrFile, Names())}
	}
	return data, nil
}

// List reads every built-in scenario, in the order of their names.
func List() ([]*Scenario, error) {
	var all []*Scenario
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Names lists the built-in scenarios in order, without reading them.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// IsFile tells whether Load takes s for a file and not for a built-in name.
func IsFile(s string) bool {
	ext := filepath.Ext(s)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(filepath.ToSlash(s), '/')
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSize {
		return nil, &InvalidError{File: name, Problems: []Problem{{Message: fmt.Sprintf("larger than %d bytes", maxSize)}}}
	}
	return data, nil
}
