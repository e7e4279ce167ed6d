package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

// natFlags are the flags of nat.
type natFlags struct {
	servers  []string
	lifetime lookTime
}

func newNATCmd(a *app) *cobra.Command {
	var o natFlags
	cmd := &cobra.Command{
		Use:   "nat --server HOST[:PORT] [flags]",
		Short: "Find out which kind of NAT stands before this computer",
		Long: `Asks a STUN server on the Internet how the router, and whatever stands behind it, treats UDP, and says what that means
for programs that want to connect to each other (RFC 5780):

  mapping    which address and port others see: the same for all of them, or another for each
  filtering  who gets in: anybody, or only who was sent to
  hairpin    whether programs at home reach each other by the address that the Internet sees

Each is one of the three of RFC 4787, endpoint-independent, address-dependent and address-and-port-dependent; together they have
a name of RFC 3489: open, full-cone, restricted, port-restricted, symmetric, symmetric-firewall or blocked.

It takes about five seconds: who is let in answers at once, and that somebody is not shows only in that nothing comes. What cannot
be told, because replies get lost or the server has no second address, is said to be unknown, with the reason; another server, as a
second --server, then tells at least whether it sees the same. The gateway is not asked.

The exit code is 0 whatever the NAT is, 2 for what is no server, and 5 when none answers.`,
		Example: `  igdctl nat --server stun.example.org:3478
  igdctl nat --server stun.example.org:3478 --json
  igdctl nat --server stun.example.org:3478 --lifetime 5m   # and how long it remembers who was sent to`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.nat(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.servers, "server", nil, "the STUN server `HOST[:PORT]` to ask, port 3478 unless given; several compare what they see")
	flags.Var(&o.lifetime, "lifetime", "look how long a mapping lasts that nothing passes by, for this time at most, such as 5m")
	must(cmd.RegisterFlagCompletionFunc("server", cobra.NoFileCompletions))
	must(cmd.RegisterFlagCompletionFunc("lifetime", cobra.FixedCompletions([]string{"1m", "5m", "15m"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

const serverHint = "it is a STUN server that you trust, such as stun.example.org:3478"

// check checks the flags before anything is done.
func (o *natFlags) check(cmd *cobra.Command) error {
	if len(o.servers) == 0 {
		return usage("nat takes --server, a STUN server on the Internet", "an example is igdctl nat --server stun.example.org:3478")
	}
	return checkServers(cmd, "server", o.servers...)
}

// checkServers checks the STUN servers that a flag names, HOST[:PORT], before anything is done. A flag that is not given names none.
func checkServers(cmd *cobra.Command, flag string, servers ...string) error {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	for _, s := range servers {
		at := s
		if at != "" && !strings.Contains(at, ":") {
			at += ":3478"
		}
		if err := checkHostPort(at); err != nil {
			return usage(fmt.Sprintf("--%s %q %v", flag, s, err), serverHint)
		}
	}
	return nil
}

// lookTime is the value of --lifetime.
type lookTime time.Duration

// Set is for pflag.
func (l *lookTime) Set(s string) error {
	d, err := parseTime(s)
	switch {
	case err != nil:
		return err
	case d < 5*time.Second:
		return errors.New("is too short; no NAT forgets within five seconds")
	case d > day:
		return errors.New("is too long; a day is the most that is looked")
	}
	*l = lookTime(d)
	return nil
}

// String is what --help shows as the default: none.
func (l *lookTime) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

// Type is the name of the value in --help.
func (l *lookTime) Type() string { return "TIME" }

// natJSON is what nat has found out. What is not known is null, and stands in unknown with the reason.
type natJSON struct {
	Mapping       *client.Dependence `json:"mapping"`
	Filtering     *client.Dependence `json:"filtering"`
	RFC3489       *client.NATClass   `json:"rfc3489"`
	Mapped        *netip.AddrPort    `json:"mapped"`
	Hairpin       *client.Hairpin    `json:"hairpin"`
	Local         *netip.AddrPort    `json:"local"`
	NAT           *bool              `json:"nat"`            // mapped is not local
	PortPreserved *bool              `json:"port_preserved"` // every socket had the same port outside
	PortsFollow   *bool              `json:"ports_follow"`   // a mapping for somebody new has the port after the last one, or a near one
	Rewritten     bool               `json:"rewritten"`      // something writes addresses into the server's replies
	Server        netip.AddrPort     `json:"server"`
	Lifetime      *lifetimeJSON      `json:"lifetime,omitempty"` // with --lifetime
	Unknown       map[string]string  `json:"unknown"`
}

type lifetimeJSON struct {
	AtLeast  float64  `json:"at_least_seconds"`
	LessThan *float64 `json:"less_than_seconds"` // null: it outlived the time that was asked for
}

func (o natFlags) shape(r client.NATReport) natJSON {
	seen := r.Mapped.IsValid()
	shape := natJSON{
		Mapping: known(r.Mapping, r.Mapping != ""), Filtering: known(r.Filtering, r.Filtering != ""), RFC3489: known(r.Class, r.Class != ""),
		Mapped: known(r.Mapped, seen), Hairpin: known(r.Hairpin, r.Hairpin != ""), Local: known(r.Local, r.Local.IsValid()),
		NAT: known(r.NAT, seen), PortPreserved: known(r.PortPreserved, seen), PortsFollow: known(r.PortsFollow, seen && r.Mapping != ""), Rewritten: r.Rewritten, Server: r.Server, Unknown: map[string]string{},
	}
	for part, why := range r.Unknown {
		shape.Unknown[string(part)] = why
	}
	if o.lifetime > 0 && seen {
		shape.Lifetime = &lifetimeJSON{r.Lifetime.AtLeast.Seconds(), known(r.Lifetime.LessThan.Seconds(), r.Lifetime.LessThan > 0)}
	}
	return shape
}

func (a *app) nat(ctx context.Context, o natFlags) error {
	over := func() {}
	r, err := client.NATBehaviour(ctx, client.NATQuery{
		Servers: o.servers, Lifetime: time.Duration(o.lifetime),
		Begins: func(p client.NATPart) {
			over()
			if p == client.PartLifetime {
				over = a.Waiting("looking how long a mapping lasts, for %s at most…", span(time.Duration(o.lifetime)))
				return
			}
			over = a.Waiting("asking %s, which takes about five seconds…", strings.Join(o.servers, " and "))
		},
	}, a.options())
	over()
	if err != nil {
		return err
	}
	if a.JSON {
		a.Document(o.shape(r))
		return nil
	}
	if r.Rewritten {
		a.Warn("something on the way writes addresses into the replies of %v; programs that ask old STUN servers are misled", r.Server)
		a.Hint("switch \"ALG\" or \"SIP helper\" off in the settings of the router")
	}
	a.Table(natRows(r, o.lifetime > 0))
	for _, line := range natMeans(r) {
		a.Print("→ %s", line)
	}
	return nil
}

// natRows are what was found out, a line each.
func natRows(r client.NATReport, lifetime bool) [][]string {
	unknown := func(p client.NATPart) string { return "unknown: " + r.Unknown[p] }
	rows := [][]string{{"rfc3489", unknown(client.PartClass)}}
	if r.Class != "" {
		rows[0][1] = string(r.Class)
	}
	if r.Class == client.UDPBlocked {
		return rows
	}
	seen := fmt.Sprintf("%v is %v on the Internet", r.Local, r.Mapped)
	switch {
	case !r.NAT:
		seen = fmt.Sprintf("%v, as here: there is no NAT", r.Mapped)
	case r.PortPreserved:
		seen += ", with the same port"
	}
	rows = append(rows, []string{"mapped", seen})
	row := func(name string, part client.NATPart, value, means string) {
		if value == "" {
			rows = append(rows, []string{name, unknown(part)})
			return
		}
		rows = append(rows, []string{name, value + means})
	}
	follows := ""
	if r.PortsFollow {
		follows = ", one after the other"
	}
	row("mapping", client.PartMapping, string(r.Mapping), map[client.Dependence]string{
		client.EndpointIndependent:     ": all others see the same address and port",
		client.AddressDependent:        ": each computer outside sees another port" + follows,
		client.AddressAndPortDependent: ": each program outside sees another port" + follows,
	}[r.Mapping])
	row("filtering", client.PartFiltering, string(r.Filtering), map[client.Dependence]string{
		client.EndpointIndependent:     ": anybody gets in",
		client.AddressDependent:        ": only computers that were sent to get in",
		client.AddressAndPortDependent: ": only programs that were sent to get in",
	}[r.Filtering])
	if r.NAT {
		row("hairpin", client.PartHairpin, string(r.Hairpin), map[client.Hairpin]string{
			client.HairpinNone:     ": nothing that is sent to the address outside comes back to this computer",
			client.HairpinInternal: ": computers at home reach each other by the address outside, and see the one at home",
			client.HairpinExternal: ": computers at home reach each other by the address outside",
		}[r.Hairpin])
	}
	if lifetime {
		rows = append(rows, []string{"lifetime", lifetimeWords(r)})
	}
	return rows
}

// lifetimeWords say how long a mapping lasts.
func lifetimeWords(r client.NATReport) string {
	l := r.Lifetime
	why, untold := r.Unknown[client.PartLifetime]
	switch {
	case untold && l.AtLeast > 0:
		return fmt.Sprintf("%s at least, and then unknown: %s", span(l.AtLeast), why)
	case untold:
		return "unknown: " + why
	case l.LessThan == 0:
		return span(l.AtLeast) + " at least"
	case l.AtLeast == 0:
		return "less than " + span(l.LessThan)
	}
	return fmt.Sprintf("between %s and %s", span(l.AtLeast), span(l.LessThan))
}

// natMeans is what it means for connecting: docs/nat.md has the pairs.
func natMeans(r client.NATReport) (lines []string) {
	opens := "igdctl open PORT/udp lets everybody in to one port, whatever their NAT is"
	switch r.Class {
	case client.OpenInternet:
		return []string{"others reach a program here without further ado, unless this computer has a firewall"}
	case client.UDPBlocked:
		return []string{"no UDP passes: only TCP is left, or a relay by TCP"}
	case client.FullCone:
		lines = []string{"whoever is told the address outside reaches a program here, once that has sent anything", opens}
	case client.RestrictedCone:
		lines = []string{"a path opens to everybody with whom a rendezvous can be had (hole punching)", opens}
	case client.PortRestrictedCone:
		lines = []string{"a path opens to others by hole punching, unless their NAT is symmetric and its ports cannot be guessed", opens}
	case client.SymmetricNAT:
		if r.PortsFollow { // as a port-restricted cone then, whose port is guessed
			lines = []string{"a path opens to others by hole punching, by guessing the port here, unless their NAT is symmetric and its ports cannot be guessed", opens}
			break
		}
		lines = []string{"a path opens only to others whose NAT lets in more than the port that was sent to, such as a full or restricted cone", opens}
	case client.SymmetricFirewall:
		if r.Filtering == client.AddressDependent {
			return []string{"a path opens to everybody with whom a rendezvous can be had (hole punching)"}
		}
		return []string{"a path opens to others by hole punching, unless their NAT is symmetric and its ports cannot be guessed"}
	}
	if r.Class == "" || r.Mapping == "" || r.Filtering == "" {
		lines = append(lines, "another --server may tell more: one that knows RFC 5780 and has two addresses")
	}
	return lines
}

// explainSTUN explains a STUN server that told nothing.
func explainSTUN(e *client.STUNError) failure {
	f := failure{kind: "unreachable", exit: exitBroken, hints: []string{"--server takes another one; the port is 3478 unless given", "if none answers, a firewall keeps UDP from the Internet"}}
	switch {
	case e.Code != 0:
		f.kind, f.hints = "protocol", f.hints[:1]
		f.message = fmt.Sprintf("the STUN server %s refuses (%d)", e.Server, e.Code)
	default:
		f.message = fmt.Sprintf("the STUN server %s does not tell what it sees%s", e.Server, because(e.Err))
	}
	return f
}
