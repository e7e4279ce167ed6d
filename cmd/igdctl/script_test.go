package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

func TestMain(m *testing.M) {
	// In the stories it never says what it waits for: how long that takes is up to the machine.
	testscript.Main(m, map[string]func(){"igdctl": func() { os.Exit(start(time.Hour)) }})
}

// TestScripts tells stories of igdctl as a real process and a gateway on loopback.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			// A script that forgets its gateway must not search the network of whoever runs it.
			e.Setenv("IGD_LOCATION", "http://127.0.0.1:1/no-gateway-in-this-script")
			e.Values[standKey{}] = &stand{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gateway":  cmdGateway,
			"broken":   cmdBroken,
			"neighbor": cmdNeighbor,
			"server":   cmdServer,
			"stun":     cmdSTUN,
			"rfc5780":  cmdRFC5780,
			"table":    cmdTable,
			"start":    cmdStart,
			"line":     cmdLine,
			"end":      cmdEnd,
			"happens":  cmdHappens,
			"code":     cmdCode,
		},
	})
}

type standKey struct{}

// stand is the network side of one script.
type stand struct {
	gateway *emulator.Gateway
	process *process // by start
}

func standOf(ts *testscript.TestScript) *stand { return ts.Value(standKey{}).(*stand) }

// gateway starts a gateway and points igdctl at it.
//
//	gateway [v1] [any-client] [same-ports] [permanent-only] [capacity=N] [delete=714 or ok] [external=ADDR] [status=STATUS]
func cmdGateway(ts *testscript.TestScript, neg bool, args []string) {
	s := standOf(ts)
	o := emulator.Options{
		Name: "lab", Seed: 1,
		// The one special address that counts as public (RFC 7723), so that it is nobody's.
		ExternalIP: netip.MustParseAddr("192.0.0.9"),
		Policy:     emulator.Policy{Ports: emulator.PortPolicy{Lowest: 1}},
	}
	status := ""
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "v1":
			o.Version = 1
		case "any-client":
			o.Policy.Clients.Accept = "any"
		case "same-ports":
			o.Policy.Ports.Equal = "724"
		case "permanent-only":
			o.Policy.Leases.Accept = "permanent"
		case "high-ports":
			o.Policy.Ports.Lowest = 0
		case "require-public":
			o.Policy.ExternalIP = emulator.ExternalIPPolicy{Private: "hidden", Required: true}
		case "capacity":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			o.Policy.Capacity.Entries = n
		case "delete":
			stays := emulator.Deed{Store: new(false)}
			if value == "714" {
				stays = emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 714}}
			}
			o.Faults = append(o.Faults, emulator.Fault{On: "table.delete", Do: stays})
		case "external":
			o.ExternalIP = netip.MustParseAddr(value)
		case "status":
			status = value
		default:
			ts.Fatalf("gateway: unknown word %q", arg)
		}
	}
	g, err := emulator.New(context.Background(), o)
	ts.Check(err)
	ts.Defer(func() { g.Close() })
	if status != "" {
		ts.Check(g.SetConnectionStatus(status))
	}
	s.gateway = g
	ts.Setenv("IGD_LOCATION", g.Location())
	ts.Setenv("IGD_SSDP", g.SSDP().String())
	ts.Setenv("LOCATION", g.Location())
	ts.Setenv("SSDP", g.SSDP().String())
	ts.Setenv("UDN", g.UDN())
}

