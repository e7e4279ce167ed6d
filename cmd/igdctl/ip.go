package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newIPCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ip [flags]",
		Short: "Show the external address and what it is worth",
		Long: `Shows the address of the gateway on its Internet side and whether the Internet can reach it:

  public    an address of the Internet
  private   the gateway stands behind another router
  cgnat     the Internet provider shares the address among customers
  reserved  an address that leads nowhere
  none      the gateway has no address
  mismatch  the Internet sees another address than the gateway says (with --stun)
  unknown   the gateway does not tell

The verdict is judged by the address alone. With --stun a server on the Internet is asked as well which address it sees.
An address that is not public is no error: the exit code is 0. With "unknown" it says why the gateway does not tell, and is 4 or 5.`,
		Example: `  igdctl ip
  igdctl ip --json
  igdctl ip --stun stun.example.org:3478   # ask that server too`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkServers(cmd, "stun", a.stun); err != nil {
				return err
			}
			return a.ip(cmd.Context())
		},
	}
	a.stunFlag(cmd)
	return cmd
}

type ipJSON struct {
	ExternalIP *netip.Addr           `json:"external_ip"`
	Verdict    client.AddressVerdict `json:"verdict"`
	STUNIP     *netip.Addr           `json:"stun_ip"` // the address the Internet sees; null while nobody was asked, or told
	Error      *failureJSON          `json:"error,omitempty"`
}

func (a *app) ip(ctx context.Context) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	over := a.Waiting("asking %s…", g.Name())
	address, err := g.ExternalIP(limited)
	over()
	r := reach{address: address, seen: a.seen(ctx, g)}
	r.verdict = client.Compare(address, r.seen)
	if err != nil {
		r.verdict = client.Unknown
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.JSON {
		shape := ipJSON{ExternalIP: known(address, address.IsValid()), Verdict: r.verdict, STUNIP: known(r.seen, r.seen.IsValid())}
		if err != nil {
			shape.Error = explain(err).json()
			err = &saidError{err}
		}
		a.Document(shape)
		return err
	}
	if err != nil {
		if r.seen.IsValid() {
			a.Warn("%s", r.sentence())
		}
		return err
	}
	a.Print("%s", addressWords(address, r.verdict))
	if r.seen.IsValid() {
		a.Print("%s is what %s sees", r.seen, a.stun)
	}
	if r.verdict != client.Public {
		a.Warn("%s", r.sentence())
		a.Hint(r.hints()...)
	}
	return nil
}
