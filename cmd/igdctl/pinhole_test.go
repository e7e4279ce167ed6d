package main

import (
	"context"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// sixHome is a computer with both families behind an emulated gateway, in memory.
func sixHome(t *testing.T, o emulator.Options) (*emulator.Gateway, env) {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	router, pc := n.Host("router"), n.Host("pc")
	prefix := netip.MustParsePrefix
	router.AddInterface("", prefix("192.168.1.1/24"), prefix("fe80::1/64"), prefix("2001:db8:1::1/64"))
	pc.AddInterface("", prefix("192.168.1.10/24"), prefix("fe80::10/64"), prefix("2001:db8:1::10/64"))
	pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	pc.SetDefaultGateway(netip.MustParseAddr("fe80::1%eth0"))
	o.Name, o.Net, o.LAN, o.SSDP, o.IPv6 = "lab", router, netip.MustParseAddr("192.168.1.1"), "multicast", true
	o.Clients = []netip.Prefix{prefix("192.168.1.0/24"), prefix("fe80::/10"), prefix("2001:db8:1::/64")}
	return emulator.Start(t, o), env{net: pc, journal: filepath.Join(t.TempDir(), "ports.json"), patience: time.Hour}
}

// say runs a command line and gives all it says.
func say(t *testing.T, e env, want int, line string) (stdout, stderr string) {
	t.Helper()
	var out, words strings.Builder
	e.stdout, e.stderr = &out, &words
	if got := run(t.Context(), strings.Fields(line), e); got != want {
		t.Errorf("igdctl %s: exit code %d, want %d\n%s%s", line, got, want, out.String(), words.String())
	}
	return out.String(), words.String()
}

func matches(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)` + pattern).MatchString(text) {
		t.Errorf("%s does not match\n%s", pattern, text)
	}
}

// A pinhole is opened, listed with what came through, and closed.
func TestPinholeStory(t *testing.T) {
	g, e := sixHome(t, emulator.Options{})
	out, words := say(t, e, exitOK, "pinhole list")
	if out != "" || words != "igdctl: no pinhole that igdctl opened is open\n" {
		t.Errorf("%q %q", out, words)
	}
	out, words = say(t, e, exitOK, "pinhole open 8080/both --for 2h")
	matches(t, out, `^\[2001:db8:1::10\]:8080/tcp  is open  until \w+ \d+ \w+ \d\d:\d\d \(2 hours\)$`)
	matches(t, out, `^\[2001:db8:1::10\]:8080/udp  is open `)
	matches(t, words, `^igdctl: warning: nothing listens on port 8080/tcp of this computer yet$`)
	for _, p := range g.Pinholes() {
		g.PassPinhole(p.ID, 7)
	}
	if out, _ = say(t, e, exitOK, "__complete pinhole close 8"); out != "8080/tcp\n8080/udp\n:4\n" {
		t.Errorf("offered is %q", out)
	}
	out, _ = say(t, e, exitOK, "pinhole list")
	matches(t, out, `^ADDRESS +FROM +REMAINING +PACKETS$`)
	matches(t, out, `^\[2001:db8:1::10\]:8080/udp  everybody  (2 hours|1 hour 59 minutes) +7$`)
	out, _ = say(t, e, exitOK, "pinhole list --json")
	matches(t, out, `"packets": 7,\n +"working": true`)
	out, _ = say(t, e, exitOK, "pinhole close 8080/udp")
	if out != "[2001:db8:1::10]:8080/udp is closed\n" || len(g.Pinholes()) != 1 {
		t.Errorf("%q, open are %v", out, g.Pinholes())
	}
	_, words = say(t, e, exitRefused, "pinhole close 8080/udp")
	matches(t, words, `^igdctl: error: igdctl opened no pinhole at 8080/udp that is open still$`)
	if err := g.Reboot(emulator.Reboot{}); err != nil { // which forgets it
		t.Fatal(err)
	}
	_, words = say(t, e, exitOK, "pinhole list")
	matches(t, words, `no pinhole that igdctl opened is open`)
	out, _ = say(t, e, exitOK, "pinhole close --all --json")
	matches(t, out, `"pinholes": \[\]`)
	out, _ = say(t, e, exitOK, "pinhole open 8081 --from 2001:db8:9::1 --json")
	matches(t, out, `"protocol": "tcp",\n +"address": "2001:db8:1::10",\n +"port": 8081,\n +"remote_host": "2001:db8:9::1",\n +"lease_seconds": 86400`)
	out, _ = say(t, e, exitOK, "pinhole close --all")
	matches(t, out, `8081/tcp is closed$`)
}

// What was opened on another router has a number there that is somebody else's here.
func TestPinholeOfAnotherRouter(t *testing.T) {
	_, old := sixHome(t, emulator.Options{UDN: "uuid:11111111-0000-4000-8000-000000000001"})
	say(t, old, exitOK, "pinhole open 8080")
	g, e := sixHome(t, emulator.Options{UDN: "uuid:11111111-0000-4000-8000-000000000002"})
	say(t, e, exitOK, "pinhole open 9090")
	e.journal = old.journal
	out, words := say(t, e, exitRefused, "pinhole close --all")
	matches(t, words, `^igdctl: error: \[2001:db8:1::10\]:8080/tcp: it was opened on another router, where it ends by itself at \w+ \d+ \w+ \d\d:\d\d$`)
	if out != "" || len(g.Pinholes()) != 1 {
		t.Errorf("%q, open are %v", out, g.Pinholes())
	}
}

// What is broken off in the middle says what it closed, and so does its document.
func TestPinholeCloseBrokenOff(t *testing.T) {
	for _, format := range []string{"", " --json"} {
		ctx, interrupt := context.WithCancel(t.Context())
		var closed atomic.Int32
		g, e := sixHome(t, emulator.Options{OnEvent: func(e emulator.Event) {
			if e.Event == emulator.PinholeClosed && closed.Add(1) == 2 {
				interrupt()
			}
		}})
		for _, port := range []string{"8080", "8081", "8082"} {
			say(t, e, exitOK, "pinhole open "+port)
		}
		var out, words strings.Builder
		e.stdout, e.stderr = &out, &words
		if got := run(ctx, strings.Fields("pinhole close --all"+format), e); got != exitInterrupted {
			t.Errorf("exit code %d", got)
		}
		if len(g.Pinholes()) != 1 {
			t.Errorf("open are %v", g.Pinholes())
		}
		if format == "" {
			matches(t, out.String(), `\A\[2001:db8:1::10\]:8080/tcp is closed$`)
			if n := strings.Count(words.String(), "interrupted"); n != 1 || strings.Count(out.String(), "is closed") > 2 {
				t.Errorf("%s%s", out.String(), words.String())
			}
		} else {
			matches(t, out.String(), `^\{\n  "pinholes": \[\n    \{\n +"id": 1,`)
			matches(t, out.String(), `^  "error": \{\n +"kind": "interrupted",`)
			if n := strings.Count(out.String(), `"port"`); n != 2 || words.String() != "" {
				t.Errorf("told of %d: %s%s", n, out.String(), words.String())
			}
		}
	}
}

// A record that cannot be read is not one in which nothing is.
func TestPinholeRecordUnreadable(t *testing.T) {
	for name, text := range map[string]string{"of a later version": `{"igdkit": "pinholes", "version": 99, "rows": []}`, "corrupt": "{"} {
		t.Run(name, func(t *testing.T) {
			for _, line := range []string{"pinhole close --all", "pinhole close 8080", "pinhole list"} {
				g, e := sixHome(t, emulator.Options{})
				say(t, e, exitOK, "pinhole open 8080")
				if err := os.WriteFile(filepath.Join(filepath.Dir(e.journal), "pinholes.json"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				out, words := say(t, e, exitLocal, line)
				matches(t, words, `^igdctl: error: the record of pinholes: .*pinholes\.json`)
				matches(t, words, `^igdctl: hint: a pinhole ends by itself, within a day at most$`)
				if out != "" || len(g.Pinholes()) != 1 {
					t.Errorf("%q, open are %v", out, g.Pinholes())
				}
			}
		})
	}
}

// What cannot be opened is said, with the exit code that goes with it.
func TestPinholeRefusals(t *testing.T) {
	no := false
	policy := func(p emulator.PinholePolicy) emulator.Options {
		return emulator.Options{Policy: emulator.Policy{Pinholes: p}}
	}
	for _, tt := range []struct {
		name    string
		gateway emulator.Options
		line    string
		exit    int
		words   string
	}{
		{"a low port", emulator.Options{}, "pinhole open 80", exitRefused, `error: 80/tcp: the gateway does not let this computer open that port \(606 .*\)\nigdctl: hint: many gateways open pinholes from port 1024 up only$`},
		{"nobody may", policy(emulator.PinholePolicy{Inbound: &no}), "pinhole open 8080", exitRefused, `error: 8080/tcp: the gateway lets no program open pinholes in its IPv6 firewall$`},
		{"no firewall", policy(emulator.PinholePolicy{Firewall: &no}), "pinhole open 8080", exitRefused, `error: 8080/tcp: the IPv6 firewall of the gateway is off: everybody is let in already`},
		{"no room", policy(emulator.PinholePolicy{Capacity: emulator.CapacityPolicy{Entries: 1}}), "pinhole open 8080/both", exitRefused, `error: 8080/both: the gateway has room for no more pinholes \(701 PinholeSpaceExhausted\)$`},
		{"version 1", emulator.Options{Version: 1}, "pinhole open 8080", exitRefused, `error: 8080/tcp: the gateway lets no program open its IPv6 firewall: it has no such service$`},
		{"too long", emulator.Options{}, "pinhole open 8080 --for 25h", exitUsage, `error: --for is too long; a pinhole is open for 24h at most$`},
		{"two ports", emulator.Options{}, "pinhole open 80:8080", exitUsage, `by IPv6 a port is the same inside and outside`},
		{"IPv4", emulator.Options{}, "pinhole open 8080 --from 192.0.2.1", exitUsage, `error: --from "192.0.2.1" is no IPv6 address$`},
		{"not kept", emulator.Options{}, "pinhole open 8080 --check 1m", exitUsage, `error: --check is how often a kept pinhole is looked at$`},
		{"checked too often", emulator.Options{}, "pinhole open 8080 --keep --check 10ms", exitUsage, `is too short; a second is the least`},
		{"no port", emulator.Options{}, "pinhole open", exitUsage, `error: igdctl pinhole open takes one PORT$`},
		{"no command", emulator.Options{}, "pinhole 8080", exitUsage, `error: igdctl pinhole has no command "8080"$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, e := sixHome(t, tt.gateway)
			out, words := say(t, e, tt.exit, tt.line)
			matches(t, words, tt.words)
			if out != "" || len(g.Pinholes()) > 0 {
				t.Errorf("stdout %q, open are %v", out, g.Pinholes())
			}
		})
	}
}

// The catalogue's gateways: one that says before that nobody may, and one that goes by the address a request comes from.
func TestPinholeScenarios(t *testing.T) {
	for name, want := range map[string]int{"pinhole-refused": exitRefused, "pinhole-source-bound": exitOK, "add-v6-client-402": exitOK} {
		t.Run(name, func(t *testing.T) {
			sc, err := scenarios.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			g, e := sixHome(t, sc.Options()[0])
			say(t, e, want, "pinhole open 8080")
			if open := len(g.Pinholes()) == 1; open != (want == exitOK) {
				t.Errorf("open are %v", g.Pinholes())
			}
			if calls := g.Calls("AddPinhole"); want != exitOK && len(calls) > 0 {
				t.Errorf("asked all the same: %v", calls)
			}
		})
	}
}

// A pinhole that is kept is told about, and closed when it is stopped.
func TestPinholeKept(t *testing.T) {
	for _, format := range []string{"", " --json"} {
		g, e := sixHome(t, emulator.Options{})
		ctx, stop := context.WithCancel(t.Context())
		var out strings.Builder
		e.stdout, e.stderr = writerFunc(func(b []byte) (int, error) {
			defer stop() // at the first event
			return out.Write(b)
		}), io.Discard
		if got := run(ctx, strings.Fields("pinhole open 8080 --keep"+format), e); got != exitInterrupted {
			t.Errorf("exit code %d", got)
		}
		if format == "" {
			matches(t, out.String(), `\[2001:db8:1::10\]:8080/tcp is open, and kept open$`)
			matches(t, out.String(), `\[2001:db8:1::10\]:8080/tcp is closed$`)
		} else {
			matches(t, out.String(), `^\{"event":"mapped","time":"[^"]+","id":1,"protocol":"tcp","address":"2001:db8:1::10","port":8080,"remote_host":"","lease_seconds":7200,`)
			matches(t, out.String(), `^\{"event":"closed",`)
		}
		if len(g.Pinholes()) > 0 {
			t.Errorf("left open: %v", g.Pinholes())
		}
	}
}

// A pinhole that is kept is open again within a second of a restarted gateway, which is heard, and within --check of somebody who closes it.
func TestPinholeKeptThrough(t *testing.T) {
	outlivePipes()() // the goroutine of package signal begins with its first use, and belongs to no bubble
	synctest.Test(t, func(t *testing.T) {
		g, e := sixHome(t, emulator.Options{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var mu sync.Mutex
		var out strings.Builder
		e.stdout, e.stderr = writerFunc(func(b []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return out.Write(b)
		}), io.Discard
		ended := make(chan int)
		go func() { ended <- run(ctx, strings.Fields("pinhole open 8080 --keep --check 1m"), e) }()
		time.Sleep(30 * time.Minute)
		if err := g.Reboot(emulator.Reboot{Downtime: emulator.Duration(20 * time.Second), NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if len(g.Pinholes()) != 1 {
			t.Errorf("a second after the restart %v are open", g.Pinholes())
		}
		say(t, e, exitOK, "pinhole close 8080")
		if len(g.Pinholes()) != 0 {
			t.Fatalf("closed, and %v are open", g.Pinholes())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(g.Pinholes()) != 1 {
			t.Errorf("a minute after it was closed %v are open", g.Pinholes())
		}
		stop()
		if got := <-ended; got != exitInterrupted {
			t.Errorf("exit code %d", got)
		}
		mu.Lock()
		defer mu.Unlock()
		if n := strings.Count(out.String(), "had gone and is open again"); n != 2 {
			t.Errorf("repaired %d times, want 2:\n%s", n, out.String())
		}
	})
}

// What happens to all that is kept is told of the port: a gateway that does not answer any more is searched, and what that does not close may stay open.
func TestPinholeKeptAlone(t *testing.T) {
	outlivePipes()()
	for format, want := range map[string][]string{
		"": {`^\d+ \w+ [\d:]+  the gateway does not answer any more, looking for it: the gateway cannot be reached`, `  8080/tcp: trying again in \d+ seconds?: no gateway`},
		" --json": {`^\{"event":"gateway_gone","time":"[^"]+","error":\{"kind":"unreachable",`,
			`^\{"event":"retrying","time":"[^"]+","retry_seconds":[\d.]+,"error":\{"kind":"no_gateway",`},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, e := sixHome(t, emulator.Options{})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var out, words strings.Builder
			e.stdout, e.stderr = &out, &words
			ended := make(chan int)
			go func() { ended <- run(ctx, strings.Fields("pinhole open 8080 --keep --check 1m"+format), e) }()
			time.Sleep(30 * time.Second)
			g.Close()
			time.Sleep(2 * time.Minute)
			stop()
			if got := <-ended; got != exitInterrupted {
				t.Errorf("exit code %d", got)
			}
			for _, pattern := range want {
				matches(t, out.String(), pattern)
			}
			matches(t, words.String(), `8080/tcp may still be open until its time is over: the gateway cannot be reached`)
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// Where IPv4 leads nowhere, open names the way by IPv6.
func TestOpenNamesPinhole(t *testing.T) {
	const hint = `hint: this computer has IPv6, which needs no port mapping: igdctl pinhole open 8080/tcp lets such peers in$`
	for _, tt := range []struct {
		name    string
		gateway emulator.Options
		exit    int
		hinted  bool
	}{
		{"a public address", emulator.Options{}, exitOK, false},
		{"a shared address", emulator.Options{ExternalIP: netip.MustParseAddr("100.64.1.2")}, exitOK, true},
		{"no mapping without an address of its own", emulator.Options{ExternalIP: netip.MustParseAddr("10.1.2.3"),
			Policy: emulator.Policy{ExternalIP: emulator.ExternalIPPolicy{Private: "hidden", Required: true}}}, exitRefused, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, e := sixHome(t, tt.gateway)
			_, words := say(t, e, tt.exit, "open 8080")
			if got := regexp.MustCompile(`(?m)` + hint).MatchString(words); got != tt.hinted {
				t.Errorf("hinted %v, want %v:\n%s", got, tt.hinted, words)
			}
		})
	}
	t.Run("no gateway", func(t *testing.T) {
		g, e := sixHome(t, emulator.Options{})
		g.Close()
		_, words := say(t, e, exitNoGateway, "open 8080")
		matches(t, words, hint)
	})
}

// Every example of the commands works as it stands, one after the other.
func TestPinholeExamples(t *testing.T) {
	g, e := sixHome(t, emulator.Options{})
	igdctl := regexp.MustCompile(`igdctl [^#)>|]*`)
	parent, _, err := newRootCmd(&app{}).Find([]string{"pinhole"})
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range append(parent.Commands(), parent) {
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		if cmd.Name() == "close" {
			runLine(t, t.Context(), e, exitOK, "pinhole", "open", "8080")
		}
		for line := range strings.Lines(cmd.Example) {
			ctx, want := t.Context(), exitOK
			if strings.Contains(line, "--keep") {
				stopped, stop := context.WithCancel(ctx)
				stop()
				ctx, want = stopped, exitInterrupted
			}
			runLine(t, ctx, e, want, strings.Fields(igdctl.FindString(line))[1:]...)
		}
	}
	for _, p := range g.Pinholes() {
		if p.InternalPort == 8080 {
			t.Errorf("left open: %v", p)
		}
	}
}
