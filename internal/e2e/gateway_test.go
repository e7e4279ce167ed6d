package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
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
}

func (s spec) json(t *testing.T) []byte {
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
	var running together
	var first *emulator.Gateway
	for _, o := range devices {
		o.LAN, o.SSDP, o.Seed, o.Beside = site.LAN.Addr(), "multicast", 1, first
		g, err := emulator.New(ctx, o)
		if err != nil {
			return nil, errors.Join(err, running.Close())
		}
		if first == nil {
			first = g
		}
		running = append(running, g)
	}
	plug, err := net.Listen("tcp", rebootAddr.String())
	if err != nil {
		return nil, errors.Join(err, running.Close())
	}
	go func() {
		for {
			c, err := plug.Accept()
			if err != nil {
				return
			}
			first.Reboot(emulator.Reboot{})
			c.Close()
		}
	}()
	return append(running, plug), nil
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
