package main

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/internal/hostname"
	"github.com/igdkit/igdkit/scenarios"
)

// FuzzLabFile holds networks to what a lab can be made of: whatever a file says, it is refused in words, or it is a network in which everybody has an
// address of his own.
func FuzzLabFile(f *testing.F) {
	f.Add("homes: [{name: a, nat: symmetric, upstream: cgnat, ipv6: 2001:db8:1::/64, hosts: [{name: x, command: sh -c exit, ready: tcp/80, timeout: 1s}]}]")
	f.Add("homes: [{name: a, nat: open, lan: 10.0.0.0/30}, {name: b, lan: 0.0.0.0/0}]\ninternet: {name: c, command: [sh], after: c}")
	f.Add("routers: [{name: r, lan: 224.0.0.0/4, external: ::1, per-host: -1}]\nnames: {a..b: 1.2.3.4}")
	f.Add("homes: [{name: a, hosts: [{name: x, command: ''}]}]")
	f.Add("homes: [{name: a, hosts: [{name: x, command: [' '], log: x}]}]")
	f.Add("homes: [{name: a, lan: 192.168.0.0/16}, {name: b, upstream: a, hosts: [{name: x, command: sh}]}]")
	f.Add("homes: [{name: a, lan: 192.0.0.0/8}, {name: b, lan: 10.0.0.0/8, upstream: a}, {name: c, upstream: b, hosts: [{name: x, command: sh}]}]")
	f.Add("homes: [{name: a, lan: 192.168.7.0/29, hosts: [{name: x, command: sh}, {name: y}, {name: z, address: 192.168.7.2}, {name: u}, {name: v}]}]")
	f.Add("homes: [{name: a, pool: [45.66.77.90], hosts: [{name: x, command: sh}]}, {name: b, external: 45.66.77.90}]\ninternet: [{name: y, address: 45.66.77.88}]")
	f.Add("homes: [{name: a, hosts: [{name: x, command: sh}]}]\nnames: {STUN.lab.: 1.2.3.4, a.b: '::ffff:1.2.3.4'}")
	f.Add("homes: [{name: aCCCCCCCC.0.0.0/8, hosts: [{name: x, command: sh}]}]")
	f.Add("homes: [{name: stun, hosts: [{name: STUN.lab, command: sh}]}]\nnames: {stun.lab.LAB: 1.2.3.4}")
	for _, lan := range []string{"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "239.255.255.0/24", "240.0.0.0/4", "255.255.255.0/24"} {
		f.Add("homes: [{name: a, lan: " + lan + ", hosts: [{name: x, command: sh}]}]")
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseLabFile("net.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, h := range file.Homes {
			if scenarios.IsFile(h.Scenario) {
				return // it is not for a fuzzer to open files
			}
		}
		p, err := planLab(file, 1, nil)
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		if err := sound(p); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// wired are the addresses on one LAN, or on the Internet.
type wired struct {
	lan  netip.Prefix // zero: the Internet
	ends map[netip.Addr]string
}

func (w *wired) add(who string, a netip.Addr) error {
	switch other, taken := w.ends[a]; {
	case taken:
		return fmt.Errorf("%v is the address of both %s and %s", a, other, who)
	case !a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.As4()[0] == 0 || a.As4()[0] >= 240:
		return fmt.Errorf("nobody can have the address %v of %s", a, who)
	case w.lan.IsValid() && (!w.lan.Contains(a) || a == w.lan.Masked().Addr() || !w.lan.Contains(a.Next())):
		return fmt.Errorf("%v of %s is no host's of %v", a, who, w.lan)
	}
	w.ends[a] = who
	return nil
}

// sound says what is wrong with a plan that was taken, from what the gateways are told and from the network: it asks none of those who took it.
func sound(p *labPlan) error {
	wires := map[string]*wired{"": {ends: map[netip.Addr]string{}}}
	for _, g := range p.network.Gateways {
		wires[g.Name] = &wired{g.LAN, map[netip.Addr]string{}}
		if err := wires[g.Name].add(g.Name, g.LAN.Addr()); err != nil {
			return err
		}
	}
	if len(p.spec.Gateways) != len(p.network.Gateways) {
		return fmt.Errorf("%d gateways are told what they are, of %d", len(p.spec.Gateways), len(p.network.Gateways))
	}
	for i, g := range p.network.Gateways {
		s := p.spec.Gateways[i]
		for _, a := range append([]netip.Addr{s.External}, s.Pool...) {
			if err := wires[g.Upstream].add(g.Name, a); err != nil {
				return err
			}
		}
		if err := s.NAT.Check(); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	waited := 0
	for _, h := range p.network.Hosts {
		if err := wires[h.Gateway].add(h.Name, h.Addr); err != nil {
			return err
		}
		if c := h.Command; c != nil && !c.Background {
			waited++
		}
	}
	if waited == 0 {
		return fmt.Errorf("there is nothing to wait for")
	}
	for name, addrs := range p.spec.Names {
		if !hostname.Valid(name) || len(addrs) == 0 {
			return fmt.Errorf("the name %q of %v can be no host's", name, addrs)
		}
		for _, a := range addrs {
			if !a.IsValid() || a.Is4In6() {
				return fmt.Errorf("%s is %v", name, a)
			}
		}
	}
	return nil
}
