package main

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/cli"
)

func TestWarnOwnListener(t *testing.T) {
	for _, tt := range []struct {
		who   listener
		bound string
		want  string
	}{
		{somebody, "0.0.0.0", ""},
		{cannotTell, "", ""},
		{nobody, "", "igdctl: warning: nothing listens on port 8080/tcp of this computer yet\n"},
		{onlyItself, "127.0.0.1", "igdctl: warning: the program on port 8080/tcp listens only on 127.0.0.1, where nobody outside this computer reaches it\n" +
			"igdctl: hint: let it listen on 192.168.1.10 or 0.0.0.0\n"},
		{onlyItself, "::1", "igdctl: warning: the program on port 8080/tcp listens only on ::1, where nobody outside this computer reaches it\n" +
			"igdctl: hint: let it listen on 192.168.1.10 or 0.0.0.0\n"},
		{onlyOthers, "10.9.9.9", "igdctl: warning: the program on port 8080/tcp listens only on 10.9.9.9, and the gateway leads to 192.168.1.10\n" +
			"igdctl: hint: let it listen on 192.168.1.10 or 0.0.0.0\n"},
	} {
		var b strings.Builder
		a := &app{UI: cli.UI{Program: "igdctl", Stderr: &b}}
		var bound []netip.Addr
		if tt.bound != "" {
			bound = append(bound, netip.MustParseAddr(tt.bound))
		}
		a.warnOf(tt.who, bound, "port 8080/tcp", netip.MustParseAddr("192.168.1.10"))
		if b.String() != tt.want {
			t.Errorf("%v: %q, want %q", tt.who, b.String(), tt.want)
		}
	}
}

// Every command shows how it is used, and what it shows works as it stands.
func TestExamplesWork(t *testing.T) {
	igdctl := regexp.MustCompile(`igdctl [^#)>|]*`)
	for _, cmd := range append(newRootCmd(&app{}).Commands(), newRootCmd(&app{})) {
		if cmd.Name() == "pinhole" {
			continue // TestPinholeExamples
		}
		t.Run(cmd.Name(), func(t *testing.T) {
			g := emulator.Start(t, emulator.Options{Name: "lab", Policy: emulator.Policy{Ports: emulator.PortPolicy{Lowest: 1}}})
			e := env{environ: []string{"IGD_LOCATION=" + g.Location(), "IGD_SSDP=" + g.SSDP().String()}, journal: filepath.Join(t.TempDir(), "ports.json")}
			server, over, err := listenSTUN(netip.MustParseAddr("45.66.77.88"))
			if err != nil {
				t.Fatal(err)
			}
			defer over()
			if cmd.Name() == "nat" || cmd.Name() == "reach" || cmd.Name() == "punch" { // it sends to where it is seen, which must not be anywhere else than here
				server = natServer(t).Addr().String()
			}
			if cmd.Example == "" {
				t.Fatal("no example")
			}
			if cmd.Name() == "close" {
				runLine(t, t.Context(), e, 0, "open", "8080", "80:8080", "4500/udp", "27015")
			}
			for line := range strings.Lines(cmd.Example) {
				args := strings.Fields(igdctl.FindString(line))
				if len(args) == 0 {
					t.Errorf("not a command line: %q", line)
					continue
				}
				for i := range args {
					args[i] = strings.ReplaceAll(args[i], "stun.example.org:3478", server)
					args[i] = strings.ReplaceAll(args[i], "45.66.77.88:4000", "127.0.0.1:9") // nobody
					if args[i] == "4000" {
						args[i] = freePort(t)
					}
				}
				ctx, want := t.Context(), exitOK
				switch {
				case cmd.Name() == "with" || cmd.Name() == "watch" || strings.Contains(line, "--keep") || strings.Contains(line, "--lifetime") || cmd.Name() == "punch":
					// Understood, and stopped where it would run on.
					stopped, stop := context.WithCancel(ctx)
					stop()
					ctx, want = stopped, exitInterrupted
				case strings.Contains(line, "192.168."):
					continue // somebody's router
				}
				runLine(t, ctx, e, want, args[1:]...)
			}
		})
	}
}

func runLine(t *testing.T, ctx context.Context, e env, want int, args ...string) {
	t.Helper()
	var words strings.Builder
	e.stdout, e.stderr = io.Discard, &words
	got := run(ctx, args, e)
	if got != want && !(want == exitInterrupted && got == exitNotFound) {
		t.Errorf("igdctl %s: exit code %d, want %d; stderr: %s", strings.Join(args, " "), got, want, words.String())
	}
}

// Completing a command line must not search the network, and every flag says what it takes.
func TestFlagsAreDescribed(t *testing.T) {
	root := newRootCmd(&app{})
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short help %q", cmd.CommandPath(), cmd.Short)
		}
		if cmd.HasParent() && cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
			t.Errorf("%s completes its arguments with the names of files", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(root)
}

// The files of this user are used unless --no-cache says otherwise; what was opened is noted in any case.
func TestFilesOfTheUser(t *testing.T) {
	a := &app{env: env{cache: "gateways.json", journal: "ports.json"}}
	if o := a.options(); o.Cache != a.cache || o.Journal != a.journal || o.Warn == nil {
		t.Errorf("%+v", o)
	}
	a.noCache = true
	if o := a.options(); o.Cache != "" || o.Journal != a.journal {
		t.Errorf("with --no-cache: %+v", o)
	}
	var words strings.Builder
	a.UI = cli.UI{Program: "igdctl", Stderr: &words}
	for range 3 {
		a.warnOnce(errors.New("the journal of ports: it is gone"))
	}
	if words.String() != "igdctl: warning: the journal of ports: it is gone\n" {
		t.Errorf("%q", words.String())
	}
}
