package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/statefile"
	"github.com/igdkit/igdkit/scenarios"
)

// homeOf is a computer behind a gateway of a scenario, in memory: what the gateway is, and igdctl there.
func homeOf(t *testing.T, text string, change func(*emulator.Options)) (*emulator.Gateway, func(ctx context.Context, args ...string) (code int, stdout, stderr string)) {
	t.Helper()
	sc, err := scenarios.Parse("test.yaml", []byte("schema: 1\nname: test\nsummary: A test.\nevidence: []\nexposes: \"\"\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	lan := netip.MustParsePrefix("192.168.1.1/24")
	o := sc.Options()[0]
	o.Net, o.LAN, o.SSDP = n.Host("router", lan), lan.Addr(), "multicast"
	pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	pc.SetDefaultGateway(lan.Addr())
	if change != nil {
		change(&o)
	}
	journal := filepath.Join(t.TempDir(), "ports.json")
	return emulator.Start(t, o), func(ctx context.Context, args ...string) (int, string, string) {
		var out, words strings.Builder
		code := run(ctx, args, env{net: pc, stdout: &out, stderr: &words, journal: journal})
		return code, out.String(), words.String()
	}
}

// Of both protocols one is closed and the other refused: each is said.
func TestCloseHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, igdctl := homeOf(t, "quirk:\n  faults:\n    - {on: soap.DeletePortMapping, if: {arg: {NewProtocol: UDP}}, do: {upnp-error: 501}}\n", nil)
		if code, _, words := igdctl(t.Context(), "open", "8080/both"); code != 0 {
			t.Fatal(words)
		}
		code, out, words := igdctl(t.Context(), "close", "8080/both")
		if code != exitRefused || out != "8080/tcp is closed\n" || !strings.Contains(words, "8080/udp of 8080/both: the gateway failed to do it") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if all := g.Mappings(); len(all) != 1 || all[0].Protocol != "UDP" {
			t.Error(all)
		}
		if code, _, words := igdctl(t.Context(), "open", "8080/tcp"); code != 0 {
			t.Fatal(words)
		}
		code, out, _ = igdctl(t.Context(), "close", "8080/both", "--json")
		if tcp, udp := strings.Index(out, `"TCP"`), strings.Index(out, `"UDP"`); code != exitRefused || tcp < 0 || udp < tcp || strings.Contains(out[tcp:udp], `"error"`) || !strings.Contains(out[udp:], `"error"`) {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
}

// What is broken off in the middle says so by its exit code.
func TestCloseBrokenOff(t *testing.T) {
	for _, args := range [][]string{{"close", "--all"}, {"close", "--mine"}, {"close", "8080", "8081", "8082"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, interrupt := context.WithCancel(t.Context())
				g, igdctl := homeOf(t, "devices: {profile: igd1}\n", func(o *emulator.Options) {
					o.OnEvent = func(e emulator.Event) {
						if e.Event == emulator.MappingDeleted {
							interrupt()
						}
					}
				})
				if code, _, words := igdctl(t.Context(), "open", "8080", "8081", "8082"); code != 0 {
					t.Fatal(words)
				}
				code, out, words := igdctl(ctx, args...)
				if code != exitInterrupted || strings.Count(words, "interrupted") != 1 || strings.Count(out, "is closed") > 1 {
					t.Errorf("exit code %d: %s%s", code, out, words)
				}
				if len(g.Mappings()) != 2 {
					t.Error(g.Mappings())
				}
			})
		})
	}
}

// Where another process holds the journal, it is worth another try, and no reason to close what is others'.
func TestMineLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		s.journal = filepath.Join(t.TempDir(), "ports.json")
		s.run("open", "8080")
		b, err := os.ReadFile(s.journal)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte(`"pid":`), []byte(`"keeper":"1-deadbeef","pid":`)) // whoever wants to know whether it lives needs the lock
		if err := os.WriteFile(s.journal, b, 0o600); err != nil {
			t.Fatal(err)
		}
		unlock, err := statefile.TryLock(s.journal + ".lock")
		if err != nil {
			t.Fatal(err)
		}
		code, out, words := s.run("close", "--mine")
		if code != exitLocal || out != "" || !strings.Contains(words, "hint: run it again\n") || strings.Contains(words, "--all") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		unlock()
		if code, out, words = s.run("close", "--mine"); code != 0 || out != "8080/tcp is closed\n" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
	})
}

// A gateway that says success and makes nothing has refused.
func TestNotMadeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, igdctl := homeOf(t, "devices: {profile: igd1, quirks: [{add-table-full-silent-32: {limit: 24}}]}\n", nil)
		var ports []string
		for i := range 24 {
			ports = append(ports, strconv.Itoa(4000+i))
		}
		if code, _, words := igdctl(t.Context(), append([]string{"open"}, ports...)...); code != 0 {
			t.Fatal(words)
		}
		code, out, words := igdctl(t.Context(), "open", "8080")
		if code != exitRefused || out != "" || !strings.Contains(words, "error: 8080/tcp: the gateway says that the port is open, and did not open it: its table may be full\n") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
	})
}

// Every error that the client has a name for is explained by it: what is not would be "this computer failed".
func TestErrorsOfTheClientAreExplained(t *testing.T) {
	files, err := filepath.Glob("../../client/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var ours strings.Builder
	own, _ := filepath.Glob("*.go")
	for _, name := range own {
		if !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ours.Write(text)
		}
	}
	seen := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				name := s.(*ast.TypeSpec).Name.Name
				if !ast.IsExported(name) || !strings.HasSuffix(name, "Error") {
					continue
				}
				seen++
				if !regexp.MustCompile(`errors\.AsType\[\*client\.` + name + `\]`).MatchString(ours.String()) {
					t.Errorf("client.%s is explained nowhere", name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d errors were looked at", seen)
	}
}
