package main

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

// punchFlags are the flags of punch.
type punchFlags struct {
	local   string
	server  string
	noIGD   bool
	wait    timeout
	pipe    bool
	forward string
	listen  string
}

func newPunchCmd(a *app) *cobra.Command {
	o := punchFlags{wait: timeout(time.Minute)}
	cmd := &cobra.Command{
		Use:   "punch [PEER] --local PORT [flags]",
		Short: "Open a UDP path to a computer behind its own router",
		Long: `Opens a path of UDP between two computers that are each behind a router, from port PORT of this one. Both sides run it at one time: what
the routers drop at first opens the way for what comes back.

PEER is what igdctl reach told on the other side, or HOST:PORT: the public address of the other side, or its name, and the --local port there, for many
routers keep the number of a port; then nobody else is needed. Without PEER, --server finds out what the other side is to be told, and the
other side's answer is read from stdin.

When the path is open its address is printed and igdctl ends: the routers remember the path for half a minute, and a program that is started on PORT in that
time has it. With --pipe, --forward or --listen igdctl stays, and keeps the path open until it is interrupted:

  --pipe              each piece of stdin is sent as it comes, and what comes is written to stdout, until both sides have ended theirs, or the
                      other one is silent for a minute
  --forward HOST:PORT what comes is sent on to a program there, and its answers back
  --listen PORT       what programs on this computer send to PORT of 127.0.0.1 is sent, and answers come back

Whoever has the secret in IGD_PUNCH_KEY, 16 characters at least such as openssl rand -hex 16 makes, is the other side. Without it that is whoever
answers at the address. The path is not encrypted.

With --json, --server first tells what the other side needs, on a line of its own, and the path follows on another.

The exit code is 5 when nobody answers, and 6 when the two routers let nothing through: docs/nat.md says which do.`,
		Example: `  igdctl punch 45.66.77.88:4000 --local 4000   # no third party: both sides use port 4000
  igdctl punch --local 4000 --server stun.example.org:3478   # tells what the other side needs, and reads what it has
  IGD_PUNCH_KEY=$(cat key) igdctl punch 45.66.77.88:4000 --local 4000 --forward 127.0.0.1:51820   # a program here answers
  IGD_PUNCH_KEY=$(cat key) igdctl punch 45.66.77.88:4000 --local 4000 --listen 51820   # and one there calls it
  igdctl punch 45.66.77.88:4000 --local 4000 --pipe`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			local, peer, err := o.check(a, cmd, args)
			if err != nil {
				return err
			}
			a.Lines = o.server != "" || o.forward != "" || o.listen != ""
			return a.punch(cmd.Context(), local, peer, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.local, "local", "", "UDP port `PORT` of this computer")
	reachFlags(cmd, &o.server, &o.noIGD)
	flags.Var(&o.wait, "wait", "how long to wait for the other side, such as 10m")
	flags.BoolVar(&o.pipe, "pipe", false, "stay, and join the path to stdin and stdout")
	flags.StringVar(&o.forward, "forward", "", "stay, and join the path to the UDP program at `HOST:PORT`")
	flags.StringVar(&o.listen, "listen", "", "stay, and join the path to the UDP port `PORT` of 127.0.0.1")
	for name, values := range map[string][]string{"local": nil, "wait": {"1m", "10m", "1h"}, "forward": nil, "listen": nil} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return cmd
}

const (
	// punchKey is the variable of the environment with the secret: everybody on this computer can read a command line.
	punchKey = "IGD_PUNCH_KEY"
	minKey   = 16
)

// check checks the command line before anything is done. A peer without candidates is to be read from stdin.
func (o *punchFlags) check(a *app, cmd *cobra.Command, args []string) (local uint16, peer client.Node, err error) {
	fail := func(message, hint string) (uint16, client.Node, error) { return 0, client.Node{}, usage(message, hint) }
	if o.local == "" {
		return fail("punch takes --local, the UDP port of this computer", "an example is igdctl punch 45.66.77.88:4000 --local 4000")
	}
	if local, err = portArgument(o.local); err != nil {
		return 0, peer, err
	}
	if err := checkServers(cmd, "server", o.server); err != nil {
		return 0, peer, err
	}
	if n := len(a.getenv(punchKey)); n > 0 && n < minKey {
		return fail(fmt.Sprintf("%s has %d characters, and %d are needed: who overhears one datagram can try all shorter ones", punchKey, n, minKey), "openssl rand -hex 16 makes one")
	}
	switch {
	case len(args) > 1:
		return fail("punch takes one PEER", "what igdctl reach told on the other side is one word")
	case len(args) == 0 && o.server == "":
		return fail("punch takes a PEER, or --server to find out what the two sides are to tell each other", "an example is igdctl punch 45.66.77.88:4000 --local 4000")
	}
	stays := 0
	for _, given := range []bool{o.pipe, o.forward != "", o.listen != ""} {
		if given {
			stays++
		}
	}
	switch {
	case stays > 1:
		return fail("--pipe, --forward and --listen exclude each other", "leave all but one of them out")
	case o.pipe && a.JSON:
		return fail("with --pipe stdout is what the other side sends, and has no room for --json", "leave one of them out")
	}
	if o.forward != "" {
		if err := checkHostPort(o.forward); err != nil {
			return fail(fmt.Sprintf("--forward %q %v", o.forward, err), "an example is 127.0.0.1:51820")
		}
	}
	if o.listen != "" {
		if _, err := portArgument(o.listen); err != nil {
			return 0, peer, err
		}
	}
	if len(args) == 1 {
		peer, err = peerOf(cmd.Context(), args[0]) // which may ask for a name
	}
	return local, peer, err
}

// punchTold is what the other side needs, for it is told by whoever reads this.
type punchTold struct {
	Node string      `json:"node"`
	Plan client.Plan `json:"plan"` // of this side
}

type punchJSON struct {
	Plan    *client.Plan    `json:"plan"`    // of this side; null: it was not found out
	Address netip.AddrPort  `json:"address"` // of the peer
	Method  client.Method   `json:"method"`
	Local   netip.AddrPort  `json:"local"`
	Seen    *netip.AddrPort `json:"seen"` // this side, as the peer sees it
}

func (a *app) punch(ctx context.Context, port uint16, peer client.Node, o punchFlags) error {
	conn, err := a.listenUDP(ctx, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	near, err := a.openNearSide(ctx, o)
	if err != nil {
		return err
	}
	defer near.close()
	in := bufio.NewReader(a.stdin)
	var self client.Node
	var path *client.Path
	var plan client.Plan
	if o.server != "" {
		r, err := a.reachable(ctx, conn, o.server, o.noIGD)
		if err != nil {
			return err
		}
		defer func() { a.release(r, port, path != nil && !o.stays()) }()
		a.tellFailures(r, false)
		self, plan = r.Node, r.Plan
		if a.JSON {
			a.Document(punchTold{r.Node.String(), r.Plan})
		} else {
			a.Say("the other side is to be told: %v", r.Node)
		}
		if len(peer.Candidates) == 0 {
			if peer, err = a.readPeer(ctx, in, r); err != nil {
				return err
			}
		}
	}
	over := a.Waiting("waiting for %v, %s at most…", peer, span(time.Duration(o.wait)))
	path, err = client.Punch(ctx, conn, peer, client.PunchOptions{Self: self, Key: []byte(a.getenv(punchKey)), Timeout: time.Duration(o.wait), Net: a.net})
	over()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	defer path.Close()
	a.tellPath(path, plan, o)
	switch {
	case o.pipe:
		return a.pipe(ctx, path, in)
	case near != nil:
		return a.join(ctx, path, near)
	}
	return nil
}

// stays tells whether the path ends with this command.
func (o *punchFlags) stays() bool { return o.pipe || o.forward != "" || o.listen != "" }

// release closes what the gateway has opened, or leaves it open for the program that follows and says so.
func (a *app) release(r *client.Reachability, port uint16, leave bool) {
	if leave {
		r.Leave()
		if e, ok := entryOf(r); ok {
			a.Say("%v stays open on the router; %s closes it", e.External, closeCommand(r, e, port))
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		a.Warn("%s", explain(err).message)
	}
}

// closeTimeout bounds the closing of what was opened.
const closeTimeout = 10 * time.Second

// tellPath tells where the path leads.
func (a *app) tellPath(p *client.Path, plan client.Plan, o punchFlags) {
	switch {
	case a.JSON:
		local := netip.MustParseAddrPort(p.LocalAddr().String())
		a.Document(punchJSON{known(plan, plan != ""), p.Remote(), p.Method(), local, known(p.Seen(), p.Seen().IsValid())})
	case o.pipe:
		a.Say("open to %v (%s)", p.Remote(), p.Method())
	default:
		a.Print("%v (%s)", p.Remote(), p.Method())
	}
}

// explainPunch explains that there is no path.
func explainPunch(e *client.PunchError) failure {
	f := failure{kind: "no_path", exit: exitBroken}
	switch e.Reason {
	case client.Unanswered:
		f.message = fmt.Sprintf("nobody answered at %v", e.Peer)
		f.hints = []string{"both sides have to run igdctl punch at one time, with the same IGD_PUNCH_KEY", "--server, on both sides, finds out what each is to be told"}
	case client.OneWay:
		f.message = fmt.Sprintf("%v was heard, and does not hear this side", e.Peer)
		f.hints = []string{"tell the other side what igdctl reach says now"}
	case client.NeedsRelay:
		f.exit = exitNotPublic
		f.message = fmt.Sprintf("the routers of this side and of %v let no path through", e.Peer)
		f.hints = []string{"igdctl open PORT/udp on either side opens one, if a router speaks UPnP", "otherwise it takes a relay, or a router with another NAT"}
	default:
		f.kind, f.exit = "local", exitLocal
		f.message = fmt.Sprintf("there is no path to %v: %v", e.Peer, e.Err)
		f.hints = []string{"is this computer online, and does its own firewall let UDP out?"}
	}
	return f
}
