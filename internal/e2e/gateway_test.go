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
}

func (s spec) json(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// startGateway runs an emulated gateway in a lab, when the lab's options ask for one.
func startGateway(ctx context.Context, site lab.Site) (io.Closer, error) {
	if len(site.Spec) == 0 {
		return nil, nil
	}
	var s spec
	if err := json.Unmarshal(site.Spec, &s); err != nil {
		return nil, err
	}
	g, err := emulator.New(ctx, emulator.Options{
		Version:    s.Version,
		LAN:        site.LAN.Addr(),
		SSDP:       "multicast",
		ExternalIP: s.ExternalIP,
		Seed:       1,
	})
	if err != nil {
		return nil, err
	}
	plug, err := net.Listen("tcp", rebootAddr.String())
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	go func() {
		for {
			c, err := plug.Accept()
			if err != nil {
				return
			}
			g.Reboot(emulator.Reboot{})
			c.Close()
		}
	}()
	return both{plug, g}, nil
}

type both [2]io.Closer

func (b both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }

// reboot pulls the gateway's plug, from the host.
func reboot(t *testing.T) {
	t.Helper()
	c, err := net.DialTimeout("tcp", rebootAddr.String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
