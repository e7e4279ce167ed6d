package emulator

import "net/netip"

// WAN is one connection to the Internet, with its service and its mapping table.
type WAN struct {
	Service    string     `yaml:"service"`     // WANIPConnection or WANPPPConnection; "": WANIPConnection
	Status     string     `yaml:"status"`      // ConnectionStatus; "": Connected
	ExternalIP netip.Addr `yaml:"external-ip"` // zero: Options.ExternalIP; 0.0.0.0: none
}
