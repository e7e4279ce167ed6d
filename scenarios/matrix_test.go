package scenarios_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/scenarios"
	"github.com/igdkit/igdkit/soap"
)

// The client meets every scenario and reaches its verdict. It knows nothing of them: it searches, opens 8080/tcp for an hour, with
// another port if need be, and keeps it open. How it does stands in testdata/reached/igdkit.txt; -update writes it.
func TestMatrix(t *testing.T) {
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	now := map[string]result{}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, words, why := reach(t, stand(t, s, 1, nil), lasts(s))
				if got != s.Verdict {
					t.Errorf("reached %s, want %s\n%s", got, s.Verdict, why)
				}
				now[s.Name] = result{string(got), words}
			})
		})
	}
	if len(now) < len(all) {
		return // -run has chosen some
	}
	if flag.Lookup("update").Value.String() == "true" {
		writeResults(t, "igdkit", now)
	} else if diff := cmp.Diff(results(t, "igdkit"), now, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("testdata/reached/igdkit.txt is stale: go test ./scenarios -run 'Matrix|Reached' -update\n%s", diff)
	}
}

const day = 24 * time.Hour

// lasts is how long the port is kept open: a few leases, and a day where the scenario is about what happens in time.
func lasts(s *scenarios.Scenario) time.Duration {
	if testing.Short() { // the race detector sees everything twice as slowly, and nothing new the second day
		return 90 * time.Minute
	}
	if s.Group == "life" || s.Group == "add" {
		return day
	}
	return 3 * time.Hour
}

// reach tells what the client reaches, in a few words what that is, and how it came to it.
func reach(t *testing.T, s *street, lasts time.Duration) (got scenarios.Verdict, words, why string) {
	t.Helper()
	behind := s.run("8080")
	ctx, cancel := context.WithTimeout(t.Context(), 2*day)
	defer cancel()
	c := client.New(client.Options{Net: s.pc, Listen: true, Rand: rand.New(rand.NewPCG(1, 2))})
	req := client.Request{InternalPort: 8080, Lease: time.Hour, AnyPort: true}
	m, err := c.Map(ctx, req)
	switch got := failed(err); {
	case err == nil:
		m.Keep(ctx)
	case got == scenarios.VerdictNoGateway || got == scenarios.VerdictBroken:
		m = c.Keep(ctx, req) // it may have been a bad moment
	default:
		return got, "", story(nil, err)
	}
	told := make(chan []client.Event)
	go func() {
		var all []client.Event
		for e := range m.Events() {
			all = append(all, e)
		}
		told <- all
	}()
	now := s.judge(m, behind)
	if now != scenarios.VerdictOpens && now != scenarios.VerdictOpensElsewhere {
		s.sleep(2 * time.Minute)
		now = s.judge(m, behind)
	}
	if now == scenarios.VerdictBroken && m.Err() != nil {
		now = failed(m.Err())
	}
	words = inWords(m)
	later, said := now, error(nil)
	if now == scenarios.VerdictOpens || now == scenarios.VerdictOpensElsewhere {
		s.sleep(lasts)
		later, said = s.judge(m, behind), m.Err()
	}
	ended := time.Now()
	m.Close(ctx)
	events := <-told
	text := story(m, err)
	for _, e := range events[max(0, len(events)-40):] {
		text += fmt.Sprintln(e.Time.Format("15:04:05"), e)
	}
	// What does not last is lost, but not without a word: either it is open later, too, or the client says that it is not.
	lost := slices.ContainsFunc(events, func(e client.Event) bool {
		return (e.Kind == client.Lost || e.Kind == client.Repaired) && ended.Sub(e.Time) < time.Hour
	})
	switch {
	case later == now, later == scenarios.VerdictOpens, later == scenarios.VerdictOpensElsewhere, said != nil, lost:
		return now, words, text
	}
	return later, words, fmt.Sprintf("%v later:\n%s", lasts, text)
}

// inWords is what is open, "" for nothing.
func inWords(m *client.Mapping) string {
	open := m.Entries()
	if len(open) == 0 {
		return ""
	}
	words := fmt.Sprintf("%d for an unknown time", open[0].External.Port())
	switch l := open[0].Lease; {
	case l.Permanent():
		words = fmt.Sprintf("%d without end", open[0].External.Port())
	case l.Known:
		words = fmt.Sprintf("%d for %s", open[0].External.Port(), strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(l.Granted.String()))
	}
	switch verdict := client.Judge(m.External().Addr()); verdict {
	case client.Public:
	case client.None:
		words += ", tells no address"
	default:
		words += fmt.Sprintf(", tells %v, which is %s", m.External().Addr(), verdict)
	}
	return words
}

// failed is the verdict of an error.
func failed(err error) scenarios.Verdict {
	if err == nil {
		return scenarios.VerdictOpens
	}
	var refused *soap.Error
	switch {
	case errors.Is(err, client.ErrNoGateway):
		return scenarios.VerdictNoGateway
	case errors.As(err, &refused):
		return scenarios.Verdict(fmt.Sprintf("refused:%d", refused.Code))
	}
	return scenarios.VerdictBroken
}

// judge looks at what is open, and at whether a peer gets through to it.
func (s *street) judge(m *client.Mapping, behind *program) scenarios.Verdict {
	open := m.Entries()
	switch {
	case len(open) == 0:
		return scenarios.VerdictBroken
	case client.Judge(m.External().Addr()) != client.Public:
		return scenarios.VerdictUnusable
	case !s.reaches(m.External(), behind):
		return scenarios.VerdictOpensButDead
	case m.External().Port() != 8080 || open[0].Lease.Known && open[0].Lease.Granted != time.Hour:
		return scenarios.VerdictOpensElsewhere
	}
	return scenarios.VerdictOpens
}

// reaches tells whether a new connection of the peer to addr carries bytes to the program and back.
func (s *street) reaches(addr netip.AddrPort, p *program) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	outer, err := s.peer.Dial(ctx, "tcp", netip.Addr{}, addr.String())
	if err != nil {
		return false
	}
	defer outer.Close()
	inner, err := p.tcp.Accept()
	if err != nil {
		return false
	}
	defer inner.Close()
	return passes(outer, inner, "in") && passes(inner, outer, "out")
}

// story is how the client came to where it is.
func story(m *client.Mapping, err error) string {
	var b strings.Builder
	var failure *client.MapError
	var steps []client.Step
	if errors.As(err, &failure) {
		steps = failure.Trace
	}
	if m != nil {
		steps = m.Trace()
	}
	for _, s := range steps {
		fmt.Fprintln(&b, s.At.Format("15:04:05"), s)
	}
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	return b.String()
}
