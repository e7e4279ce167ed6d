package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newIPCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "ip",
		Short: "Show the external address and what it is worth",
		Long: `Shows the address of the gateway on its Internet side and whether the Internet can reach it:

  public    an address of the Internet
  private   the gateway stands behind another router
  cgnat     the Internet provider shares the address among customers
  reserved  an address that leads nowhere
  none      the gateway has no address
  unknown   the gateway does not tell

The verdict is judged by the address alone.`,
		Example: `  igdctl ip
  igdctl ip --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.ip(cmd.Context()) },
	}
}

type ipJSON struct {
	ExternalIP *netip.Addr           `json:"external_ip"`
	Verdict    client.AddressVerdict `json:"verdict"`
	STUNIP     *netip.Addr           `json:"stun_ip"` // the address the Internet sees; null while nobody was asked
	Error      *failureJSON          `json:"error,omitempty"`
}

func (a *app) ip(ctx context.Context) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := a.limit(ctx)
	defer cancel()
	over := a.Waiting("asking %s…", g.Name())
	address, err := g.ExternalIP(ctx)
	over()
	verdict := client.Judge(address)
	if err != nil {
		verdict = client.Unknown
	}
	if a.JSON {
		shape := ipJSON{ExternalIP: known(address, address.IsValid()), Verdict: verdict}
		if err != nil {
			shape.Error = explain(err).json()
			err = &saidError{err}
		}
		a.Document(shape)
		return err
	}
	if err != nil {
		return err
	}
	a.Print("%s", addressWords(address, verdict))
	if verdict != client.Public {
		a.Warn("%s", verdictSentence(address, verdict))
		a.Hint(verdictHints(verdict)...)
	}
	return nil
}
