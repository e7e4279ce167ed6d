package main

import (
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// The shapes of --json are a promise: keys are added and never renamed. What is not known is null.

type gatewayJSON struct {
	Location     string      `json:"location"`
	Server       string      `json:"server"`
	FriendlyName string      `json:"friendly_name"`
	Manufacturer string      `json:"manufacturer"`
	Model        string      `json:"model"`
	UDN          string      `json:"udn"`
	Service      string      `json:"service"`
	Connected    bool        `json:"connected"`
	ExternalIP   *netip.Addr `json:"external_ip"`
	Quirks       []string    `json:"quirks"`
}

func gatewayShape(g *client.Gateway) gatewayJSON {
	d := g.Root.Device
	return gatewayJSON{
		Location:     g.Location,
		Server:       g.Server,
		FriendlyName: d.FriendlyName,
		Manufacturer: d.Manufacturer,
		Model:        d.ModelName,
		UDN:          g.UDN(),
		Service:      g.Service.Type,
		Connected:    g.Connected,
		ExternalIP:   known(g.External, g.External.IsValid()),
		Quirks:       append([]string{}, g.Quirks()...),
	}
}

type mappingJSON struct {
	Protocol       string `json:"protocol"` // "TCP" or "UDP", as on the wire
	ExternalPort   uint16 `json:"external_port"`
	InternalClient string `json:"internal_client"`
	InternalPort   uint16 `json:"internal_port"`
	Description    string `json:"description"`
	Enabled        bool   `json:"enabled"`
	LeaseSeconds   *int64 `json:"lease_seconds"` // what remains of it; 0 is permanent
	RemoteHost     string `json:"remote_host"`   // "" is everybody
	Mine           bool   `json:"mine"`          // it leads to this computer; in a list also: igdctl opened it
}

func mappingShape(m client.PortMapping, g *client.Gateway) mappingJSON {
	return mappingJSON{
		Protocol:       m.Protocol,
		ExternalPort:   m.ExternalPort,
		InternalClient: m.InternalClient,
		InternalPort:   m.InternalPort,
		Description:    m.Description,
		Enabled:        m.Enabled,
		LeaseSeconds:   known(int64(m.Lease/time.Second), m.LeaseKnown),
		RemoteHost:     m.RemoteHost,
		Mine:           ownerOf(m, g) == thisComputer,
	}
}

// known is a value, or the null of what is not known.
func known[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

type owner int

const (
	thisComputer owner = iota
	somebodyElse
	nobodyKnows // the gateway hides it: miniupnpd on nftables lists 0.0.0.0
)

func ownerOf(m client.PortMapping, g *client.Gateway) owner {
	a, known := m.Client()
	switch {
	case !known && m.InternalClient != "":
		return somebodyElse // a host name: some gateways list those
	case !known || a.IsUnspecified():
		return nobodyKnows
	case a == g.Local.Unmap():
		return thisComputer
	}
	return somebodyElse
}

type stepJSON struct {
	Action       string  `json:"action"`
	Protocol     string  `json:"protocol,omitempty"`
	Port         uint16  `json:"port,omitempty"`
	LeaseSeconds int64   `json:"lease_seconds,omitempty"`
	Outcome      string  `json:"outcome"`
	Known        bool    `json:"known,omitempty"` // nothing was sent: the answer was seconds old
	Error        string  `json:"error,omitempty"`
	Milliseconds float64 `json:"milliseconds"`
}

func traceShape(steps []client.Step) []stepJSON {
	out := make([]stepJSON, 0, len(steps))
	for _, s := range steps {
		j := stepJSON{
			Action:       s.Action,
			Protocol:     s.Protocol,
			Port:         s.Port,
			LeaseSeconds: int64(s.Lease / time.Second),
			Outcome:      s.Outcome,
			Known:        s.Known,
			Milliseconds: float64(s.Took.Microseconds()) / 1000,
		}
		if s.Err != nil {
			j.Error = cli.OneLine(s.Err.Error())
		}
		out = append(out, j)
	}
	return out
}
