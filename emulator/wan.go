package emulator

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/internal/words"
)

// WAN is one connection to the Internet, with its service and its mapping table.
type WAN struct {
	Service    string     `yaml:"service"`     // WANIPConnection or WANPPPConnection; "": Options.Connection
	Status     string     `yaml:"status"`      // ConnectionStatus; "": Connected
	ExternalIP netip.Addr `yaml:"external-ip"` // zero: Options.ExternalIP; 0.0.0.0: none
	Access     AccessType `yaml:"access"`      // WANAccessType: DSL, POTS, Cable or Ethernet (default)
	Provider   string     `yaml:"provider"`    // WANAccessProvider
	Upstream   uint32     `yaml:"upstream"`    // bits per second; 0: 40 million
	Downstream uint32     `yaml:"downstream"`  // bits per second; 0: 100 million
	UserName   string     `yaml:"user-name"`   // of PPP
	Traffic    Traffic    `yaml:"traffic"`     // what the counters stand at when the gateway starts
}

// Traffic is what has passed through a connection, by the names of WANCommonInterfaceConfig:1 (§2.2). Beyond 32 bits, policy says
// what is told.
type Traffic struct {
	BytesSent       uint64 `yaml:"bytes-sent"`
	BytesReceived   uint64 `yaml:"bytes-received"`
	PacketsSent     uint64 `yaml:"packets-sent"`
	PacketsReceived uint64 `yaml:"packets-received"`
}

// AccessType is the kind of line (WANCommonInterfaceConfig:1 §2.2.1).
type AccessType string

// Choices are the words of an AccessType.
func (AccessType) Choices() []string { return []string{"DSL", "POTS", "Cable", "Ethernet"} }

// UnmarshalText reads one of Choices.
func (w *AccessType) UnmarshalText(text []byte) error { return choose(w, text) }

// What the line of an ideal gateway can do, in bits per second.
const (
	upstreamBitRate   = 40_000_000
	downstreamBitRate = 100_000_000
)

// wanOf are the connections of o with nothing left out.
func wanOf(o Options) []WAN {
	all := slices.Clone(o.WAN)
	if len(all) == 0 {
		all = []WAN{{}}
	}
	for i := range all {
		w := &all[i]
		w.Service = cmp.Or(w.Service, o.Connection)
		w.Status = cmp.Or(w.Status, connected)
		w.ExternalIP = cmp.Or(w.ExternalIP, o.ExternalIP)
		w.Access = cmp.Or(w.Access, "Ethernet")
		w.Upstream, w.Downstream = cmp.Or(w.Upstream, upstreamBitRate), cmp.Or(w.Downstream, downstreamBitRate)
	}
	return all
}

func (w WAN) problems(at []any, o Options, report report) {
	services := []string{ipConnection, pppConnection}
	switch {
	case !slices.Contains(services, w.Service):
		report(below(at, "service"), words.Nearest(w.Service, services), "there is no connection service %q", w.Service)
	case w.Service == pppConnection && o.Version != 1 && o.Dialect.Description.Tree == nil:
		report(below(at, "service"), "", "%s exists in IGD:1 only", pppConnection)
	case !slices.Contains(connectionStatuses(w.Service), w.Status):
		report(below(at, "status"), words.Nearest(w.Status, connectionStatuses(w.Service)), "%s has no connection status %q", w.Service, w.Status)
	}
	if w.ExternalIP.IsValid() && !w.ExternalIP.Is4() && w.ExternalIP != o.ExternalIP { // which has a place of its own
		report(below(at, "external-ip"), "", "must be an IPv4 address, not %v", w.ExternalIP)
	}
}
