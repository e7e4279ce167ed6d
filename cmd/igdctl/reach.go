package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newReachCmd(a *app) *cobra.Command {
	var server string
	var noIGD bool
	cmd := &cobra.Command{
		Use:   "reach PORT [flags]",
		Short: "Find out how others reach UDP port PORT of this computer",
		Long: `Finds out which address others call to reach a program on UDP port PORT of this computer, and what it takes:

  public   anybody calls the computer's own address
  igd      anybody calls a port that the gateway has opened, for two hours; igdctl close closes it before
  mapped   anybody calls the address that the NAT has made, as long as the program sends something every 15 seconds
  punch    both sides have to send at one time: igdctl punch does
  relay    nobody gets in who could not be called first: the others have to be reachable, or a relay is needed
  unknown  nobody could be asked

It asks the gateway to open the port, unless --no-igd, and the STUN server to tell what it sees. The last line is what the other side is to
be told: igdctl punch takes it. PORT has to be free: the program that will use it is started afterwards, and soon, because NATs forget.

The exit code is 0 for public, igd, mapped and punch, and 6 for relay and unknown.`,
		Example: `  igdctl reach 4000 --server stun.example.org:3478
  igdctl reach 4000 --server stun.example.org:3478 --json
  igdctl reach 4000   # ask the gateway only`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("reach takes one port", "an example is igdctl reach 4000")
			}
			port, err := portArgument(args[0])
			if err != nil {
				return err
			}
			if err := checkServers(cmd, "server", server); err != nil {
				return err
			}
			return a.reachPort(cmd.Context(), port, server, noIGD)
		},
	}
	reachFlags(cmd, &server, &noIGD)
	return cmd
}

// reachFlags are the flags of reach that punch has, too.
func reachFlags(cmd *cobra.Command, server *string, noIGD *bool) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(server, "server", "", "the STUN server `HOST[:PORT]` to ask what the Internet sees, port 3478 unless given")
	flags.BoolVar(noIGD, "no-igd", false, "do not ask the gateway to open the port")
	must(cmd.RegisterFlagCompletionFunc("server", cobra.NoFileCompletions))
}

// portArgument reads the number of a UDP port: 4000, or 4000/udp.
func portArgument(s string) (uint16, error) {
	if strings.HasSuffix(s, "/tcp") {
		return 0, usage(fmt.Sprintf("%q is a TCP port, and this is about UDP", s), "igdctl open "+s+" opens it")
	}
	s = strings.TrimSuffix(s, "/udp")
	port, err := parsePort(s)
	if err != nil {
		return 0, usage(err.Error(), "a port is a number such as 4000")
	}
	return port, nil
}

// windowsInUse is WSAEADDRINUSE, which is another number there than syscall.EADDRINUSE.
const windowsInUse = syscall.Errno(10048)

// listenAt opens a UDP port for this command.
func (a *app) listenAt(ctx context.Context, at netip.AddrPort) (conn net.PacketConn, err error) {
	if a.net != nil {
		conn, err = a.net.ListenPacket(ctx, at)
	} else {
		var lc net.ListenConfig
		conn, err = lc.ListenPacket(ctx, "udp4", at.String())
	}
	if err == nil && ctx.Err() != nil {
		conn.Close()
		return nil, ctx.Err()
	}
	return conn, err
}

// listenUDP opens port at all addresses.
func (a *app) listenUDP(ctx context.Context, port uint16) (net.PacketConn, error) {
	conn, err := a.listenAt(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsInUse) {
		return nil, &localError{exit: exitLocal, err: fmt.Errorf("UDP port %d is in use by another program", port),
			hint: fmt.Sprintf("stop the program first; igdctl open %d/udp needs no free port, and igdctl nat tells about the NAT", port)}
	}
	if err != nil {
		return nil, &localError{exit: exitLocal, err: fmt.Errorf("UDP port %d cannot be had: %w", port, err)}
	}
	return conn, nil
}

type reachJSON struct {
	Plan     client.Plan      `json:"plan"`
	Address  *netip.AddrPort  `json:"address"` // that others call; null: there is none
	Method   *client.Method   `json:"method"`  // by which they get here; null: by none
	Node     string           `json:"node"`    // what the other side is to be told
	Mapped   *netip.AddrPort  `json:"mapped"`
	RFC3489  *client.NATClass `json:"rfc3489"`
	Igd      *netip.AddrPort  `json:"igd"` // the port mapping, whether it leads to the Internet or not
	Expires  *time.Time       `json:"igd_expires"`
	Failures []*failureJSON   `json:"failures"`
}

