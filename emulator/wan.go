package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// WAN is one connection to the Internet, with its service and its mapping table.
type WAN struct {
	Service    string     `yaml:"service"`     // WANIPConnection or WANPPPConnection; "": Options.Connection
	Status     string     `yaml:"status"`      // ConnectionStatus; "": Connected
	ExternalIP netip.Addr `yaml:"external-ip"` // zero: Options.ExternalIP; 0.0.0.0: none
}

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
	}
	return all
}

func (w WAN) check(version int) error {
	switch {
	case w.Service != ipConnection && w.Service != pppConnection:
		return fmt.Errorf("unknown connection service %q: want %s or %s", w.Service, ipConnection, pppConnection)
	case w.Service == pppConnection && version != 1:
		return fmt.Errorf("%s exists in IGD:1 only", pppConnection)
	case !slices.Contains(connectionStatuses(w.Service), w.Status):
		return fmt.Errorf("%s has no connection status %q", w.Service, w.Status)
	case !w.ExternalIP.Is4():
		return errors.New("the external address must be IPv4")
	}
	return nil
}
