package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

func ctlGateways(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "gateways", Short: "List the gateways that run", Args: noArgs,
		Example: "  fakeigd ctl gateways",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all gatewaysView
			if err := c.do(cmd.Context(), "GET", "/v1/gateways", nil, &all); err != nil {
				return err
			}
			return show(u, all, u.gatewayTable)
		},
	}
}

func ctlState(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "state", Short: "Tell what a gateway is now", Args: noArgs,
		Example: "  fakeigd ctl state",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var s stateView
			if err := c.ask(cmd.Context(), "GET", "/state", nil, &s); err != nil {
				return err
			}
			return show(u, s, u.stateTable)
		},
	}
}

func ctlMappings(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "mappings", Short: "List the port mappings of a gateway", Args: noArgs,
		Long: `Lists the mapping table. REACH is where a peer connects to get through: on loopback a port of its own, because the mapped one may
belong to the program under test.`,
		Example: "  fakeigd ctl mappings\n  fakeigd ctl mappings --gateway igd2 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var v mappingsView
			if err := c.ask(cmd.Context(), "GET", "/mappings", nil, &v); err != nil {
				return err
			}
			return show(u, v, u.mappingTable)
		},
	}
}

func ctlJournal(u *ui, c *controlClient) *cobra.Command {
	var since uint64
	var wait time.Duration
	var follow bool
	cmd := &cobra.Command{
		Use: "journal", Short: "Tell what a gateway saw and did", Args: noArgs,
		Long: `Tells what a gateway saw and did, an entry a line, as far as it is in memory. Entries are numbered from 1 for each gateway by itself.
With --json it is one document with entries[] and last, the number for --since the next time; with --follow an entry a line.`,
		Example: "  fakeigd ctl journal --since 10\n  fakeigd ctl journal --follow --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if follow {
				u.Lines = true
				return c.follow(cmd, u, since)
			}
			query := url.Values{"since": {strconv.FormatUint(since, 10)}}
			if wait > 0 {
				query.Set("wait", wait.String())
			}
			var v journalView
			if err := c.ask(cmd.Context(), "GET", "/journal?"+query.Encode(), nil, &v); err != nil {
				return err
			}
			return show(u, v, func(v journalView) { u.entryLines(v.Entries) })
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint64Var(&since, "since", 0, "begin after the entry `SEQ`")
	f.DurationVar(&wait, "wait", 0, "wait `DURATION` for an entry if there is none (default: not)")
	f.BoolVar(&follow, "follow", false, "go on with each new entry until interrupted")
	return cmd
}

// follow shows entries as they come.
func (c *controlClient) follow(cmd *cobra.Command, u *ui, since uint64) error {
	path, err := c.of(cmd.Context(), "/journal")
	if err != nil {
		return err
	}
	resp, err := c.send(cmd.Context(), "GET", fmt.Sprintf("%s?since=%d&follow", path, since), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxBody)
	var day string
	for lines.Scan() {
		var e emulator.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return c.strange(err)
		}
		if u.JSON {
			u.Document(e)
		} else {
			u.entryLine(e, &day)
		}
		if u.Broken() != nil {
			return nil // execute tells
		}
	}
	return nil // the gateway has ended
}

func ctlVerify(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [EXPECTATIONS|FILE|-]",
		Short: "Check what a gateway should have seen",
		Long: `Checks expectations, in the words of a scenario's expect, against the journal; without any, those of the scenario. What is not met is told
with what came nearest, and the exit code is 10.`,
		Example: `  fakeigd ctl verify
  fakeigd ctl verify '{calls: AddPortMapping, with: {NewLeaseDuration: 0}}'
  fakeigd ctl verify '[{searches: "*"}, {calls: DeletePortMapping, exactly: 0}]'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("put them into one list: '[{…}, {…}]'", "%s takes one text or file", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var body []byte
			if len(args) == 1 {
				var err error
				if body, err = textOf(cmd, args[0]); err != nil {
					return err
				}
			}
			var v verifyView
			if err := c.ask(cmd.Context(), "POST", "/verify", body, &v); err != nil {
				return err
			}
			_ = show(u, v, u.verdict)
			if len(v.Unmet) > 0 {
				return exit(exitUnmet)
			}
			return nil
		},
	}
}

// verdict tells the outcome of verify.
func (u *ui) verdict(v verifyView) {
	switch {
	case v.Checked == 0:
		u.Print("nothing is expected")
	case len(v.Unmet) == 0:
		u.Print("%s met", count(v.Checked, "expectation"))
	}
	for _, unmet := range v.Unmet {
		for line := range strings.Lines(unmet.String()) {
			u.Print("%s", strings.TrimRight(line, "\n"))
		}
	}
}

// textOf is what an argument says: itself, a file's text, or stdin for "-".
func textOf(cmd *cobra.Command, arg string) ([]byte, error) {
	switch {
	case arg == "-":
		return readAll(cmd.InOrStdin())
	case strings.ContainsAny(arg, "{[:"), !scenarios.IsFile(arg):
		return []byte(arg), nil
	}
	f, err := os.Open(arg)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		return nil, usage("name a YAML or JSON file, or write it out: '{…}'", "%s cannot be read: %v", arg, err)
	}
	defer f.Close()
	return readAll(f)
}
