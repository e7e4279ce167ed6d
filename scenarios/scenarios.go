// Package scenarios holds the gateways that fakeigd can play, one YAML file each, and the reader of such files.
//
// A file is data only. It is a scenario: what kind of gateways stand in the network, and what a good client must reach with
// them; or a profile: one device, which others build upon; or a quirk: one misbehaviour, which devices name. Each can be
// played by itself. Files are read strictly: an unknown key, a wrong type or a conflict is an error with line, column and
// a suggestion.
//
// [Load] takes the name of a built-in file or a file of the user's; [Scenario.Options] turns it into emulator options, one per
// device.
package scenarios

import "fmt"

// Load reads the built-in scenario of that name, or the file when nameOrFile ends in .yaml or .yml or holds a path
// separator. Errors are *UnknownError, *InvalidError and *fs.PathError.
func Load(nameOrFile string) (*Scenario, error) {
	if IsFile(nameOrFile) {
		data, err := readFile(nameOrFile)
		if err != nil {
			return nil, fmt.Errorf("read scenario: %w", err)
		}
		return parse(nameOrFile, data, disk)
	}
	file, data, err := builtIn(nameOrFile)
	if err != nil {
		return nil, err
	}
	return parse(file, data, embedded)
}

// Source is the text of a built-in scenario or of a file, comments and all. It is not checked.
func Source(nameOrFile string) ([]byte, error) {
	if IsFile(nameOrFile) {
		return readFile(nameOrFile)
	}
	_, data, err := builtIn(nameOrFile)
	return data, err
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
