package natoracle

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator/nat"
)

var update = flag.Bool("update", false, "write docs/nat.md anew")

// matrix is the verdict of each ordered pair of classes.
type matrix [][]Method

// matrixOf judges each pair once: see TestOrderMakesNoDifference.
func matrixOf(all []nat.Behaviour, igd bool, m Meeting) matrix {
	x := make(matrix, len(all))
	for i, a := range all {
		x[i] = make([]Method, len(all))
		for j, b := range all[:i+1] {
			x[i][j] = Judge(Pair{A: Home{NAT: a, IGD: igd}, B: Home{NAT: b}, Meeting: m}).Method
			x[j][i] = x[i][j]
		}
	}
	return x
}

// The page is made of what the search finds: go test ./internal/natoracle -run Page -update
func TestPage(t *testing.T) {
	t.Parallel()
	classes := Classes()
	met, alone := matrixOf(classes, false, Rendezvous), matrixOf(classes, false, Alone)
	for i, a := range classes {
		for j, b := range classes {
			switch {
			case met[i][j] == Impossible && alone[i][j] != Impossible:
				t.Errorf("%v with %v: a rendezvous does harm", a, b)
			case (a.Kind == nat.Blocking || b.Kind == nat.Blocking) && met[i][j] != Impossible:
				t.Errorf("%v with %v: UDP passes", a, b)
			}
		}
	}

	var p bytes.Buffer
	p.WriteString(head)
	classicPart(&p)
	carrierPart(&p)
	samePart(&p)
	fmt.Fprintf(&p, "\n## All pairs of %d NATs\n\n%s\n", len(classes), legend)
	grid(&p, "With a rendezvous", classes, met)
	grid(&p, "Without any third party", classes, alone)
	reasons(t, &p, "Why pairs fail with a rendezvous", classes, met, Rendezvous)
	reasons(t, &p, "Why pairs fail without any third party", classes, alone, Alone)

	const path = "../../docs/nat.md"
	if *update {
		if err := os.WriteFile(path, p.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(have), "\r\n", "\n"), p.String()); diff != "" {
		t.Errorf("docs/nat.md is stale: go test ./internal/natoracle -run Page -update\n%s", diff)
	}
}

const head = `# Which two NATs can be connected

<!-- Made by go test ./internal/natoracle -run Page -update -->

Two programs, each behind its NAT, want a path of UDP between them. Is there one, and why not?

` + "`igdctl nat --server HOST`" + ` tells which NAT you are behind, ` + "`igdctl reach PORT`" + ` what others can call, and ` + "`igdctl punch`" + ` opens the path. To find your pair:

| where the two are | look at |
|---|---|
| in two homes | [the four of RFC 3489](#the-four-of-rfc-3489), or [all pairs](#all-pairs-of-34-nats) |
| one or both behind a provider's NAT (CGNAT) | [what that makes of your NAT](#behind-a-carriers-nat), then as above |
| in two homes behind the same provider's NAT | [one carrier](#two-homes-behind-one-carriers-nat) |
| in one home | [one home](#two-hosts-of-one-home) |

- **direct**: one side sends to an address that it knows, and the other answers.
- **punch**: both send to addresses that they know; what is dropped at first has opened the way back.
- **guess**: one has to send to the port that comes after the one it knows, because the other's NAT takes ports in order.
- **impossible**: no order of sending does it. A relay is needed, or a port mapping.

**With a rendezvous** both have sent to a server on the Internet first, which told each what it saw of the other. **Without any third
party** (as chownat does) each knows only the other's public address and the port that the other's program has at home.

**A port mapping by IGD on either side makes every pair direct**, with a rendezvous and without, unless UDP is blocked, or the gateway with the
mapping stands behind a carrier's NAT.

None of this was written by hand: it is what an exhaustive search over the translation tables of ` + "`emulator/nat`" + ` finds, in which
each side may send to every address that it can know, in any order, up to three datagrams and what answers them. Random ports are unknown to
all: what works by sending to thousands of ports at once, in the hope of hitting one, counts as impossible here. A path is open when each side sends to
the address that it sees the other's datagrams come from. No other host uses the NATs meanwhile. ` + "`client.Punch`" + ` runs for every pair in the
emulator's network, and opens those that are not impossible.
`

