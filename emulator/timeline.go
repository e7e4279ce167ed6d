package emulator

import "net/netip"

// Moment is one entry of a gateway's timeline: at a time, again and again, or after something happened, do something.
type Moment struct {
	At    Duration  `yaml:"at"`    // after the start, by the gateway's clock
	Every Duration  `yaml:"every"` // again and again; with At from then on
	After Milestone `yaml:"after"` // "AddPortMapping#3": when that action has succeeded the third time
	In    Span      `yaml:"in"`    // with After: so long after it
	If    Condition `yaml:"if"`    // Size only
	Do    Action    `yaml:"do,required"`
}

// Action is something that happens to a gateway by itself. One at a time.
type Action struct {
	WANAddress *netip.Addr `yaml:"wan-address"` // the new external address; 0.0.0.0: none
	Event      *bool       `yaml:"event"`       // with wan-address and status: whether subscribers are told; nil: yes
	Status     string      `yaml:"status"`      // ConnectionStatus
	Link       LinkState   `yaml:"link"`        // up or down: PhysicalLinkStatus, and with it the connection
	WAN        int         `yaml:"wan"`         // which connection the above are about, from 0
	Reboot     *Reboot     `yaml:"reboot"`
	Announce   Announce    `yaml:"announce"` // alive, byebye or update
	Clear      bool        `yaml:"clear"`    // the mapping table, at once
	Remove     Removal     `yaml:"remove"`   // some of the mappings: unused, expired
}

// Reboot is how a gateway restarts. The zero value says byebye, forgets its mappings, comes back at once at the same place under the
// same name with a greater BOOTID, and says alive.
type Reboot struct {
	ByeBye   *bool    `yaml:"byebye"`    // nil: yes
	NewPorts bool     `yaml:"new-ports"` // of HTTP, and of SSDP when it is unicast on a port of its own choice
	NewPaths bool     `yaml:"new-paths"` // of all URLs
	NewUDN   bool     `yaml:"new-udn"`   // of all devices
	Keep     bool     `yaml:"keep"`      // the mappings, as NVRAM does
	Downtime Duration `yaml:"downtime"`  // nobody is at home; by the gateway's clock
	BootID   *bool    `yaml:"bootid"`    // false: it stays as it was
	Alive    *bool    `yaml:"alive"`     // false: it comes back without a word
}
