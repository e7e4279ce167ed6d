package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// punchSide runs igdctl punch on one side as a person would: it tells what the other side needs, gets what the other side has told, and then a sentence goes
// each way.
const punchSide = `me=$1 other=$2; shift 2
( until n=$(sed -n 's/.*is to be told: //p' $other.err 2>/dev/null) && [ -n "$n" ]; do sleep 0.05; done; echo "$n"; echo "hello from $me" ) |
	IGD_PUNCH_KEY=0123456789abcdef igdctl punch --local 4000 --server stun.lab --wait 8s --pipe "$@" 2>$me.err >$me.out
echo $? >$me.code
`

// TestPunchInLab has two homes of each pair of the four NATs of RFC 3489, with IGD on neither side or one, behind a carrier's NAT and behind one for both, in
// one network of namespaces: igdctl opens a path where the search says that there is one, and says otherwise that it takes a relay.
func TestPunchInLab(t *testing.T) {
	t.Parallel()
	needLab(t)
	path := commandsOnPath(t)
	four := []nat.Behaviour{nat.FullCone(), nat.Restricted(), nat.PortRestricted(), nat.Symmetric()}
	type home = natoracle.Home
	var pairs []natoracle.Pair
	for i, a := range four {
		for _, b := range four[:i+1] {
			if testing.Short() && i < 2 {
				continue
			}
			pairs = append(pairs, natoracle.Pair{A: home{NAT: a}, B: home{NAT: b}})
		}
	}
	hard, cone := nat.Symmetric(), nat.FullCone()
	hairpins := nat.RFC4787()
	pairs = append(pairs,
		natoracle.Pair{A: home{NAT: hard, IGD: true}, B: home{NAT: hard}},
		natoracle.Pair{A: home{NAT: cone, IGD: true, Carrier: &hard}, B: home{NAT: nat.PortRestricted()}},
		natoracle.Pair{A: home{NAT: cone, Carrier: &hairpins}, B: home{NAT: nat.PortRestricted(), Carrier: &hairpins}, Place: natoracle.SameCarrier},
		natoracle.Pair{A: home{NAT: cone}, Place: natoracle.SameHome, Inside: true},
	)

	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("side.sh", punchSide)
	write("net.yaml", punchNetwork(pairs))
	cmd := exec.CommandContext(t.Context(), filepath.Join(path, "fakeigd"), "lab", "-f", "net.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for i, p := range pairs {
		want := natoracle.Judge(p)
		t.Run(fmt.Sprintf("%v with %v, place %d", p.A, p.B, p.Place), func(t *testing.T) {
			for side, other := range map[string]string{"a": "b", "b": "a"} {
				read := func(ext string) string {
					text, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("p", i, side, ".", ext)))
					if err != nil {
						t.Fatal(err)
					}
					return strings.TrimSpace(string(text))
				}
				code, words := read("code"), read("err")
				if want.Method == natoracle.Impossible {
					if code != "6" || !strings.Contains(words, "let no path through") {
						t.Errorf("exit code %s, want 6:\n%s", code, words)
					}
					continue
				}
				if heard := fmt.Sprint("hello from p", i, other); code != "0" || read("out") != heard {
					t.Errorf("exit code %s, %q came; want 0, %q:\n%s", code, read("out"), heard, words)
				}
				if direct := strings.Contains(words, "(direct)"); direct && want.Method != natoracle.Direct {
					t.Errorf("want %v:\n%s", want, words)
				}
			}
		})
	}
}

// punchNetwork is the file of a network with all pairs in it.
func punchNetwork(pairs []natoracle.Pair) string {
	var homes, routers strings.Builder
	for i, p := range pairs {
		for j, h := range []natoracle.Home{p.A, p.B} {
			me, other := fmt.Sprint("p", i, "ab"[j:j+1]), fmt.Sprint("p", i, "ba"[j:j+1])
			command := fmt.Sprintf("sh side.sh %s %s", me, other)
			if !h.IGD {
				command += " --no-igd"
			}
			host := fmt.Sprintf("{name: %s, command: %s}", me, command)
			if p.Place == natoracle.SameHome {
				if j == 0 {
					fmt.Fprintf(&homes, "  - {name: h%s, nat: %q, hosts: [%s, ", me, p.A.NAT, host)
				} else {
					fmt.Fprintf(&homes, "%s]}\n", host)
				}
				continue
			}
			fmt.Fprintf(&homes, "  - {name: h%s, nat: %q, ", me, h.NAT)
			if h.Carrier != nil {
				carrier := fmt.Sprint("c", i)
				if p.Place == natoracle.Apart {
					carrier += "ab"[j : j+1]
				}
				fmt.Fprintf(&homes, "upstream: %s, ", carrier)
				if j == 0 || p.Place == natoracle.Apart {
					fmt.Fprintf(&routers, "  - {name: %s, nat: %q, lan: 100.64.%d.0/24}\n", carrier, h.Carrier, i)
				}
			}
			fmt.Fprintf(&homes, "hosts: [%s]}\n", host)
		}
	}
	return "homes:\n" + homes.String() + "routers:\n" + routers.String()
}

// Two sides that know nothing of each other but a name, as of a dynamic DNS service, need nobody else.
func TestPunchByName(t *testing.T) {
	t.Parallel()
	needLab(t)
	path := commandsOnPath(t)
	dir := t.TempDir()
	side := func(name, other string) string {
		return fmt.Sprintf("  - name: %s\n    nat: port-restricted\n    hosts: [{name: %[1]s-pc, command: [igdctl, punch, '%s.lab:4000', --local, '4000', --no-igd]}]\n", name, other)
	}
	if err := os.WriteFile(filepath.Join(dir, "net.yaml"), []byte("homes:\n"+side("alice", "bob")+side("bob", "alice")), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(path, "fakeigd"), "lab", "-f", "net.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ":4000 (punch)") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
}
