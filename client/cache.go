package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/statefile"
)

const (
	// maxRemembered bounds the gateways in the cache; the one that was not chosen for the longest time goes first.
	maxRemembered = 32
	// maxLearned bounds the quirks remembered of one gateway.
	maxLearned = 64
	// searchLead is the time that a remembered gateway has before a search goes out, unless it fails sooner. A healthy one says within 30 ms how
	// it is.
	searchLead = 100 * time.Millisecond
	// seenAgain is how old the note of a choice may be before it is made anew.
	seenAgain = time.Hour
)

// DefaultCache is where igdctl keeps what it remembers of gateways: a file in this user's cache directory, for [Options].Cache.
func DefaultCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "igdkit", "gateways.json"), nil
}

// remembered is a gateway that [Find] has chosen, with what was learned about it.
type remembered struct {
	UDN       string    `json:"udn"`
	Location  string    `json:"location"`
	Interface string    `json:"interface"`
	Network   string    `json:"network"` // of this machine when it was chosen: another one has another gateway
	Server    string    `json:"server"`  // of its answer to a search
	Build     string    `json:"build"`   // what it says of its software: with another one it has other quirks
	Chosen    time.Time `json:"chosen"`
	Manner    string    `json:"manner,omitempty"` // by its quirk, "" for the standard's
	Spacing   spacing   `json:"spacing,omitzero"`
	Quirks    []string  `json:"quirks,omitempty"`
}

// cacheFile is where gateways are remembered.
func (o Options) cacheFile() statefile.File {
	return statefile.File{Path: o.Cache, Kind: "gateways", Version: 1, Rows: maxRemembered}
}

// remembers gives every gateway that is remembered, the one chosen last first.
func (o Options) remembers(ctx context.Context) []remembered {
	if o.Cache == "" {
		return nil
	}
	all, err := statefile.Read[remembered](ctx, o.cacheFile())
	o.warn("the cache of gateways", err)
	slices.SortStableFunc(all, func(a, b remembered) int { return b.Chosen.Compare(a.Chosen) })
	return all
}

// host is the address of the host that the description is on, zero when the row is no use.
func (r remembered) host() netip.Addr {
	u, err := url.Parse(r.Location)
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(u.Hostname())
	return a.Unmap()
}

func (r remembered) id() gatewayID { return idOf(r.UDN, r.Location) }

// networkOf names the network that this machine is in.
func networkOf(all []link) string {
	sum := sha256.Sum256([]byte(fingerprintOf(all)))
	return hex.EncodeToString(sum[:8])
}

// recall fetches the description of the gateway that was chosen the last time in this network, or else at the address of a default gateway. Where
// it is now, and whether it may be asked there, is judged as if it had answered a search from the host in its location.
func (s *search) recall(ctx context.Context) {
	if !s.warm || len(s.sockets) == 0 || s.o.SSDP != "" && s.o.Gateway == "" {
		return
	}
	network := networkOf(s.links)
	all := s.o.remembers(ctx)
	i := slices.IndexFunc(all, func(r remembered) bool { return r.Network == network && s.within(r.host()) })
	if i < 0 {
		i = slices.IndexFunc(all, func(r remembered) bool {
			return s.within(r.host()) && (!s.target.group || slices.Contains(s.gateways, r.host()))
		})
	}
	if i < 0 {
		return
	}
	r, host := all[i], all[i].host()
	k := s.socketTo(host)
	t := trust{responder: host}
	location, _, err := t.location(r.Location)
	if k == nil || err != nil {
		return
	}
	e := s.known.enter(k, host, location, r.UDN, true)
	e.recalled = &r
	s.lead = searchLead
	s.fetch(ctx, e, candidate{location: location, local: k.local, trust: t, link: k.link, links: s.links, memory: all, asked: !s.target.group})
}

// within tells whether a host may be the gateway that is searched.
func (s *search) within(host netip.Addr) bool {
	return host.IsValid() && (s.target.group || host == s.target.addr.Addr()) && s.socketTo(host) != nil
}

// socketTo is the socket by whose link a host is reached.
func (s *search) socketTo(host netip.Addr) *socket {
	for _, k := range s.sockets {
		if k.link == nil && !s.target.group || k.link != nil && k.link.near(host) {
			return k
		}
	}
	return nil
}

// recognise tells whether a gateway that was recalled may be chosen without waiting for others: it is the one that was chosen before, and there is no
// other default gateway that could have become the better one.
func (s *search) recognise(g *Gateway, r *remembered) bool {
	return r != nil && r.id() == g.id() && (r.Network == networkOf(s.links) || g.DefaultRoute && !s.rivals())
}

// recollect takes up what was learned about g, before it is asked anything. all is what the cache holds; nil: it has not been read.
func (g *Gateway) recollect(ctx context.Context, all []remembered) {
	if all == nil {
		all = g.options.remembers(ctx)
	}
	id := g.id()
	i := slices.IndexFunc(all, func(r remembered) bool { return r.id() == id && r.Build == g.build })
	if i < 0 {
		return
	}
	r := all[i]
	if time.Since(r.Chosen).Abs() < seenAgain {
		g.noted = &r
	}
	g.forgive(r.Quirks[:min(len(r.Quirks), maxLearned)]...)
	if g.unnamed && r.Server != "" {
		g.Server = r.Server
	}
	for _, m := range manners() {
		if m.quirk == r.Manner {
			g.dialogue.manner = m
		}
	}
	g.dialogue.spacing = r.Spacing.remembered()
}

// choose remembers g as the gateway of this network.
func (g *Gateway) choose(ctx context.Context, all []link) {
	if g.options.Cache == "" {
		return
	}
	g.network = networkOf(all)
	g.remember(ctx)
}

// remember writes down what is known of g, when it was chosen and something of it is new. The turn of g is held, or nobody else has g yet.
func (g *Gateway) remember(ctx context.Context) {
	if g.network == "" {
		return
	}
	quirks := g.Quirks()
	now := remembered{
		UDN: g.UDN(), Location: g.Location, Interface: g.Interface, Network: g.network, Server: g.Server, Build: g.build,
		Manner: g.dialogue.manner.quirk, Spacing: g.dialogue.spacing,
		Quirks: quirks[:min(len(quirks), maxLearned)],
	}
	if host := now.host(); !host.IsValid() || host.IsLoopback() || g.noted != nil && g.noted.same(now) {
		return // a test's gateway, or a name that the user gave: neither is found by recall
	}
	now.Chosen = time.Now().Round(0)
	err := statefile.Change(ctx, g.options.cacheFile(), func(all []remembered) ([]remembered, bool) {
		i := slices.IndexFunc(all, func(r remembered) bool { return r.id() == now.id() })
		if i >= 0 && all[i].same(now) && now.Chosen.Sub(all[i].Chosen).Abs() < seenAgain {
			return all, false
		}
		if i >= 0 {
			all = slices.Delete(all, i, i+1)
		}
		return append(all, now), true // the oldest is the first
	})
	g.noted = &now
	g.options.warn("the cache of gateways", err)
}

// same tells whether two rows say the same of a gateway.
func (r remembered) same(o remembered) bool {
	return r.UDN == o.UDN && r.Location == o.Location && r.Interface == o.Interface && r.Network == o.Network && r.Server == o.Server && r.Build == o.Build &&
		r.Manner == o.Manner && r.Spacing.same(o.Spacing) && slices.Equal(r.Quirks, o.Quirks)
}

// buildOf is what a gateway says of its software.
func (g *Gateway) buildOf(served string) string {
	d := g.Root.Device
	return strings.Join([]string{d.ModelName, d.ModelNumber, served}, " ")
}
