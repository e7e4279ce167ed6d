package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/subnet"
	"github.com/igdkit/igdkit/scenarios"
)

// labReport is what comes out of a lab: a line of the journal, or what is not met at the end.
type labReport struct {
	Entry json.RawMessage  `json:"entry,omitempty"`
	Unmet []emulator.Unmet `json:"unmet,omitempty"`
}

// prepareLab reads what runs on the gateways of a lab.
func prepareLab(spec []byte) (lab.Start, error) {
	l := &labPlays{taken: map[string]bool{}}
	if err := json.Unmarshal(spec, &l.spec); err != nil {
		return nil, err
	}
	for i := range l.spec.Gateways {
		var all []*scenarios.Scenario
		for _, source := range l.spec.Gateways[i].Scenarios {
			sc, err := scenarios.Parse(source.Name, []byte(source.Text))
			if err != nil {
				return nil, err
			}
			for _, o := range sc.Options() {
				o.Prepare()
			}
			all = append(all, sc)
		}
		l.scenarios = append(l.scenarios, all)
	}
	return l.start, nil
}

// start runs on the gateways of a lab.
func (l *labPlays) start(ctx context.Context, site lab.Site) (io.Closer, error) {
	l.report = site.Report
	if l.spec.Names == nil { // a plan has some
		return l, nil // the commands make do with what the kernel does
	}
	if len(l.spec.Gateways) != len(site.Places) {
		return nil, fmt.Errorf("%d gateways for %d places", len(l.spec.Gateways), len(site.Places))
	}
	if l.spec.Journal {
		l.journal = reporter{site}
	}
	if err := l.begin(ctx, site); err != nil {
		return nil, errors.Join(err, l.end())
	}
	return l, nil
}

// labPlays are what is played in a lab.
type labPlays struct {
	spec      labSpec
	scenarios [][]*scenarios.Scenario // of each gateway
	journal   io.Writer
	taken     map[string]bool // names of gateways
	plays     []*play
	others    []io.Closer // routers, the resolvers, the STUN server
	report    func(any) error
}

func (l *labPlays) begin(ctx context.Context, site lab.Site) error {
	if err := l.internet(ctx, site); err != nil {
		return err
	}
	// Last, so that the commands come soon after the first announcements: some gateways are found by these alone.
	for i, place := range site.Places {
		if err := l.gateway(ctx, place, &l.spec.Gateways[i], l.scenarios[i]); err != nil {
			return err
		}
	}
	return nil
}

// internet starts what the Internet itself has.
func (l *labPlays) internet(ctx context.Context, site lab.Site) error {
	there := emulator.NetWithin(site.Internet)
	if err := l.resolver(ctx, there, lab.Resolver()); err != nil {
		return err
	}
	for _, p := range site.Places {
		if err := l.resolver(ctx, emulator.NetWithin(p.Do), p.LAN.Addr()); err != nil {
			return err
		}
	}
	addrs := emulator.STUNAddrs()
	s, err := emulator.StartSTUN(ctx, emulator.STUNOptions{Net: there, Addrs: addrs[:], Ports: [2]uint16{3478, 3479}, TCP: true, Journal: l.journal})
	if err != nil {
		return err
	}
	l.others = append(l.others, s)
	return nil
}

// gateway plays what stands at a place: a router, or all that the home's scenarios have there.
func (l *labPlays) gateway(ctx context.Context, place lab.Place, spec *labGateway, played []*scenarios.Scenario) error {
	wires, err := openWires(ctx, place)
	if err != nil {
		return err
	}
	if wires != nil {
		l.others = append(l.others, wires)
	}
	if spec.Mute {
		o := emulator.Options{Name: freeName(place.Name, l.taken), Mute: true, ExternalIP: spec.External}
		l.settle(&o, place, spec, wires)
		o.Plane.MaxPerHost = spec.PerHost
		g, err := emulator.New(ctx, o)
		if err == nil {
			l.others = append(l.others, g)
		}
		return err
	}
	var first *play
	for _, sc := range played {
		c := cast{scenario: sc.Name, seed: l.spec.Seed, expect: sc.Expect, clean: l.spec.Clean, devices: sc.Options()}
		for i := range c.devices {
			o := &c.devices[i]
			if len(l.spec.Gateways) > 1 {
				o.Name = place.Name + "-" + o.Name
			}
			o.Name = freeName(o.Name, l.taken)
			if first != nil || i > 0 {
				l.settle(o, place, nil, wires)
			} else {
				if spec.External.IsValid() && (!o.ExternalIP.IsValid() || subnet.Unicast(o.ExternalIP)) {
					o.ExternalIP = spec.External
				}
				l.settle(o, place, spec, wires)
			}
			if at := o.Stands(); at != o.LAN {
				if err := place.Hold(at, true); err != nil {
					return err
				}
			}
			if first != nil {
				o.Beside = first.gateways[0].Gateway // multicast reaches one socket of this address
			}
		}
		p, err := start(ctx, c)
		if err != nil {
			return err
		}
		l.plays = append(l.plays, p)
		if first == nil {
			first = p
		}
	}
	return nil
}

// settle puts a device at a place. The first one there has the home's NAT, which spec tells.
func (l *labPlays) settle(o *emulator.Options, place lab.Place, spec *labGateway, wires *wires) {
	o.Net, o.LAN = emulator.NetWithin(place.Do), place.LAN.Addr()
	o.Clients = []netip.Prefix{place.LAN.Masked(), netip.MustParsePrefix("fe80::/10")}
	if place.LAN6.IsValid() {
		o.Clients = append(o.Clients, place.LAN6.Masked())
		o.IPv6 = o.IPv6 || spec != nil // from where alone pinholes may be asked for
	}
	if !o.Mute {
		o.SSDP = "multicast"
	}
	o.Seed, o.Journal = l.spec.Seed, l.journal
	o.Plane.Mode, o.Plane.Forwarding, o.Plane.Hold, o.Plane.NAT = emulator.PlanePorts, place.Forwarding, place.Hold, nil
	if spec == nil {
		if wires != nil {
			o.Plane.Wire = wires.branch(false)
		}
		return
	}
	o.Plane.Power = place.Power
	o.Plane.Pool = append(o.Plane.Pool, spec.Pool...)
	if place.Firewall != nil {
		o.Plane.Firewall = place.Firewall
	}
	if wires != nil {
		o.Plane.Wire, o.Plane.NAT = wires.branch(true), &spec.NAT
	}
}

// Close tells what is not met now that the commands have ended, and ends the gateways.
func (l *labPlays) Close() error {
	var r labReport
	for _, p := range l.plays {
		r.Unmet = append(r.Unmet, p.unmet()...)
	}
	var err error
	if len(r.Unmet) > 0 {
		err = l.report(r)
	}
	return errors.Join(err, l.end())
}

func (l *labPlays) end() error {
	var errs []error
	for _, p := range l.plays {
		errs = append(errs, p.close())
	}
	for _, c := range l.others {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// reporter sends the lines of the journal out of the lab. Several gateways may write.
type reporter struct{ site lab.Site }

func (r reporter) Write(line []byte) (int, error) {
	return len(line), r.site.Report(labReport{Entry: bytes.TrimSpace(line)})
}
