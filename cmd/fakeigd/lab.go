package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/scenarios"
)

func labCommand(u *ui) *cobra.Command {
	var s labSettings
	cmd := &cobra.Command{
		Use:   "lab [flags] -- CMD [ARG…]",
		Short: "Run a command alone in a network behind a gateway",
		Long: `Runs CMD on a host of its own: 192.168.1.10, with the gateway 192.168.1.1 on its default route, found by multicast as a
router at home is. Programs need no change and no environment: IGD_ variables are unset. No root on Linux; fakeigd doctor
tells whether this machine allows it.

When CMD has ended, what the scenario expects is checked, and --expect-clean, as in run. There is no control API in a lab, and
its time is real: what is to happen to the gateway stands in the scenario's timeline and faults.

stdout belongs to CMD. The exit code is that of CMD, or 10 when CMD ended well and something was not met; 127 when there is no
such command, 126 when it cannot be run, and 128+N when signal N ended it. A signal to fakeigd goes to CMD. When CMD ends,
everything that it started ends too.`,
		Example: `  fakeigd lab -- igdctl open 8080/tcp
  fakeigd lab --scenario igd2 -- upnpc -l
  fakeigd lab --journal seen.ndjson -- sh`,
		Args:        needsCommand,
		Annotations: map[string]string{stdoutIsTheirs: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInLab(cmd, u, &s, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	scenarioFlags(cmd, &s.scenarios, &s.wan, &s.seed, &s.journal)
	cleanFlag(cmd, &s.clean)
	f.SetInterspersed(false) // flags after the command are the command's
	return cmd
}

// labSettings are what the flags of lab say.
type labSettings struct {
	scenarios []string
	wan       string
	seed      uint64
	journal   string
	clean     bool
}

func runInLab(cmd *cobra.Command, u *ui, s *labSettings, argv []string) error {
	if _, err := lookPath(argv); err != nil {
		return err
	}
	spec, err := s.spec()
	if err != nil {
		return err
	}
	o := lab.Options{Stdin: u.stdin, Stdout: u.stdout, Stderr: u.stderr}
	journal, err := openJournal(s.journal)
	if err != nil {
		return err
	}
	spec.Journal = journal != nil
	var unmet []emulator.Unmet
	o.OnReport = func(text json.RawMessage) {
		var r labReport
		if err := json.Unmarshal(text, &r); err != nil {
			return // it is our own
		}
		unmet = append(unmet, r.Unmet...)
		if r.Entry != nil {
			journal.report(r.Entry)
		}
	}
	if o.Spec, err = json.Marshal(spec); err != nil {
		return err
	}
	code, err := lab.Run(cmd.Context(), o, argv)
	err = errors.Join(err, journal.close())
	if err != nil {
		return labFailure(err)
	}
	if len(unmet) > 0 {
		u.tellUnmet(unmet, cmd, argv)
		code = cmp.Or(code, exitUnmet)
	}
	if code != 0 {
		return exit(code)
	}
	return nil
}

// labFailure says what to do where labs cannot be made. Other errors keep their own words.
func labFailure(err error) error {
	e, ok := errors.AsType[*lab.UnavailableError](err)
	if !ok {
		return err
	}
	return &failure{
		kind: "lab", exit: exitUsage, cause: err,
		message: "this machine lets nobody make a lab: " + strings.TrimPrefix(e.Error(), "lab: "),
		hints:   []string{e.Hint(), "fakeigd run needs no lab: the command finds the gateway by IGD_LOCATION"},
	}
}

// labSpec is what the process on the gateway is told. It cannot read the user's files by itself: it may not see them.
type labSpec struct {
	Scenarios []labScenario
	WAN       netip.Addr
	Seed      uint64
	Journal   bool
	Clean     bool
}

// labReport is what comes out of a lab: a line of the journal, or what is not met at the end.
type labReport struct {
	Entry json.RawMessage  `json:"entry,omitempty"`
	Unmet []emulator.Unmet `json:"unmet,omitempty"`
}

// labScenario is a scenario with all that it names.
type labScenario struct{ Name, Text string }

// spec reads everything that can be wrong before a namespace is made.
func (s *labSettings) spec() (*labSpec, error) {
	wan, err := wanAddress(s.wan)
	if err != nil {
		return nil, err
	}
	spec := &labSpec{WAN: wan, Seed: s.seed, Clean: s.clean}
	for _, name := range orDefault(s.scenarios) {
		sc, err := loadScenario(name)
		if err != nil {
			return nil, err
		}
		text, err := sc.Resolved()
		if err != nil {
			return nil, err
		}
		spec.Scenarios = append(spec.Scenarios, labScenario{sc.Name, string(text)})
	}
	return spec, nil
}

// startInLab runs on the gateway of a lab.
func startInLab(ctx context.Context, site lab.Site) (io.Closer, error) {
	var spec labSpec
	if err := json.Unmarshal(site.Spec, &spec); err != nil {
		return nil, err
	}
	var journal io.Writer
	if spec.Journal {
		journal = reporter{site}
	}
	running := &labPlays{report: site.Report}
	taken := map[string]bool{}
	for _, source := range spec.Scenarios {
		sc, err := scenarios.Parse(source.Name, []byte(source.Text))
		if err != nil {
			return nil, errors.Join(err, running.end())
		}
		c := cast{scenario: sc.Name, seed: spec.Seed, expect: sc.Expect, clean: spec.Clean, devices: sc.Options()}
		for i := range c.devices {
			o := &c.devices[i]
			o.Name = freeName(o.Name, taken)
			o.LAN, o.SSDP = site.LAN.Addr(), "multicast"
			o.Seed, o.Journal = spec.Seed, journal
			o.Plane.Mode, o.Plane.Forwarding, o.Plane.Hold = emulator.PlanePorts, site.Forwarding, site.Hold
			switch {
			case spec.WAN.IsValid():
				o.ExternalIP = spec.WAN
			case !o.ExternalIP.IsValid():
				o.ExternalIP = site.WAN
			}
			if at := o.Stands(); at != o.LAN {
				if err := site.Hold(at, true); err != nil {
					return nil, errors.Join(err, running.end())
				}
			}
			if len(running.plays) > 0 {
				o.Beside = running.plays[0].gateways[0].Gateway // multicast reaches one socket of this address
			}
		}
		p, err := start(ctx, c)
		if err != nil {
			return nil, errors.Join(err, running.end())
		}
		running.plays = append(running.plays, p)
	}
	return running, nil
}

// labPlays are what is played in a lab, one beside the other.
type labPlays struct {
	plays  []*play
	report func(any) error
}

// Close tells what is not met now that CMD has ended, and ends the gateways.
func (l *labPlays) Close() error {
	var r labReport
	for _, p := range l.plays {
		r.Unmet = append(r.Unmet, p.unmet()...)
	}
	var err error
	if len(r.Unmet) > 0 {
		err = l.report(r)
	}
	return errors.Join(err, l.end())
}

func (l *labPlays) end() error {
	errs := make([]error, len(l.plays))
	for i, p := range l.plays {
		errs[i] = p.close()
	}
	return errors.Join(errs...)
}

// reporter sends the lines of the journal out of the lab. Several gateways may write.
type reporter struct{ site lab.Site }

func (r reporter) Write(line []byte) (int, error) {
	return len(line), r.site.Report(labReport{Entry: bytes.TrimSpace(line)})
}
