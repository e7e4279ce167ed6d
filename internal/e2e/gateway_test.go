package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/scenarios"
)

// The addresses in a lab, as its documentation promises them.
var (
	labGateway = netip.MustParseAddr("192.168.1.1")
	labHost    = netip.MustParseAddr("192.168.1.10")

	// rebootAddr is where the tests' gateway waits for somebody to pull its plug.
	rebootAddr = netip.AddrPortFrom(labGateway, 7)
)

// spec is what the tests' gateway is told to be.
type spec struct {
	Version    int
	ExternalIP netip.Addr
	Scenario   string // a document to be played in place of an ideal gateway
	NAT        string // a behaviour by which UDP of the LAN gets out; then a STUN server stands on the Internet. "": the kernel lets it out
}

func (s spec) json(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// devices are those of the scenario, or the ideal gateway.
func (s spec) devices() ([]emulator.Options, error) {
	if s.Scenario == "" {
		return []emulator.Options{{Version: s.Version, ExternalIP: s.ExternalIP}}, nil
	}
	sc, err := scenarios.Parse("spec.yaml", []byte(s.Scenario))
	if err != nil {
		return nil, err
	}
	return sc.Options(), nil
}

// stage is where gateways are played in a lab.
type stage struct {
	ctx     context.Context
	site    lab.Site
	devices []emulator.Options
	nat     *nat.Behaviour // nil: the kernel's affair

	mu       sync.Mutex
	gateways []*emulator.Gateway // nil before the beginning and after the end
}

// startGateway runs emulated gateways in a lab, when the lab's options ask for some.
func startGateway(ctx context.Context, site lab.Site) (io.Closer, error) {
	if len(site.Spec) == 0 {
		return nil, nil
	}
	var s spec
	if err := json.Unmarshal(site.Spec, &s); err != nil {
		return nil, err
	}
	devices, err := s.devices()
	if err != nil {
		return nil, err
	}
	st := &stage{ctx: ctx, site: site, devices: devices}
	if s.NAT != "" {
		b, err := nat.Parse(s.NAT)
		if err != nil {
			return nil, err
		}
		st.nat = &b
	}
	if err := st.begin(); err != nil {
		return nil, err
	}
	plug, err := listen(rebootAddr, func(c net.Conn) {
		st.mu.Lock()
		defer st.mu.Unlock()
		if len(st.gateways) > 0 {
			st.gateways[0].Reboot(emulator.Reboot{})
		}
	})
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	w, err := newWitness(st)
	if err != nil {
		return nil, errors.Join(err, plug.Close(), st.Close())
	}
	all := together{plug, w, st}
	if st.nat != nil {
		server, err := startSTUN(ctx, site)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, server)
	}
	return all, nil
}

// startSTUN runs a STUN server on the lab's Internet.
func startSTUN(ctx context.Context, site lab.Site) (s *emulator.STUNServer, err error) {
	err = site.Internet(func() (err error) {
		s, err = emulator.StartSTUN(ctx, emulator.STUNOptions{Addrs: []netip.Addr{lab.STUN(), lab.OtherSTUN()}, Ports: [2]uint16{3478, 3479}})
		return err
	})
	return s, err
}

// begin starts the gateways.
func (st *stage) begin() error {
	for _, o := range st.devices {
		o.LAN, o.SSDP, o.Seed = st.site.LAN.Addr(), "multicast", 1
		o.Plane = emulator.Plane{Mode: emulator.PlanePorts, Hold: st.site.Hold}
		if st.nat != nil {
			wire, err := st.site.Wire()
			if err != nil {
				return errors.Join(err, st.end())
			}
			o.Plane.NAT, o.Plane.Wire, o.Plane.Forwarding = st.nat, wire, st.site.Forwarding
		}
		if !o.ExternalIP.IsValid() {
			o.ExternalIP = st.site.WAN
		}
		if len(st.gateways) > 0 {
			o.Beside = st.gateways[0]
		}
		if at := o.Stands(); at != o.LAN {
			if err := st.site.Hold(at, true); err != nil {
				return errors.Join(err, st.end())
			}
		}
		g, err := emulator.New(st.ctx, o)
		if err != nil {
			return errors.Join(err, st.end())
		}
		st.gateways = append(st.gateways, g)
	}
	return nil
}

// end ends them.
func (st *stage) end() error {
	var errs []error
	for _, g := range st.gateways {
		errs = append(errs, g.Close())
	}
	st.gateways = nil
	return errors.Join(errs...)
}

func (st *stage) Close() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.end()
}

// listen answers each connection to an address, one after the other.
func listen(at netip.AddrPort, answer func(net.Conn)) (io.Closer, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answer(c)
			c.Close()
		}
	}()
	return l, nil
}

// together end together.
type together []io.Closer

func (all together) Close() error {
	errs := make([]error, len(all))
	for i, c := range all {
		errs[i] = c.Close()
	}
	return errors.Join(errs...)
}

// reboot pulls the gateway's plug, from the host, and returns when it is up again.
func reboot(t *testing.T) {
	t.Helper()
	c, err := net.DialTimeout("tcp", rebootAddr.String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatal(err)
	}
}
