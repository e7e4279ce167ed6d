package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/words"
)

func labCommand(u *ui) *cobra.Command {
	var s labSettings
	cmd := &cobra.Command{
		Use:   "lab [flags] -- CMD [ARG…] | lab -f FILE",
		Short: "Run commands alone in a network behind gateways",
		Long: `Runs CMD on a host of its own: 192.168.1.10, with the gateway 192.168.1.1 on its default route, found by multicast as a
router at home is. Programs need no change and no environment: IGD_ variables are unset. No root on Linux; fakeigd doctor
tells whether this machine allows it.

Beyond the gateway is an Internet of this lab alone, with a STUN server: stun.lab, 198.51.100.1 and 198.51.100.2, ports 3478
and 3479. --nat says how the gateway treats UDP, by a name of RFC 3489 or in terms of RFC 4787: symmetric, full-cone,
eim/apdf,timeout=30s. --upstream cgnat puts it behind a carrier's NAT.

-f FILE makes a network of several homes and Internet hosts, each with its own command; docs/lab.md describes the file. What
they say comes out behind their names or goes to their logs, and a summary to stderr; with --json the summary is the document on
stdout, and what they say goes to stderr. The exit code is that of the first command in the file that did not end well, 124
when it was too slow.

When CMD has ended, what the scenario expects is checked, and --expect-clean, as in run. There is no control API in a lab, and
its time is real: what is to happen to the gateway stands in the scenario's timeline and faults.

stdout belongs to CMD. The exit code is that of CMD, or 10 when CMD ended well and something was not met; 127 when there is no
such command, 126 when it cannot be run, and 128+N when signal N ended it. A signal to fakeigd goes to CMD. When CMD ends,
everything that it started ends too.`,
		Example: `  fakeigd lab -- igdctl open 8080/tcp
  fakeigd lab --scenario igd2 -- upnpc -l
  fakeigd lab --nat symmetric --upstream cgnat -- igdctl reach 9000/udp
  fakeigd lab -f net.yaml
  fakeigd lab --journal seen.ndjson -- sh`,
		Args: func(cmd *cobra.Command, args []string) error {
			if s.file == "" {
				return needsCommand(cmd, args)
			}
			delete(cmd.Annotations, stdoutIsTheirs) // with -f it is ours
			return s.fileAlone(cmd, args)
		},
		Annotations: map[string]string{stdoutIsTheirs: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.file != "" {
				return runLabFile(cmd, u, &s)
			}
			return runInLab(cmd, u, &s, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	scenarioFlags(cmd, &s.scenarios, &s.wan, &s.seed, &s.journal)
	f.StringVar(&s.nat, "nat", "", "let the gateway treat UDP as `TYPE` does (default port-restricted)")
	f.StringVar(&s.upstream, "upstream", "", "put the gateway behind another NAT: `cgnat`")
	f.StringVarP(&s.file, "file", "f", "", "make the network that `FILE` describes, with several homes and commands")
	cleanFlag(cmd, &s.clean)
	registerCompletion(cmd, "nat", cobra.FixedCompletions(nat.Names(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	registerCompletion(cmd, "upstream", cobra.FixedCompletions([]string{carrier}, cobra.ShellCompDirectiveNoFileComp))
	registerCompletion(cmd, "file", cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt))
	f.SetInterspersed(false) // flags after the command are the command's
	return cmd
}

// carrier is the value of --upstream, and the name of that router.
const carrier = "cgnat"

// labSettings are what the flags of lab say.
type labSettings struct {
	scenarios []string
	wan       string
	seed      uint64
	journal   string
	clean     bool
	nat       string
	upstream  string
	file      string
}

// fileAlone refuses what a file says itself.
func (s *labSettings) fileAlone(cmd *cobra.Command, args []string) error {
	for _, name := range []string{"scenario", "wan", "nat", "upstream"} {
		if cmd.Flags().Changed(name) {
			return usage("say it in the file", "--%s and -f do not go together: the file says it of each home", name)
		}
	}
	if len(args) > 0 {
		return usage("give a host of the file the command", "with -f there is no command to run, but %q was given", args[0])
	}
	return nil
}

// home is the network of the flags: one home with one host.
func (s *labSettings) home(cmd *cobra.Command, argv []string) (*labFile, error) {
	h := emulator.Home{Name: "home", LAN: netip.MustParsePrefix("192.168.1.0/24"), Upstream: s.upstream}
	h.Hosts = []emulator.WorldHost{{Name: "host", Command: argv}}
	var err error
	if h.External, err = wanAddress(s.wan); err != nil {
		return nil, err
	}
	if cmd.Flags().Changed("upstream") && s.upstream != carrier {
		return nil, usage("--upstream cgnat; other networks are for a file: fakeigd lab -f", "there is no upstream %q", s.upstream)
	}
	if cmd.Flags().Changed("nat") {
		b, err := nat.Parse(s.nat)
		if err != nil {
			hint := "for example --nat symmetric, or --nat eim/apdf,timeout=30s"
			if near := words.Nearest(s.nat, nat.Names()); near != "" {
				hint = "did you mean --nat " + near + "?"
			}
			return nil, usage(hint, "--nat: %s", strings.TrimPrefix(err.Error(), "nat: "))
		}
		h.NAT = &b
		if b.Kind == nat.Plain {
			h.LAN = netip.Prefix{} // one of the Internet's
		}
	}
	return &labFile{World: emulator.World{Homes: []emulator.Home{h}}}, nil
}

func runInLab(cmd *cobra.Command, u *ui, s *labSettings, argv []string) error {
	if _, err := lookPath(argv); err != nil {
		return err
	}
	file, err := s.home(cmd, argv)
	if err != nil {
		return err
	}
	p, err := planLab(file, s.seed, s.scenarios)
	if err != nil {
		return err
	}
	p.network.Hosts[0].Command.Interactive = true
	o := lab.Options{Stdin: u.stdin, Stdout: u.stdout, Stderr: u.stderr, Lean: s.nat == "" && s.upstream == ""}
	all, unmet, err := p.run(cmd, o, s)
	if err != nil {
		return err
	}
	return u.endLab(cmd, all[0].Exit, unmet, argv)
}

func runLabFile(cmd *cobra.Command, u *ui, s *labSettings) error {
	file, err := readLabFile(s.file)
	if err != nil {
		return err
	}
	seed := cmp.Or(file.Seed, s.seed)
	if cmd.Flags().Changed("seed") {
		seed = s.seed
	}
	p, err := planLab(file, seed, nil)
	if err != nil {
		return err
	}
	if err := p.logsBeside(s.file); err != nil {
		return file.refused(err)
	}
	o := lab.Options{Stdout: u.stdout, Stderr: u.stderr}
	if u.JSON {
		o.Stdout = u.stderr
	}
	all, unmet, err := p.run(cmd, o, s)
	if _, ok := errors.AsType[*lab.PlaceError](err); ok {
		return file.refused(err)
	}
	if err != nil {
		return err
	}
	code := exitOf(all)
	if len(unmet) > 0 {
		code = cmp.Or(code, exitUnmet)
	}
	u.tellLab(p.network, all, code)
	return u.endLab(cmd, code, unmet, []string{s.file})
}

// run makes the network and runs its commands.
func (p *labPlan) run(cmd *cobra.Command, o lab.Options, s *labSettings) ([]lab.Outcome, []emulator.Unmet, error) {
	journal, err := openJournal(s.journal)
	if err != nil {
		return nil, nil, err
	}
	p.spec.Journal, p.spec.Clean = journal != nil, s.clean
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
	if o.Spec, err = json.Marshal(p.spec); err != nil {
		return nil, nil, err
	}
	all, err := lab.RunNetwork(cmd.Context(), o, p.network)
	if err = errors.Join(err, journal.close()); err != nil {
		return nil, nil, labFailure(err)
	}
	return all, unmet, nil
}

// endLab ends the command with its exit code, and what was not met.
func (u *ui) endLab(cmd *cobra.Command, code int, unmet []emulator.Unmet, argv []string) error {
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