// broken points igdctl at something that is no gateway: closed, html, endless, silence, empty, 404, media-server.
func cmdBroken(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: broken KIND")
	}
	quit := make(chan struct{})
	var serve http.HandlerFunc
	switch args[0] {
	case "closed":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		l.Close()
		ts.Setenv("IGD_LOCATION", "http://"+l.Addr().String()+"/d.xml")
		return
	case "html":
		serve = func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Router</title><body><p>Welcome<br>Log in</body></html>")
		}
	case "404":
		serve = http.NotFound
	case "empty":
		serve = func(http.ResponseWriter, *http.Request) {}
	case "endless":
		serve = func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := fmt.Fprintf(w, "<root>%s", strings.Repeat("<a/>", 1000)); err != nil {
					return
				}
			}
		}
	case "silence":
		serve = func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-quit:
			case <-r.Context().Done():
			}
		}
	case "media-server":
		serve = func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>`+
				`<device><deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType><friendlyName>Films</friendlyName><UDN>uuid:1</UDN></device></root>`)
		}
	default:
		ts.Fatalf("broken: unknown kind %q", args[0])
	}
	server := httptest.NewServer(serve)
	ts.Defer(func() { close(quit); server.Close() })
	ts.Setenv("IGD_LOCATION", server.URL+"/d.xml")
}

// neighbor opens a port for another computer on a gateway with any-client, or for another program of this one.
//
//	neighbor 8080/tcp 127.0.0.9:80 DESCRIPTION
func cmdNeighbor(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: neighbor SPEC ADDR:PORT DESCRIPTION")
	}
	sp, err := parseSpec(args[0])
	ts.Check(err)
	inside, err := netip.ParseAddrPort(args[1])
	ts.Check(err)
	ctx := context.Background()
	g, err := client.Find(ctx, client.Options{Gateway: ts.Getenv("LOCATION")})
	ts.Check(err)
	for _, protocol := range sp.protocols() {
		ts.Check(g.AddPortMapping(ctx, client.PortMapping{
			ExternalPort: sp.external, Protocol: protocol, InternalPort: inside.Port(), InternalClient: inside.Addr().String(),
			Enabled: true, Description: args[2], Lease: time.Hour,
		}))
	}
}

// server listens on a free port of 127.0.0.1 and puts its number into PORT.
func cmdServer(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("PORT", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// table gives the mapping table of the gateway as stdout, a line for each entry, or nothing.
func cmdTable(ts *testscript.TestScript, neg bool, args []string) {
	all := standOf(ts).gateway.Mappings()
	if len(all) == 0 {
		fmt.Fprintln(ts.Stdout(), "nothing")
	}
	for _, m := range all {
		fmt.Fprintf(ts.Stdout(), "%s %q %s\n", m, m.Description, m.Lease)
	}
}

// start starts a program that runs until it is told to stop, or to its end.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Dir = ts.Getenv("WORK")
	p.cmd.Stderr = &p.stderr
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TZ", "IGD_LOCATION", "IGD_SSDP"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+ts.Getenv(name))
	}
	pipe, err := p.cmd.StdoutPipe()
	ts.Check(err)
	p.lines = bufio.NewScanner(pipe)
	ts.Check(p.cmd.Start())
	ts.Defer(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	standOf(ts).process = p
}

type process struct {
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	stdout strings.Builder // what was read of it
	stderr strings.Builder // complete when the process has ended
}

// line waits until the started program writes a line that matches.
func cmdLine(ts *testscript.TestScript, neg bool, args []string) {
	p, pattern := standOf(ts).process, regexp.MustCompile(args[0])
	for p.read() {
		if pattern.MatchString(p.lines.Text()) {
			return
		}
	}
	ts.Fatalf("no line matches %s; stdout was\n%s", args[0], p.stdout.String())
}

func (p *process) read() bool {
	more := p.lines.Scan()
	if more {
		p.stdout.WriteString(p.lines.Text() + "\n")
	}
	return more
}

// end sends a signal to the started program, which must end with the exit code given; its output is that of this command.
//
//	end INT 130
func cmdEnd(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP}
	p := standOf(ts).process
	ts.Check(p.cmd.Process.Signal(signals[args[0]]))
	for p.read() {
	}
	p.cmd.Wait() // its error is the exit code
	fmt.Fprint(ts.Stdout(), p.stdout.String())
	fmt.Fprint(ts.Stderr(), p.stderr.String())
	if got := strconv.Itoa(p.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("exit code %s, want %s; stderr was\n%s", got, args[1], p.stderr.String())
	}
}

// happens makes something happen to the gateway.
//
//	happens reboot | address ADDR | status STATUS
func cmdHappens(ts *testscript.TestScript, neg bool, args []string) {
	g := standOf(ts).gateway
	switch {
	case args[0] == "reboot":
		ts.Check(g.Reboot(emulator.Reboot{Downtime: emulator.Duration(1500 * time.Millisecond)}))
	case args[0] == "address" && len(args) == 2:
		ts.Check(g.SetExternalIP(netip.MustParseAddr(args[1])))
	case args[0] == "status" && len(args) == 2:
		ts.Check(g.SetConnectionStatus(args[1]))
	default:
		ts.Fatalf("happens: unknown words %q", args)
	}
}

// code runs igdctl, which must end with the exit code given.
//
//	code 4 open 8080
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("igdctl", args[1:]...)
	got := 0
	if e, ok := err.(interface{ ExitCode() int }); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
