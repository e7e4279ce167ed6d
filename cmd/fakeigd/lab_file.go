package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/capped"
	"github.com/igdkit/igdkit/internal/words"
	"github.com/igdkit/igdkit/scenarios"
)

// labFile is what fakeigd lab -f reads.
type labFile struct {
	emulator.World `yaml:",inline"`

	Names map[string]netip.Addr `yaml:"names"` // what the resolver knows beside NAME.lab of homes, hosts and stun

	text *scenarios.Text // where all of that stands; nil: in flags
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

func parseLabFile(name string, data []byte) (*labFile, error) {
	file, text, err := scenarios.DecodeText[labFile](name, data)
	if err != nil {
		return nil, networkFailure(err)
	}
	file.text = text
	for i := range file.Homes {
		if s := &file.Homes[i].Scenario; scenarios.IsFile(*s) && !filepath.IsAbs(*s) {
			*s = filepath.Join(filepath.Dir(name), *s)
		}
	}
	return &file, nil
}

// refuse says why there can be no such network, and where in the file that stands.
func (f *labFile) refuse(p emulator.Problem) *failure {
	if f.text == nil {
		return networkFailure(errors.New(p.Message))
	}
	return networkFailure(f.text.Invalid(p))
}

// refused is refuse for an error, which need not know where it stands.
func (f *labFile) refused(err error) *failure {
	if p, ok := errors.AsType[emulator.Problem](err); ok {
		return f.refuse(p)
	}
	if e, ok := errors.AsType[*lab.PlaceError](err); ok {
		at := f.home(e.Gateway)
		if e.Host != "" {
			at = f.host(e.Host)
		}
		return f.refuse(emulator.Problem{At: at, Message: strings.TrimPrefix(e.Error(), "lab: ")})
	}
	return networkFailure(err)
}

// home is where a home or router of that name stands.
func (f *labFile) home(name string) []any {
	if i := slices.IndexFunc(f.Homes, func(h emulator.Home) bool { return h.Name == name }); i >= 0 {
		return []any{"homes", i}
	}
	if i := slices.IndexFunc(f.Routers, func(r emulator.Router) bool { return r.Name == name }); i >= 0 {
		return []any{"routers", i}
	}
	return nil
}

// host is where a host of that name stands.
func (f *labFile) host(name string) []any {
	named := func(h emulator.WorldHost) bool { return h.Name == name }
	for i, h := range f.Homes {
		if j := slices.IndexFunc(h.Hosts, named); j >= 0 {
			return []any{"homes", i, "hosts", j}
		}
	}
	if j := slices.IndexFunc(f.Internet, named); j >= 0 {
		return []any{"internet", j}
	}
	return nil
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
	text, err := capped.Read(f, most)
	if e, ok := errors.AsType[*capped.TooLongError](err); ok {
		err = fmt.Errorf("%s is %w", name, e)
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

// play loads what the i-th home plays: what the file says of it, or names.
func (f *labFile) play(i int, names []string) ([]*scenarios.Scenario, error) {
	h := &f.Homes[i]
	at := []any{"homes", i, "scenario"}
	if h.Scenario != "" {
		names = []string{h.Scenario}
	}
	var all []*scenarios.Scenario
	for _, name := range orDefault(names) {
		sc, err := loadScenario(name)
		if e, ok := errors.AsType[*scenarios.UnknownError](err); ok && h.Scenario != "" {
			refused := f.refuse(emulator.Problem{At: at, Message: e.Error()})
			refused.hints = scenarioFailure(name, e).hints
			return nil, refused
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(sc.Options(), func(o emulator.Options) bool { return !o.Mute }) {
			return nil, f.refuse(emulator.Problem{At: at, Message: fmt.Sprintf("%s: the scenario %s has nothing that stands on a LAN", h.Name, name)})
		}
		all = append(all, sc)
	}
	return all, nil
}

// noProgram says of a host that its command cannot be run, for the reason err.
func (f *labFile) noProgram(host string, err error) error {
	e, ok := errors.AsType[*failure](err)
	if !ok || f.text == nil {
		return err
	}
	placed := *e
	placed.message = f.text.Invalid(emulator.Problem{At: append(f.host(host), "command"), Message: e.message}).Error()
	if e.exit == exitNotFound && errors.Is(e.cause, exec.ErrNotFound) {
		placed.hints = []string{"check the spelling and the PATH; a list is a program and its arguments, one text is a line"}
	}
	return &placed
}

// unknownHost says of a host that it is to start after one, its i-th, that is not there.
func (f *labFile) unknownHost(host string, i int, wanted string, known []string) *failure {
	p := emulator.Problem{At: append(f.host(host), "after", i), DidYouMean: words.Nearest(wanted, known)}
	p.Message = fmt.Sprintf("%s is to start after %q, which is no host with a command", host, wanted)
	return f.refuse(p)
}