const legend = "NATs are written MAPPING/FILTERING as `fakeigd` reads them: `eim` endpoint-independent, `adm` address-dependent, `apdm` address- and\n" +
	"port-dependent mapping; `eif`, `adf`, `apdf` the same for filtering (RFC 4787). `plain` translates nothing: `plain/eif` is the open\n" +
	"Internet, and `plain/apdf` a firewall. Names of RFC 3489 stand beside.\n\n" +
	"In the grids `=` is direct, `p` punch, `g` guess and `·` impossible.\n"

// name is the pair of RFC 4787, and the ports.
func name(b nat.Behaviour) string {
	words := [][]string{{"eim", "adm", "apdm"}, {"eif", "adf", "apdf"}}
	switch filtering := words[1][b.Filtering]; b.Kind {
	case nat.Blocking:
		return "blocked"
	case nat.Translating:
		return words[0][b.Mapping] + "/" + filtering + " " + b.Ports.String()
	case nat.OneToOne:
		return "one-to-one/" + filtering
	default:
		return "plain/" + filtering
	}
}

func grid(p *bytes.Buffer, title string, all []nat.Behaviour, m matrix) {
	fmt.Fprintf(p, "\n### %s\n\n```\n%31s", title, "")
	for i := range all {
		fmt.Fprintf(p, "%3d", i+1)
	}
	p.WriteString("\n")
	for i, a := range all {
		fmt.Fprintf(p, "%2d %-28s", i+1, name(a)+rfc3489(a))
		for _, v := range m[i] {
			p.WriteString("  " + []string{"=", "p", "g", "·"}[v])
		}
		p.WriteString("\n")
	}
	p.WriteString("```\n")
}

// rfc3489 is the name that goes with the mapping and filtering, if there is one.
func rfc3489(b nat.Behaviour) string {
	if b.Kind == nat.Translating {
		for i, c := range classic() {
			if c.Mapping == b.Mapping && c.Filtering == b.Filtering {
				return []string{" cone", " restr.", " port-r.", " symm."}[i]
			}
		}
	}
	return ""
}

// reasons lists the pairs that fail, each once, by why they do.
func reasons(t *testing.T, p *bytes.Buffer, title string, all []nat.Behaviour, m matrix, meeting Meeting) {
	type row struct{ first, would string }
	var texts []string
	seconds := map[string]map[row][]string{}
	rows := map[string][]row{}
	for i := range all {
		for j := i; j < len(all); j++ {
			if m[i][j] != Impossible || all[j].Kind == nat.Blocking {
				continue
			}
			a, b := Home{NAT: all[i]}, Home{NAT: all[j]}
			why := Why(Pair{A: a, B: b, Meeting: meeting})
			if why.First == B {
				a, b = b, a
			}
			would := "no single change"
			if r := Rescues(Pair{A: a, B: b, Meeting: meeting}); len(r) > 0 {
				would = strings.Trim(fmt.Sprint(r), "[]")
				for _, word := range []string{"first: ", "second: "} {
					would = strings.ReplaceAll(would, " "+word, "; "+word)
				}
			}
			if why.Text == "unknown" {
				t.Errorf("%v with %v fails, and nobody knows why", a, b)
			}
			if seconds[why.Text] == nil {
				texts = append(texts, why.Text)
				seconds[why.Text] = map[row][]string{}
			}
			r := row{name(a.NAT), would}
			if seconds[why.Text][r] == nil {
				rows[why.Text] = append(rows[why.Text], r)
			}
			seconds[why.Text][r] = append(seconds[why.Text][r], name(b.NAT))
		}
	}
	fmt.Fprintf(p, "\n## %s\n\nThat no UDP passes one of the gateways is the reason of all pairs with `blocked`. The others:\n", title)
	for _, text := range texts {
		fmt.Fprintf(p, "\n### %s%s\n\n| first | second | what would open it |\n|---|---|---|\n", strings.ToUpper(text[:1]), text[1:])
		slices.SortStableFunc(rows[text], func(a, b row) int { return strings.Compare(a.first, b.first) })
		for _, r := range rows[text] {
			fmt.Fprintf(p, "| %s | %s | %s |\n", r.first, strings.Join(seconds[text][r], ", "), r.would)
		}
	}
}
