package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/cli"
)

// expectations are the scenario's, and with --expect-clean those of good manners.
func (c cast) expectations() []emulator.Expectation {
	all := c.expect
	if c.clean {
		all = append(all[:len(all):len(all)], manners()...)
	}
	return all
}

// manners are what every client is to have: no lease runs out, because it was renewed or deleted, and no request is malformed. Errors
// of UPnP are none of these: a client may try what a gateway then refuses.
func manners() []emulator.Expectation {
	never := new(0)
	all := []emulator.Expectation{{Changes: emulator.Pattern(emulator.MappingExpired), Exactly: never}}
	for _, status := range []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusNotImplemented} {
		all = append(all, emulator.Expectation{Requests: "*", Status: new(status), Exactly: never})
	}
	for _, status := range []int{http.StatusBadRequest, http.StatusPreconditionFailed} {
		all = append(all, emulator.Expectation{Subscribes: "*", Status: new(status), Exactly: never})
	}
	return all
}

// unmet is what is expected and has not come true, mappings that are left included.
func (p *play) unmet() []emulator.Unmet {
	all := p.tally.Unmet()
	if !p.clean {
		return all
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

// tellUnmet says on stderr what was expected of CMD in vain.
func (u *ui) tellUnmet(unmet []emulator.Unmet, s *settings, argv []string) {
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
	again := "fakeigd run"
	for _, name := range s.scenarios {
		again += " --scenario " + name
	}
	u.Hint(fmt.Sprintf("see all that the gateway saw: %s --seed %d --journal seen.ndjson -- %s", again, s.seed, strings.Join(argv, " ")))
}
