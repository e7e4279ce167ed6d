package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	port     spec // zero: none was named
	readOnly bool
}

func newDoctorCmd(a *app) *cobra.Command {
	var o doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [PORT[/tcp or /udp]] [flags]",
		Short: "Find out why ports do not open",
		Long: `Looks step by step into why ports do not open: the network of this computer, who answers searches, its firewall,
the gateway and its connection, what the external address is worth, and what becomes of a trial port that is opened
and removed again. With PORT it also looks who listens there, and whether the gateway gives it away.

Every step is told as it is done, with what was seen and, where something is wrong, what to do:

  ok    as it should be
  note  works, and may disappoint
  FAIL  a reason why a port cannot be reached
  ?     cannot be told
  skip  not tried

The exit code is 3 without a gateway, 4 when it refuses to open the trial port or PORT, 5 when it cannot be talked to, else 0:
"verdict" of --json tells more, in one of the words opens, untried, not_listening, filtered, other_way, taken, not_public,
offline, refused, unreachable, no_gateway.

On Linux the rules of the firewall can be read by root alone: sudo igdctl doctor PORT tells what they do with the port.`,
		Example: `  igdctl doctor                # everything
  igdctl doctor 8080           # and why 8080/tcp is not reached
  igdctl doctor --read-only    # change nothing on the gateway, not even for a moment
  igdctl doctor --stun stun.example.org:3478   # and ask that server which address the Internet sees`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(fmt.Sprintf("doctor looks at one port at a time, but there is %q too", args[1]), "igdctl doctor "+args[0])
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				var err error
				if o.port, err = parseSpec(args[0]); err == nil && (o.port.split || o.port.protocol == "both") {
					err = fmt.Errorf("%q names more than one port", args[0])
				}
				if err != nil {
					return usage(err.Error(), "doctor takes one PORT, for example 8080 or 4500/udp")
				}
			}
			if err := checkServers(cmd, "stun", a.stun); err != nil {
				return err
			}
			return a.doctor(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.readOnly, "read-only", false, "open no trial port")
	a.stunFlag(cmd)
	return cmd
}

// findingJSON is one check as --json shows it.
type findingJSON struct {
	ID       client.CheckID `json:"id"`
	OK       *bool          `json:"ok"` // null when it was not tried or cannot be told
	Outcome  client.Outcome `json:"outcome"`
	Problem  client.Problem `json:"problem"` // "" when there is none
	Detail   string         `json:"detail"`
	Evidence []string       `json:"evidence"`
	Advice   string         `json:"advice"`
	Seconds  float64        `json:"seconds"`
	Firewall *firewallJSON  `json:"firewall,omitempty"` // of the check firewall, when the rules could be read
}

type doctorJSON struct {
	Checks  []findingJSON `json:"checks"`
	Verdict string        `json:"verdict"`
	Summary string        `json:"summary"` // the verdict as a sentence
	Error   *failureJSON  `json:"error,omitempty"`
}

func (a *app) doctor(ctx context.Context, o doctorFlags) error {
	limited, cancel := a.limit(ctx)
	defer cancel()
	machine := client.ThisMachine()
	over := func() {}
	want := client.Diagnosis{
		Port: o.port.external, Protocol: o.port.protocol, ReadOnly: o.readOnly, Machine: &machine, Listens: boundAt,
		Begins: func(id client.CheckID) {
			over()
			over = a.Waiting("%s…", doing(id))
		},
	}
	var checks []client.Check
	shape := doctorJSON{Checks: []findingJSON{}}
	for c := range client.Diagnose(limited, a.options(), want) {
		over()
		checks = append(checks, c)
		f := findingOf(c)
		if a.JSON {
			shape.Checks = append(shape.Checks, f.shape(c))
			continue
		}
		a.Print("%-4s  %-11s  %s", label(c.Outcome), c.ID, f.detail)
		for _, line := range f.evidence {
			a.Print("%19s%s", "", line)
		}
		for _, line := range f.advice {
			a.Print("%19s→ %s", "", line)
		}
	}
	over()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v := conclude(checks, o, limited.Err())
	if a.JSON {
		shape.Verdict, shape.Summary = v.word, cli.OneLine(v.sentence)
		if v.err != nil {
			shape.Error = explain(v.err).json()
		}
		a.Document(shape)
	} else {
		a.Print("%-4s  %-11s  %s", "", "verdict", v.sentence)
	}
	if v.err != nil {
		return &saidError{v.err}
	}
	return nil
}

// doing says what is waited for.
func doing(id client.CheckID) string {
	switch id {
	case client.CheckMulticast:
		return "listening for answers to searches, which takes up to four seconds"
	case client.CheckDescription:
		return "searching for a gateway"
	case client.CheckBeyond:
		return "looking for the router beyond the gateway"
	case client.CheckMapping:
		return "opening a trial port"
	case client.CheckHairpin:
		return "calling this computer by its external address"
	case client.CheckRemoval:
		return "removing the trial port"
	}
	return "looking at the " + string(id)
}

func label(o client.Outcome) string {
	switch o {
	case client.Sound:
		return "ok"
	case client.Doubtful:
		return "note"
	case client.Faulty:
		return "FAIL"
	case client.Skipped:
		return "skip"
	}
	return "?"
}

// finding is a check in words.
type finding struct {
	detail   string   // one sentence
	evidence []string // what it is based on, beyond the sentence
	details  []string // and what is for --json alone
	advice   []string // what to do
}

func (f finding) shape(c client.Check) findingJSON {
	j := findingJSON{ID: c.ID, Outcome: c.Outcome, Problem: c.Problem, Detail: cli.OneLine(f.detail), Evidence: []string{}, Seconds: float64(c.Took.Round(time.Millisecond)) / float64(time.Second)}
	j.OK = known(c.Outcome == client.Sound || c.Outcome == client.Doubtful, c.Outcome != client.Skipped && c.Outcome != client.Untold)
	if e, ok := c.Evidence.(*client.FirewallEvidence); ok {
		j.Firewall = rulesJSON(e)
	}
	for _, line := range append(slices.Clip(f.evidence), f.details...) {
		j.Evidence = append(j.Evidence, cli.OneLine(line))
	}
	for i, line := range f.advice {
		if i > 0 {
			j.Advice += "; "
		}
		j.Advice += cli.OneLine(line)
	}
	return j
}
