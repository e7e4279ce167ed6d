package e2e

import (
	"context"
	"encoding/json"
	"io"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
)

// spec is what the tests' gateway is told to be.
type spec struct {
	Version int
}

func (s spec) json() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
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
	return emulator.New(ctx, emulator.Options{
		Version:    s.Version,
		LAN:        site.LAN.Addr(),
		SSDP:       "multicast",
		ExternalIP: site.WAN,
		Seed:       1,
	})
}
