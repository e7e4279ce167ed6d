package main

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/cli"
	"github.com/igdkit/igdkit/internal/words"
)

// manner is something that every client is expected to have.
type manner struct {
	emulator.Expectation
	words string
}

// manners are those of --expect-clean. Errors of UPnP are no bad ones: a client may try what a gateway then refuses. What a fault
// answered is not the client's doing.
func manners() []manner {
	never := new(0)
	innocent := map[string]emulator.Test{"by": {Empty: new(true)}}
	all := []manner{{
		emulator.Expectation{Changes: emulator.Pattern(emulator.MappingExpired), Exactly: never},
		"no lease runs out before it is renewed or its mapping deleted",
	}}
	for _, status := range []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusNotImplemented} {
		all = append(all, manner{
			emulator.Expectation{Requests: "*", Status: new(status), With: innocent, Exactly: never},
			fmt.Sprintf("no request is malformed (HTTP status %d)", status),
		})
	}
	for _, status := range []int{http.StatusBadRequest, http.StatusPreconditionFailed} {
		all = append(all, manner{
			emulator.Expectation{Subscribes: "*", Status: new(status), With: innocent, Exactly: never},
			fmt.Sprintf("no subscription is malformed (HTTP status %d)", status),
		})
	}
	return all
}

// expectations are the scenario's, and with --expect-clean good manners.
func (c cast) expectations() []emulator.Expectation {
	all := slices.Clone(c.expect)
	if c.clean {
		for _, m := range manners() {
			all = append(all, m.Expectation)
		}
	}
	return all
}

// unmet is what is expected and has not come true, mappings that are left included.
func (p *play) unmet() []emulator.Unmet {
	all := p.tally.Unmet()
	if !p.clean {
		return all
	}
	for _, m := range manners() {
		for i, u := range all {
			if u.Expectation == m.String() {
				all[i].Expectation = m.words
			}
		}
	}
	for _, g := range p.gateways {
		left := emulator.Unmet{Expectation: "no mapping is left at " + g.Name(), Near: []emulator.NearMiss{}}
		for _, m := range g.Mappings() {
			if m.Static {
				continue
			}
			left.Seen++
			if e, ok := g.lastAbout(m.String()); ok && len(left.Near) < 3 {
				left.Near = append(left.Near, emulator.NearMiss{Entry: e})
			}
		}
		if left.Seen > 0 {
			all = append(all, left)
		}
	}
	return all
}

// lastAbout is the latest change of the journal of that name.
func (g *gateway) lastAbout(name string) (last emulator.Entry, found bool) {
	for _, e := range g.Journal() {
		if strings.HasPrefix(e.Kind, "state.mapping-") && e.Name == name {
			last, found = e, true
		}
	}
	return last, found
}

// tellUnmet says on stderr what was expected of CMD in vain, and which command line shows more.
func (u *ui) tellUnmet(unmet []emulator.Unmet, cmd *cobra.Command, argv []string) {
	message := fmt.Sprintf("%s did not do what is expected: %s not met", argv[0], count(len(unmet), "expectation"))
	if u.JSON { // stdout is theirs
		doc := map[string]any{"error": failureJSON{Kind: "unmet", Message: cli.OneLine(message)}, "unmet": unmet}
		_ = cli.WriteDocument(u.stderr, doc, true) // there is nobody left to tell
		return
	}
	for _, one := range unmet {
		for line := range strings.Lines(one.String()) {
			u.Say("%s", strings.TrimRight(line, "\n"))
		}
	}
	u.Error(message)
	u.Hint("see all that the gateway saw: " + again(cmd, argv))
}

// again is the command line that does the same once more, and writes a journal.
func again(cmd *cobra.Command, argv []string) string {
	args := strings.Fields(cmd.CommandPath())
	journal := "seen.ndjson"
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == "json":
		case f.Name == "journal":
			journal = cmp.Or(f.Value.String(), journal)
		case !f.Changed && f.Name != "seed":
		case f.Value.Type() == "bool":
			args = append(args, "--"+f.Name+"="+f.Value.String())
		default:
			for _, value := range cli.FlagValues(f) {
				args = append(args, "--"+f.Name, value)
			}
		}
	})
	args = append(args, "--journal", journal, "--")
	return words.Shell(append(args, argv...)...)
}
