package client

import (
	"context"

	"github.com/igdkit/igdkit/internal/inputrules"
)

// filtering asks the rules of nftables, which iptables, ufw and firewalld write, too.
func filtering(ctx context.Context, all []Inbound) (FilterReport, error) {
	rules, err := inputrules.Read(ctx)
	if err != nil {
		return FilterReport{}, err
	}
	f := FilterReport{Tables: rules.Tables()}
	for _, in := range all {
		p := inputrules.Packet{Interface: in.Interface, Index: in.Index, Protocol: inputrules.TCP, From: in.From, To: in.To}
		if in.Protocol == "UDP" {
			p.Protocol = inputrules.UDP
		}
		r := rules.Judge(p)
		f.Passages = append(f.Passages, Passage{
			Inbound: in, Verdict: passageVerdict(r.Verdict), Doubt: r.Doubt,
			Family: r.Place.Family, Table: r.Place.Table, Base: r.Place.Base, Hook: r.Place.Hook, Chain: r.Place.Chain, Policy: r.Place.Policy,
		})
	}
	return f, nil
}

func passageVerdict(v inputrules.Verdict) PassageVerdict {
	switch v {
	case inputrules.Accept:
		return Passes
	case inputrules.Drop:
		return Dropped
	case inputrules.Reject:
		return Rejected
	}
	return PassageUnknown
}
