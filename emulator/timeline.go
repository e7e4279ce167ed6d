package emulator

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Moment is one entry of a gateway's timeline: at a time, again and again, or after something happened, do something. All times are
// by the gateway's clock.
type Moment struct {
	At    *Duration  `yaml:"at"`    // so long after New
	Every Recurrence `yaml:"every"` // again and again; a duration counts from At, where that is given
	After Milestone  `yaml:"after"` // once, when something has happened
	In    Span       `yaml:"in"`    // so much later than the others say, each time chosen anew
	If    Condition  `yaml:"if"`    // Size only: of the tables of the connections that the first action is about
	Do    []Action   `yaml:"do,required"`
}

// Action is something that happens to a gateway by itself. One at a time.
type Action struct {
	WANAddress *netip.Addr `yaml:"wan-address"` // the new external address; 0.0.0.0: none
	Status     string      `yaml:"status"`      // ConnectionStatus
	Link       LinkState   `yaml:"link"`        // up or down: PhysicalLinkStatus, and with it the connection
	Event      *bool       `yaml:"event"`       // with one of these three: whether subscribers are told; nil: yes
	Clear      bool        `yaml:"clear"`       // the mapping table, at once, but for static rows
	Flush      bool        `yaml:"flush"`       // what makes mappings forward, as when the firewall is loaded anew: they stay listed, and forward again when they are renewed or the gateway restarts
	Cut        int         `yaml:"cut"`         // descriptions of mappings to so many bytes, as a daemon does that reads them back from its lease file
	Remove     Removal     `yaml:"remove"`      // some of the mappings: unused, expired, the oldest one, or behind a fault this: the one that it was about; no static rows
	WAN        *int        `yaml:"wan"`         // which connection the above are about, from 0; nil: of clear, flush, cut and remove all, otherwise the default one
	Reboot     *Reboot     `yaml:"reboot"`
	Announce   Announce    `yaml:"announce"` // alive, byebye or update
}

// String writes a as the language does: "remove: unused".
func (a Action) String() string {
	var s string
	switch {
	case a.WANAddress != nil:
		s = "wan-address: " + a.WANAddress.String()
	case a.Status != "":
		s = "status: " + a.Status
	case a.Link != "":
		s = "link: " + string(a.Link)
	case a.Clear:
		s = "clear"
	case a.Flush:
		s = "flush"
	case a.Cut != 0:
		s = "cut: " + strconv.Itoa(a.Cut)
	case a.Remove != "":
		s = "remove: " + string(a.Remove)
	case a.Reboot != nil:
		return "reboot"
	case a.Announce != "":
		return "announce: " + string(a.Announce)
	}
	if a.WAN != nil {
		s += " of wan " + strconv.Itoa(*a.WAN)
	}
	return s
}

// outside reports whether a takes more than a change of the state.
func (a Action) outside() bool { return a.Reboot != nil || a.Announce != "" }

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

// The milestones that are no actions.
const (
	boot = "boot"
	down = "disconnected"
)

// Milestone is something that happens in the life of a gateway: the n-th success of an action, of whichever service, since the
// gateway booted; that one of its connections was Connected and is no more, for the n-th time since then, whatever the reason; or that
// it has booted the n-th time, the start being the first.
type Milestone struct {
	Action string // "boot", "disconnected" or an action; "": none
	Count  int    // from 1
}

// happens reports whether m is no action.
func (m Milestone) happens() bool { return m.Action == boot || m.Action == down }

// UnmarshalText reads AddPortMapping#3, boot#2 or disconnected; without a number it is the first.
func (m *Milestone) UnmarshalText(text []byte) error {
	action, count, numbered := strings.Cut(string(text), "#")
	n := 1
	var err error
	if numbered {
		n, err = strconv.Atoi(count)
	}
	read := Milestone{action, n}
	if err != nil || n < 1 || !read.happens() && !named(action) {
		return errors.New("must be an action and how often it succeeded, such as AddPortMapping#3, or boot or disconnected")
	}
	*m = read
	return nil
}

func (m Milestone) String() string {
	if m.Action == "" {
		return ""
	}
	return fmt.Sprintf("%s#%d", m.Action, m.Count)
}

// MarshalText writes m as UnmarshalText reads it.
func (m Milestone) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Recurrence is a duration, or a milestone each time that its count is full again.
type Recurrence struct {
	Period    Duration
	Milestone Milestone
}

// UnmarshalText reads 600s, boot or AddPortMapping#3.
func (r *Recurrence) UnmarshalText(text []byte) error {
	*r = Recurrence{}
	if s := string(text); s != "" && (s[0] < '0' || s[0] > '9') {
		return r.Milestone.UnmarshalText(text)
	}
	return r.Period.UnmarshalText(text)
}

// MarshalText writes r as UnmarshalText reads it.
func (r Recurrence) MarshalText() ([]byte, error) {
	if r.Milestone.Action != "" {
		return r.Milestone.MarshalText()
	}
	return r.Period.MarshalText()
}

// shortestPeriod keeps a clock that is advanced by days from standing still in one moment.
const shortestPeriod = Duration(time.Second)
