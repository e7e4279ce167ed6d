package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// env is the process as a command sees it.
type env struct {
	net            client.Net // nil: that of this machine
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // "NAME=value"
	color          bool     // stderr shows colour
	// size gives that of the terminal which stdout is; nil: it is none.
	size     func() (width, height int, ok bool)
	cache    string        // file of the gateways that are remembered, "": none
	journal  string        // file of the ports that this user has opened, "": none
	patience time.Duration // until a command says what it waits for; 0: a second
}

func (e env) getenv(name string) string {
	for _, v := range slices.Backward(e.environ) {
		if value, found := strings.CutPrefix(v, name+"="); found {
			return value
		}
	}
	return ""
}

// app is one run of igdctl: its surroundings and the global flags.
type app struct {
	env
	cli.UI // its JSON is the flag

	gateway string
	ifname  string
	ssdp    string
	stun    string // --stun of the commands that have it
	timeout timeout
	trace   bool
	noCache bool
	patient bool // --timeout was given

	warned   sync.Map  // by warnOnce
	deadline time.Time // the start and timeout
}

// patienceLimit is how long a command waits for a gateway in all, unless --timeout says otherwise. It leaves room for one
// search and two actions that are answered at the last moment.
const patienceLimit = 30 * time.Second

// run runs one command line and gives the exit code.
func run(ctx context.Context, args []string, e env) int {
	a := &app{env: e, UI: cli.UI{Program: "igdctl", Stdout: e.stdout, Stderr: e.stderr, Color: e.color, Patience: e.patience}}
	root := rootFor(a, args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if a.Broken() != nil && err == nil {
		err = a.unwritten()
	}
	return a.finish(err, wantsJSON(args))
}

// finish says what went wrong, unless that was said, and gives the exit code.
func (a *app) finish(err error, json bool) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*commandError](err); ok {
		return e.code
	}
	f := explain(err)
	if _, said := errors.AsType[*saidError](err); said {
		return f.exit
	}
	if json && a.Broken() == nil {
		a.Document(struct {
			Error *failureJSON `json:"error"`
		}{f.json()})
	} else {
		a.fail(f)
	}
	return f.exit
}

// unwritten is the error of a result that nobody can have.
func (a *app) unwritten() error {
	return &localError{exit: exitLocal, err: fmt.Errorf("the result cannot be written: %w", a.Broken())}
}

// fail tells a failure in words.
func (a *app) fail(f failure) {
	a.Error(f.message)
	a.Hint(f.hints...)
}

// wantsJSON looks for --json by itself, because a command line with an error in it is not parsed to its end.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// must is for what only a mistake in this program makes fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// settle completes the global flags from the environment and checks them before any command does anything.
func (a *app) settle(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	gatewayName, ssdpName := "--gateway", "--ssdp"
	// A program that sets the two variables means them together, so either flag replaces both.
	if !given("gateway") && !given("ssdp") {
		a.gateway, gatewayName = a.getenv("IGD_LOCATION"), "IGD_LOCATION"
		a.ssdp, ssdpName = a.getenv("IGD_SSDP"), "IGD_SSDP"
	}
	a.patient = given("timeout")
	if given("gateway") && a.gateway == "" {
		return usage("--gateway is empty", "leave it out to search for a gateway")
	}
	if err := checkGateway(a.gateway); err != nil {
		return usage(fmt.Sprintf("%s %q %v", gatewayName, a.gateway, err),
			"it is the URL of a device description, such as http://192.168.1.1:5000/rootDesc.xml, or the address of a router")
	}
	if a.ssdp != "" {
		if err := checkHostPort(a.ssdp); err != nil {
			return usage(fmt.Sprintf("%s %q %v", ssdpName, a.ssdp, err), "an example is 192.168.1.1:1900")
		}
	}
	if a.ifname != "" {
		names := interfaceNames()
		if !slices.Contains(names, a.ifname) {
			return usage(fmt.Sprintf("there is no network interface %q", a.ifname), "there are "+strings.Join(names, ", "))
		}
	}
	a.deadline = time.Now().Add(time.Duration(a.timeout))
	return nil
}

func checkGateway(s string) error {
	if s == "" {
		return nil
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" {
		return errors.New("is neither an http:// URL nor an IP address")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("has the port %s, which is not between 1 and 65535", port)
		}
	}
	return nil
}

func checkHostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return errors.New("is not HOST:PORT")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("has the port %q, which is not between 1 and 65535", port)
	}
	return nil
}

func interfaceNames() []string {
	var names []string
	all, _ := net.Interfaces() // none to choose from is as good as none to be had
	for _, ifi := range all {
		names = append(names, ifi.Name)
	}
	return names
}

func completeInterfaces(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return interfaceNames(), cobra.ShellCompDirectiveNoFileComp
}

// options are the global flags as the client wants them.
func (a *app) options() client.Options {
	o := client.Options{Net: a.net, Interface: a.ifname, Gateway: a.gateway, SSDP: a.ssdp, STUN: a.stun}
	o.Journal, o.Warn = a.journal, a.warnOnce
	if !a.noCache {
		o.Cache = a.cache
	}
	if a.patient {
		o.Timeout = time.Duration(a.timeout)
	}
	if a.trace {
		o.Trace = a.env.stderr
	}
	return o
}

// warnOnce says once of each file of this user what is wrong with it: it is used again and again.
func (a *app) warnOnce(err error) {
	file, _, _ := strings.Cut(err.Error(), ": ")
	if _, said := a.warned.LoadOrStore(file, true); !said {
		a.Warn("%v", err)
	}
}

// limit bounds what a command asks of the gateway, once it is found.
func (a *app) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, a.deadline)
}

// find finds the gateway to talk to. The search ends by itself, so that nothing found is told from nothing answered.
func (a *app) find(ctx context.Context) (*client.Gateway, error) {
	defer a.Waiting("searching for a gateway…")()
	g, err := client.Find(ctx, a.options())
	return g, a.nobody(err)
}

// nobody adds to the error of a search where it was sent, if that was one place only, and which variables would send the
// next one there again.
func (a *app) nobody(err error) error {
	if _, searched := errors.AsType[*client.DiscoveryError](err); searched && a.ssdp != "" {
		return &askedError{a.ssdp, err}
	}
	var set []string
	for _, name := range []string{"IGD_LOCATION", "IGD_SSDP"} {
		if a.getenv(name) != "" {
			set = append(set, name)
		}
	}
	if err != nil && len(set) > 0 {
		return &environError{strings.Join(set, " "), err}
	}
	return err
}
