package client

import (
	"context"
	"net/netip"
)

// stunPatience is how long Seen waits for a STUN server: four requests, and as long as the next would be waited for.
const stunPatience = 15 * stunRTO

// Truth is what the external address of a gateway is worth, and from whom that is known.
type Truth struct {
	External netip.Addr // as the gateway says it; the zero Addr when it has or tells none
	Seen     netip.Addr // as the STUN server sees us; the zero Addr when none was asked or it did not tell
	Verdict  AddressVerdict
	Err      error // why the gateway did not tell; nil when it did
	STUNErr  error // why the STUN server did not; nil when none was asked
}

// Truth asks the gateway for its external address and a STUN server for the one it sees, as [Gateway.Seen] does. It does not fail: what
// the gateway does not tell is Unknown.
func (g *Gateway) Truth(ctx context.Context) Truth {
	var t Truth
	t.External, t.Err = g.ExternalIP(ctx)
	t.Seen, t.STUNErr = g.Seen(ctx)
	t.Verdict = Compare(t.External, t.Seen)
	if t.Err != nil {
		t.Verdict = Unknown
	}
	return t
}

// Seen asks the STUN server that Options.STUN names for the address it sees when this host sends from Local, for 7.5 s at most. Without
// one it is the zero Addr and no error. Errors are those of [MappedAddress].
func (g *Gateway) Seen(ctx context.Context) (netip.Addr, error) {
	if g.options.STUN == "" {
		return netip.Addr{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, stunPatience)
	defer cancel()
	seen, err := askSTUN(ctx, g.options, g.Local.Unmap(), g.options.STUN)
	return seen.Addr(), err
}

// Compare gives the verdict on an external address when the Internet sees us at seen. It is that of [Judge], but Mismatch when both are public
// and differ: then the gateway is wrong or somebody translates behind it, or what this host sends leaves by another way, as with
// a VPN. A seen address that is not public proves nothing, since the server does not stand on the Internet; neither does the zero Addr.
func Compare(external, seen netip.Addr) AddressVerdict {
	v := Judge(external)
	if v == Public && Judge(seen) == Public && external.Unmap() != seen.Unmap() {
		return Mismatch
	}
	return v
}
