package scenarios_test

import (
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/scenarios"
)

// row is a misbehaviour of the catalogue, as somebody outside the gateway sees it: on the wire, in the state or in the traffic.
type row struct {
	id    string                 // of the scenario
	look  func(s *street) string // in a bubble of synctest; it fails only by what cannot happen at either gateway
	want  string                 // what it sees in the scenario
	sound string                 // what it sees at a gateway without the misbehaviour
	than  string                 // that gateway; left out: the base of the quirk, and igd1 for a scenario
}

// rows are the catalogue. An id may have several.
func rows() []row {
	return slices.Concat(
		ssdpRows(), descriptionRows(), soapRows(), addRows(), queryRows(), addressRows(), lifeRows(), securityRows(),
	)
}

// Each misbehaviour is seen in its scenario, and not elsewhere.
func TestCatalogue(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.id, func(t *testing.T) {
			than := r.than
			if than == "" {
				than = plainOf(t, r.id)
			}
			if r.want == r.sound {
				t.Fatal("the look sees no difference")
			}
			for use, want := range map[string]string{r.id: r.want, than: r.sound} {
				var got string
				synctest.Test(t, func(t *testing.T) { got = r.look(play(t, use, 1)) })
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got)\n%s", use, diff)
				}
			}
		})
	}
}

// plainOf is what a scenario differs from.
func plainOf(t *testing.T, id string) string {
	t.Helper()
	if s := load(t, id); s.Base != "" {
		return s.Base
	}
	return "igd1"
}

// unplayed are the ids of the catalogue that no process can play, and why.
func unplayed() map[string]string {
	return map[string]string{
		"life-on-despite-off":  "what the pages of the router say of its UPnP is nowhere on the wire: it is a gateway like any other",
		"delete-leaves-filter": "the rule that stays lets through what no translation leads to it any more: nobody outside can tell",
	}
}

// proofs are ids with tests of their own beside rows.
func proofs() []string {
	return []string{
		"ssdp-src-port-ephemeral", "ssdp-reply-by-notify", "ssdp-multicast-dies", "ssdp-wps-root-first", "desc-two-wandevices",
		"desc-drops-first-connection", "soap-no-concurrency", "soap-resp-corrupt-bytes", "soap-v6-origin-refused", "add-table-full-silent-32",
		"list-views-differ", "extip-intermittent", "life-listed-not-forwarding", "life-unused-cleaned",
		"ssdp-other-subnet-ignored",
	}
}

// Every scenario of the catalogue has a row or a test of its own, and is of its section. testdata/rows.txt has the ids.
func TestCatalogueIsSeen(t *testing.T) {
	text, err := os.ReadFile("testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string]string{}
	for line := range strings.Lines(string(text)) {
		group, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		groups[id] = group
	}
	seen := map[string]bool{}
	for _, r := range rows() {
		seen[r.id] = true
	}
	for _, id := range proofs() {
		seen[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		s, err := scenarios.Load(id)
		switch why := unplayed()[id]; {
		case err != nil && why == "":
			t.Errorf("%s is missing, and not said to be impossible", id)
		case err != nil:
		case why != "":
			t.Errorf("%s is there, and said to be impossible: %s", id, why)
		case s.Group != groups[id]:
			t.Errorf("%s is of the group %s, want %s", id, s.Group, groups[id])
		case !seen[id]:
			t.Errorf("nobody looks at %s", id)
		}
	}
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if groups[s.Name] == "" && s.Group != "ideal" && s.Group != "profile" {
			t.Errorf("%s is of no row of the catalogue", s.Name)
		}
	}
}

// outcome is what comes of a request as a client tells it: "200", "500 725" for a UPnP error, another status with what is said, or how
// it ends without an answer: "closed", "reset", "refused", "silence" after a minute.
func (s *street) outcome(request string) string {
	s.t.Helper()
	text, end := s.exchange(request)
	if text == "" {
		return end
	}
	a := understand(s.t, text)
	words := []string{strings.Fields(text)[1]}
	if code, ok := a.args["errorCode"]; ok {
		words = append(words, code)
	}
	return strings.Join(words, " ")
}

// exchange sends a request from the pc on a new connection, and gives every byte that comes back until the end, and how it ends: "closed",
// "reset", "silence" after a minute, or "refused" instead of a connection.
func (s *street) exchange(request string) (answer, end string) {
	s.t.Helper()
	u, err := url.Parse(s.gateways[0].Location())
	if err != nil {
		s.t.Fatal(err)
	}
	return s.exchangeAt(u.Host, request)
}

// exchangeAt is exchange with another host and port.
func (s *street) exchangeAt(host, request string) (answer, end string) {
	s.t.Helper()
	c, err := s.pc.Dial(s.t.Context(), "tcp", netip.Addr{}, host)
	if err != nil {
		return "", "refused"
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, request); err != nil {
		return "", ending(err)
	}
	all, err := io.ReadAll(c)
	return string(all), ending(err)
}

// ending names the end of a connection.
func ending(err error) string {
	if err == nil {
		return "closed"
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "silence"
	}
	return "reset"
}
