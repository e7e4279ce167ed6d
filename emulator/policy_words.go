package emulator

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Lease is how long a mapping lives, in whole seconds: 90s, 168h, 7d, a number of seconds, or permanent, which is 0.
type Lease time.Duration

// UnmarshalText reads permanent, a number of seconds or what a Duration is.
func (l *Lease) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "permanent" {
		*l = 0
		return nil
	}
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		*l = Lease(time.Duration(n) * time.Second)
		return nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is no lease, such as 90s, 7d, 86400 or permanent", s)
	}
	*l = Lease(d)
	return nil
}

// MarshalText writes l as UnmarshalText reads it.
func (l Lease) MarshalText() ([]byte, error) {
	if l == 0 {
		return []byte("permanent"), nil
	}
	return []byte(time.Duration(l).String()), nil
}

func (l Lease) problem() error {
	if d := time.Duration(l); d < 0 || d%time.Second != 0 || d > math.MaxUint32*time.Second {
		return fmt.Errorf("a lease is a number of seconds from 0 to %d, not %v", math.MaxUint32, d)
	}
	return nil
}

// PortRange is one port, or several: 8080, 1024-65535.
type PortRange struct{ First, Last uint16 }

// UnmarshalText reads 8080 or 1024-65535.
func (r *PortRange) UnmarshalText(text []byte) error {
	first, last, several := strings.Cut(string(text), "-")
	if !several {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if errA != nil || errB != nil || a > b {
		return fmt.Errorf("%q is neither a port nor a range of ports, such as 1024-65535", text)
	}
	*r = PortRange{uint16(a), uint16(b)}
	return nil
}

func (r PortRange) problem() error {
	if r.First > r.Last {
		return fmt.Errorf("the range of ports %d-%d ends before it begins", r.First, r.Last)
	}
	return nil
}

// MarshalText writes r as UnmarshalText reads it.
func (r PortRange) MarshalText() ([]byte, error) {
	if r.First == r.Last {
		return fmt.Appendf(nil, "%d", r.First), nil
	}
	return fmt.Appendf(nil, "%d-%d", r.First, r.Last), nil
}

// LeaseKind is which leases are accepted.
type LeaseKind string

// Choices are the words of a LeaseKind.
func (LeaseKind) Choices() []string { return []string{"any", "permanent", "finite"} }

// UnmarshalText reads one of Choices.
func (w *LeaseKind) UnmarshalText(text []byte) error { return choose(w, text) }

// Renewal is what becomes of the expiry of a mapping that is added again.
type Renewal string

// Choices are the words of a Renewal.
func (Renewal) Choices() []string { return []string{"extends", "keeps"} }

// UnmarshalText reads one of Choices.
func (w *Renewal) UnmarshalText(text []byte) error { return choose(w, text) }

// LeaseView is what the reading actions give as a lease.
type LeaseView string

// Choices are the words of a LeaseView.
func (LeaseView) Choices() []string { return []string{"remaining", "granted", "zero"} }

// UnmarshalText reads one of Choices.
func (w *LeaseView) UnmarshalText(text []byte) error { return choose(w, text) }

// RemoteHosts are those that a mapping can be for.
type RemoteHosts string

// Choices are the words of RemoteHosts.
func (RemoteHosts) Choices() []string { return []string{"any", "wildcard", "specific", "ignored"} }

// UnmarshalText reads one of Choices.
func (w *RemoteHosts) UnmarshalText(text []byte) error { return choose(w, text) }

// ClientScope is whose mappings a caller may make or delete.
type ClientScope string

// Choices are the words of a ClientScope.
func (ClientScope) Choices() []string { return []string{"own", "lan", "any"} }

// UnmarshalText reads one of Choices.
func (w *ClientScope) UnmarshalText(text []byte) error { return choose(w, text) }

// EnabledRule is whether NewEnabled is heard.
type EnabledRule string

// Choices are the words of an EnabledRule.
func (EnabledRule) Choices() []string { return []string{"as-asked", "always"} }

// UnmarshalText reads one of Choices.
func (w *EnabledRule) UnmarshalText(text []byte) error { return choose(w, text) }

// PortSearch is how another port is found.
type PortSearch string

// Choices are the words of a PortSearch.
func (PortSearch) Choices() []string { return []string{"random", "neighbours", "none"} }

// UnmarshalText reads one of Choices.
func (w *PortSearch) UnmarshalText(text []byte) error { return choose(w, text) }

// OwnAny is what AddAnyPortMapping does with the caller's own mapping.
type OwnAny string

// Choices are the words of an OwnAny.
func (OwnAny) Choices() []string { return []string{"kept", "another"} }

// UnmarshalText reads one of Choices.
func (w *OwnAny) UnmarshalText(text []byte) error { return choose(w, text) }

// Hidden is which entries are not shown.
type Hidden string

// Choices are the words of Hidden.
func (Hidden) Choices() []string { return []string{"leased", "permanent", "foreign", "static", "all"} }

// UnmarshalText reads one of Choices.
func (w *Hidden) UnmarshalText(text []byte) error { return choose(w, text) }

// Exposure is something that a gateway serves to the Internet.
type Exposure string

const (
	exposedSSDP Exposure = "ssdp"
	exposedHTTP Exposure = "http"
)

// Choices are the words of an Exposure.
func (Exposure) Choices() []string { return []string{string(exposedSSDP), string(exposedHTTP)} }

// UnmarshalText reads one of Choices.
func (w *Exposure) UnmarshalText(text []byte) error { return choose(w, text) }

// PrivateIP is whether an address is told.
type PrivateIP string

// Choices are the words of a PrivateIP.
func (PrivateIP) Choices() []string { return []string{"shown", "hidden"} }

// UnmarshalText reads one of Choices.
func (w *PrivateIP) UnmarshalText(text []byte) error { return choose(w, text) }

// ArgumentOrder is in which order arguments must come.
type ArgumentOrder string

// Choices are the words of an ArgumentOrder.
func (ArgumentOrder) Choices() []string { return []string{"scpd", "any"} }

// UnmarshalText reads one of Choices.
func (w *ArgumentOrder) UnmarshalText(text []byte) error { return choose(w, text) }
