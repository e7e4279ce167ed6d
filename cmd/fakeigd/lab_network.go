package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/subnet"
	"github.com/igdkit/igdkit/scenarios"
)

// labSpec is what the process on the gateways is told. It cannot read the user's files by itself: it may not see them.
type labSpec struct {
	Gateways []labGateway // as lab.Network.Gateways
	Names    map[string][]netip.Addr
	Seed     uint64
	Journal  bool
	Clean    bool
}

// labGateway is a home's gateway, or a router that does not speak UPnP.
type labGateway struct {
	Mute      bool
	Scenarios []labScenario
	NAT       nat.Behaviour
	External  netip.Addr // of the first device, unless that says itself that it has none; zero: what the scenario says
	Pool      []netip.Addr
	PerHost   int
}

// labScenario is a scenario with all that it names.
type labScenario struct{ Name, Text string }

// labPlan is a network that can be made.
type labPlan struct {
	network lab.Network
	spec    labSpec
}

// planLab makes a plan of a file. scenarios are what homes play when they name none.
func planLab(file *labFile, seed uint64, names []string) (*labPlan, error) {
	played := make([][]*scenarios.Scenario, len(file.Homes))
	had := file.onInternet()
	for i := range file.Homes {
		h := &file.Homes[i]
		var err error
		if played[i], err = file.play(i, names); err != nil {
			return nil, err
		}
		first := played[i][0].Options()[0]
		// A scenario's address is a wish, or what it only says: two homes may play the same one.
		if h.Upstream == "" && !h.External.IsValid() && subnet.Unicast(first.ExternalIP) && !had[first.ExternalIP] {
			h.External = first.ExternalIP
			had[first.ExternalIP] = true
		}
		if h.NAT == nil {
			h.NAT = first.Plane.NAT
		}
	}
	w, err := file.Settled()
	if err != nil {
		return nil, file.refused(err)
	}
	p := &labPlan{spec: labSpec{Seed: seed}}
	if p.spec.Names, err = file.named(&w); err != nil {
		return nil, err
	}
	for _, r := range w.Routers {
		p.gateway(r.Name, r.Upstream, r.LAN, netip.Prefix{}, *r.NAT, labGateway{Mute: true, External: r.External, Pool: r.Pool, PerHost: r.PerHost})
	}
	for i := range w.Homes {
		h := &w.Homes[i]
		g := labGateway{External: h.External, Pool: h.Pool}
		for _, sc := range played[i] {
			text, err := sc.Resolved()
			if err != nil {
				return nil, err
			}
			g.Scenarios = append(g.Scenarios, labScenario{sc.Name, string(text)})
		}
		p.gateway(h.Name, h.Upstream, h.LAN, h.IPv6, *h.NAT, g)
		for _, x := range h.Hosts {
			p.host(h.Name, x)
		}
	}
	for _, x := range w.Internet {
		p.host("", x)
	}
	return p, p.check(file)
}

// onInternet are the addresses there that the file says, and those that every lab has.
func (f *labFile) onInternet() map[netip.Addr]bool {
	all := map[netip.Addr]bool{lab.STUN(): true, lab.OtherSTUN(): true, lab.Resolver(): true}
	note := func(upstream string, addrs ...netip.Addr) {
		for _, a := range addrs {
			all[a] = all[a] || upstream == ""
		}
	}
	for _, h := range f.Homes {
		note(h.Upstream, append(slices.Clone(h.Pool), h.External)...)
	}
	for _, r := range f.Routers {
		note(r.Upstream, append(slices.Clone(r.Pool), r.External)...)
	}
	for _, h := range f.Internet {
		note("", h.Address)
	}
	return all
}

func (p *labPlan) gateway(name, upstream string, lan, six netip.Prefix, b nat.Behaviour, g labGateway) {
	g.NAT = b
	p.spec.Gateways = append(p.spec.Gateways, g)
	n := lab.Gateway{
		Name: name, Upstream: upstream, LAN: netip.PrefixFrom(lan.Addr().Next(), lan.Bits()),
		Routed: b.Kind == nat.Plain, Filtered: b.Filtering != nat.EndpointIndependent,
	}
	if six.IsValid() {
		n.LAN6 = netip.PrefixFrom(six.Masked().Addr().Next(), six.Bits())
	}
	p.network.Gateways = append(p.network.Gateways, n)
}

func (p *labPlan) host(gateway string, x emulator.WorldHost) {
	h := lab.Host{Name: x.Name, Gateway: gateway, Addr: x.Address}
	if len(x.Command) > 0 {
		h.Command = &lab.Command{
			Argv: x.Command, After: x.After, Ready: x.Ready, Background: x.Background, Timeout: time.Duration(x.Timeout), Log: x.Log,
		}
	}
	p.network.Hosts = append(p.network.Hosts, h)
}

func (p *labPlan) check(file *labFile) error {
	if len(p.network.Gateways) > maxLabHomes || len(p.network.Hosts) > maxLabHosts {
		return networkFailure(fmt.Errorf("%d homes and routers and %d hosts are more than one lab has: %d and %d at most",
			len(p.network.Gateways), len(p.network.Hosts), maxLabHomes, maxLabHosts))
	}
	var with []string
	for _, h := range p.network.Hosts {
		if h.Command != nil {
			with = append(with, h.Name)
		}
	}
	if len(with) == 0 {
		return networkFailure(fmt.Errorf("no host has a command: there is nothing to do"))
	}
	if !slices.ContainsFunc(p.network.Hosts, func(h lab.Host) bool { return h.Command != nil && !h.Command.Background }) {
		return networkFailure(fmt.Errorf("all commands are in the background: nobody would wait for anything"))
	}
	for _, h := range p.network.Hosts {
		if h.Command == nil {
			continue
		}
		if len(h.Command.Argv[0]) == 0 {
			return file.refused(&lab.PlaceError{Host: h.Name, Err: errors.New("its command begins with an empty word")})
		}
		if slices.ContainsFunc(h.Command.Argv, func(word string) bool { return strings.ContainsRune(word, 0) }) {
			return file.refused(&lab.PlaceError{Host: h.Name, Err: errors.New("its command has a NUL character in it, which no program can be given")})
		}
		for i, name := range h.Command.After {
			if !slices.Contains(with, name) {
				return file.unknownHost(h.Name, i, name, with)
			}
		}
	}
	if err := p.network.Check(); err != nil {
		return file.refused(err)
	}
	for _, h := range p.network.Hosts {
		if h.Command == nil {
			continue
		}
		if _, err := lookPath(h.Command.Argv); err != nil {
			return file.noProgram(h.Name, err)
		}
	}
	return nil
}

// logsBeside makes the names of logs those of files beside the file that names them, which is none of them.
func (p *labPlan) logsBeside(file string) error {
	own, _ := os.Stat(file) // it was read a moment ago
	for _, h := range p.network.Hosts {
		if h.Command == nil || h.Command.Log == "" {
			continue
		}
		if !filepath.IsAbs(h.Command.Log) {
			h.Command.Log = filepath.Join(filepath.Dir(file), h.Command.Log)
		}
		if info, err := os.Stat(h.Command.Log); err == nil && os.SameFile(info, own) {
			return &lab.PlaceError{Host: h.Name, Err: errors.New("its log is the file that says so")}
		}
	}
	return nil
}
