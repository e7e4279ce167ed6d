package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

// reach is an external address, what it is worth, and the address that a STUN server sees; zero when none was asked or none told.
type reach struct {
	address netip.Addr
	verdict client.AddressVerdict
	seen    netip.Addr
	through bool // it is that of the last router that --through opens a port on
}

// stunFlag adds --stun to a command that judges an address.
func (a *app) stunFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.stun, "stun", "", "ask the STUN server `HOST[:PORT]` which address the Internet sees, and compare; port 3478 unless given")
	must(cmd.RegisterFlagCompletionFunc("stun", cobra.NoFileCompletions))
}

// seen asks the STUN server, if there is one to ask. That it does not tell is said and no failure.
func (a *app) seen(ctx context.Context, g *client.Gateway) netip.Addr {
	if a.stun == "" {
		return netip.Addr{}
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	over := a.Waiting("asking %s…", a.stun)
	seen, err := g.Seen(limited)
	over()
	if err != nil && ctx.Err() == nil {
		a.warnSTUN(err)
	}
	return seen
}

// warnSTUN says that the STUN server did not tell.
func (a *app) warnSTUN(err error) {
	why := because(err)
	e, ok := errors.AsType[*client.STUNError](err)
	switch {
	case ok && e.Code != 0:
		why = fmt.Sprintf(": it refuses (%d)", e.Code)
	case slow(err):
		why = ": no answer"
	case ok:
		why = because(e.Err)
	}
	a.Warn("the STUN server %s does not tell what address it sees%s; the verdict is by the address alone", a.stun, why)
	a.Hint("--stun takes another server; a firewall may keep UDP from it")
}

// sentence tells what the address is worth to whoever wants to be reached.
func (r reach) sentence() string {
	internet, seen := "the Internet does not reach it", r.witness()
	if seen.IsValid() && seen != r.address {
		internet = fmt.Sprintf("the Internet sees %s and does not reach it", seen)
	}
	switch r.verdict {
	case client.Public:
		return fmt.Sprintf("%s is a public address", r.address)
	case client.Private:
		if r.through {
			return fmt.Sprintf("%s is a private address: the last of the routers on which the port is open stands behind one more, and %s", r.address, internet)
		}
		return fmt.Sprintf("%s is a private address: the gateway stands behind another router, and %s", r.address, internet)
	case client.CGNAT:
		return fmt.Sprintf("%s is shared by many customers (CGNAT): the Internet provider translates, and %s", r.address, internet)
	case client.Mismatch:
		return fmt.Sprintf("the gateway says %s and the Internet sees %s: something else translates, such as a VPN, another router or the Internet provider",
			r.address, seen)
	case client.None:
		if seen.IsValid() {
			return fmt.Sprintf("the gateway has no external address, and the Internet sees %s: another connection is in use, or the gateway hides its address", seen)
		}
		return "the gateway has no external address: it is not connected to the Internet, or stands behind another router"
	case client.Unknown:
		if seen.IsValid() {
			return fmt.Sprintf("the gateway does not tell its external address; the Internet sees %s", seen)
		}
		return "the gateway does not tell its external address"
	}
	return fmt.Sprintf("%s is a reserved address: %s", r.address, internet)
}

// witness is what the Internet sees; the zero Addr when nobody says so. A server that sees an address of a private network is on it.
func (r reach) witness() netip.Addr {
	if client.Judge(r.seen) != client.Public {
		return netip.Addr{}
	}
	return r.seen
}

// hints say what to do about an address that is not public.
func (r reach) hints() []string {
	switch r.verdict {
	case client.Private:
		if r.through {
			return []string{
				fmt.Sprintf("--through opens a port on three routers at most: forward it to %s in the settings of the next one", r.address),
				"or switch one of the routers to bridge mode",
			}
		}
		return []string{
			"igdctl open --through opens a port on the outer router too, if that one speaks UPnP",
			"or open the port there by hand, or switch it to bridge mode",
		}
	case client.CGNAT:
		return []string{"ask the provider for a public IPv4 address, or use IPv6"}
	case client.Mismatch:
		return []string{
			"switch the VPN or proxy of this computer or the router off, and ask again",
			"if it stays so, ask the provider for a public IPv4 address, or use IPv6",
		}
	case client.Reserved:
		return []string{"igdctl status shows the state of the connection", "if it is up, ask the provider for a public IPv4 address, or use IPv6"}
	case client.None, client.Unknown:
		return []string{"igdctl status shows the state of the connection"}
	}
	return nil
}