func reachShape(r *client.Reachability) reachJSON {
	j := reachJSON{
		Plan: r.Plan, Address: known(r.Address, r.Address.IsValid()), Method: known(r.Method, r.Method != ""), Node: r.Node.String(), Failures: []*failureJSON{},
	}
	if r.NAT != nil {
		j.Mapped, j.RFC3489 = known(r.NAT.Mapped, r.NAT.Mapped.IsValid()), known(r.NAT.Class, r.NAT.Class != "")
	}
	if e, ok := entryOf(r); ok {
		j.Igd, j.Expires = known(e.External, e.External.IsValid()), known(e.Expires, !e.Expires.IsZero())
	}
	for _, err := range r.Failures {
		j.Failures = append(j.Failures, explain(err).json())
	}
	return j
}

// entryOf is what the gateway has opened.
func entryOf(r *client.Reachability) (client.Entry, bool) {
	if r.Mapping == nil {
		return client.Entry{}, false
	}
	es := r.Mapping.Entries()
	if len(es) == 0 {
		return client.Entry{}, false
	}
	return es[0], true
}

// reachable runs client.Reach, and says what it waits for.
func (a *app) reachable(ctx context.Context, conn net.PacketConn, server string, noIGD bool) (*client.Reachability, error) {
	o := a.options()
	o.STUN = server
	whom := "the gateway and " + server
	switch {
	case server == "":
		whom = "the gateway"
	case noIGD:
		whom = server
	}
	defer a.Waiting("asking %s, which takes ten seconds or so…", whom)()
	return client.Reach(ctx, conn, client.ReachOptions{Options: o, NoIGD: noIGD})
}

func (a *app) reachPort(ctx context.Context, port uint16, server string, noIGD bool) error {
	conn, err := a.listenUDP(ctx, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	r, err := a.reachable(ctx, conn, server, noIGD)
	if err != nil {
		return err
	}
	r.Leave()
	if a.JSON {
		a.Document(reachShape(r))
	} else {
		a.tellReach(r, port, server)
	}
	if r.Method == "" {
		return &saidError{&noPlanError{r}}
	}
	return nil
}

// noPlanError says that others cannot call.
type noPlanError struct{ *client.Reachability }

func (e *noPlanError) Error() string { return "the plan is " + string(e.Plan) }

// tellReach tells the plan, and what the other side is to be told.
func (a *app) tellReach(r *client.Reachability, port uint16, server string) {
	a.tellFailures(r, server != "")
	rows := [][]string{{"plan", fmt.Sprintf("%s: %s", r.Plan, planMeans(r))}}
	if r.Address.IsValid() {
		rows = append(rows, []string{"address", r.Address.String()})
	}
	if r.NAT != nil && r.NAT.Class != "" {
		rows = append(rows, []string{"nat", string(r.NAT.Class)})
	}
	if e, ok := entryOf(r); ok && r.Plan == client.IGDPlan {
		until := "for ever"
		if !e.Expires.IsZero() {
			until = "until " + e.Expires.Local().Format("15:04")
		}
		rows = append(rows, []string{"open", fmt.Sprintf("%s; %s closes it", until, closeCommand(r, e, port))})
	}
	a.Table(append(rows, []string{"node", r.Node.String()}))
	if server == "" && r.Plan == client.UnknownPlan {
		a.Hint("--server asks a STUN server on the Internet, such as stun.example.org:3478")
	}
}

// closeCommand is the one that closes what was opened.
func closeCommand(r *client.Reachability, e client.Entry, port uint16) string {
	s := spec{external: e.External.Port(), internal: port, protocol: "udp"}
	if r.Mapping.Hops() > 1 {
		return "igdctl close --through " + s.String()
	}
	return "igdctl close " + s.String()
}

// tellFailures warns of what was not found out, with what to do if there is nothing better.
func (a *app) tellFailures(r *client.Reachability, hints bool) {
	for _, err := range r.Failures {
		if errors.Is(err, client.ErrNoGateway) && r.Plan != client.UnknownPlan {
			continue // many networks have none
		}
		f := explain(err)
		a.Warn("%s", f.message)
		if r.Method == "" && hints {
			a.Hint(f.hints...)
		}
	}
}

// planMeans is a plan in words.
func planMeans(r *client.Reachability) string {
	if r.NAT != nil && r.NAT.Class == client.UDPBlocked {
		return "no UDP passes; only a relay by TCP helps"
	}
	switch r.Plan {
	case client.PublicPlan:
		return "anybody reaches the address"
	case client.IGDPlan:
		return "anybody reaches the address, which the gateway has opened"
	case client.MappedPlan:
		return "anybody reaches the address, while the program sends something now and then"
	case client.PunchPlan:
		return "both sides have to send at one time, as igdctl punch does"
	case client.RelayPlan:
		return "only who can be called from here is connected; others need a relay"
	}
	return "nobody could be asked"
}
