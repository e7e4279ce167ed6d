package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/words"
	"github.com/igdkit/igdkit/scenarios"
)

// labFile is what fakeigd lab -f reads.
type labFile struct {
	emulator.World `yaml:",inline"`

	Names map[string]netip.Addr `yaml:"names"` // what the resolver knows beside NAME.lab of homes, hosts and stun
}

// maxLabFile bounds it in bytes; scenarios.Decode bounds what is in it.
const maxLabFile = 1 << 20

// Bounds of a network: each home and each host takes a namespace, and the kernel has a limit on those.
const (
	maxLabHomes = 64
	maxLabHosts = 256
)

// readLabFile reads a network, and the scenarios that it names beside itself.
func readLabFile(name string) (*labFile, error) {
	text, err := readCapped(name, maxLabFile)
	if err != nil {
		return nil, err
	}
	return parseLabFile(name, text)
}

func parseLabFile(name string, text []byte) (*labFile, error) {
	file, err := scenarios.Decode[labFile](name, text)
	if err != nil {
		return nil, networkFailure(err)
	}
	for i := range file.Homes {
		if s := &file.Homes[i].Scenario; scenarios.IsFile(*s) && !filepath.IsAbs(*s) {
			*s = filepath.Join(filepath.Dir(name), *s)
		}
	}
	for _, hosts := range file.hosts() {
		for i := range hosts {
			h := &hosts[i]
			if len(h.Command) == 0 {
				continue
			}
			if h.Command = argv(h.Command); len(h.Command) == 0 {
				return nil, networkFailure(fmt.Errorf("host %s: its command is blank", h.Name))
			}
		}
	}
	for name, addr := range file.Names {
		if !validName(name) {
			return nil, networkFailure(fmt.Errorf("%q in names is no name of a host, such as www.example.com (for %v)", name, addr))
		}
	}
	return &file, nil
}

// hosts are those of each home, and of the Internet.
func (f *labFile) hosts() [][]emulator.WorldHost {
	all := [][]emulator.WorldHost{f.Internet}
	for i := range f.Homes {
		all = append(all, f.Homes[i].Hosts)
	}
	return all
}

func readCapped(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no file %s", name)
	}
	if err != nil {
		return nil, networkFailure(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	if err != nil {
		return nil, networkFailure(err)
	}
	return text, nil
}

// networkFailure says why a network cannot be made of what was asked for.
func networkFailure(err error) *failure {
	f := &failure{kind: "network", exit: exitUsage, message: strings.TrimPrefix(strings.TrimPrefix(err.Error(), "emulator: "), "lab: "), cause: err}
	f.hints = []string{"docs/lab.md describes the file, with an example"}
	if e, ok := errors.AsType[*scenarios.InvalidError](err); ok && len(e.Problems) > 1 {
		f.hints = nil
		for _, p := range e.Problems[1:min(len(e.Problems), 3)] {
			f.hints = append(f.hints, p.String())
		}
	}
	return f
}

// labScenarios loads what a home plays.
func labScenarios(home string, names []string) ([]*scenarios.Scenario, error) {
	var all []*scenarios.Scenario
	for _, name := range orDefault(names) {
		sc, err := loadScenario(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(sc.Options(), func(o emulator.Options) bool { return !o.Mute }) {
			return nil, networkFailure(fmt.Errorf("%s: the scenario %s has nothing that stands on a LAN", home, name))
		}
		all = append(all, sc)
	}
	return all, nil
}

// argv is a command of the file: several texts are a program and its arguments; one is a line for the shell, or a program and its
// arguments if it has nothing that a shell is needed for. It is empty if that is blank.
func argv(command []string) []string {
	if len(command) != 1 {
		return command
	}
	if strings.ContainsAny(command[0], "|&;<>()$`\\\"'*?[]#~=%{}!\n") {
		return []string{"sh", "-c", command[0]}
	}
	return strings.Fields(command[0])
}

// unknownHost is the sentence about a name that is not there.
func unknownHost(host, wanted string, known []string) error {
	if near := words.Nearest(wanted, known); near != "" {
		return fmt.Errorf("%s is to start after %q, which is no host with a command; did you mean %q?", host, wanted, near)
	}
	return fmt.Errorf("%s is to start after %q, which is no host with a command", host, wanted)
}
