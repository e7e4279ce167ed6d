package emulator

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The words of the scenario language that are written as one text. Each reads itself by UnmarshalText; those that are one
// of a list have Choices, for suggestions.

// Duration is a time.Duration written as 90s, 10m, 3h or 7d.
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration does, and days.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := parseDuration(string(text))
	*d = Duration(v)
	return err
}

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes d as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// maxDuration keeps sums of durations from overflowing. It is a century, less leap days.
const (
	day         = 24 * time.Hour
	maxDuration = 36500 * day
)

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n >= 0 && n <= float64(maxDuration/day)) {
			return 0, fmt.Errorf("%q is no number of days from 0 to %d", s, maxDuration/day)
		}
		return time.Duration(n * float64(day)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration, such as 90s, 10m, 3h or 7d", s)
	}
	if d > maxDuration {
		return 0, fmt.Errorf("%q is more than %d days", s, maxDuration/day)
	}
	return d, nil
}

// Span is a duration chosen by the seed from Min to Max: 5s..10s, or one duration.
type Span struct{ Min, Max time.Duration }

// UnmarshalText reads 5s or 5s..10s.
func (s *Span) UnmarshalText(text []byte) error {
	low, high, ranged := strings.Cut(string(text), "..")
	var err error
	if s.Min, err = parseDuration(low); err != nil {
		return err
	}
	s.Max = s.Min
	if ranged {
		if s.Max, err = parseDuration(high); err != nil {
			return err
		}
	}
	if s.Max < s.Min {
		return fmt.Errorf("%q ends before it begins", text)
	}
	return nil
}

func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return s.Min.String() + ".." + s.Max.String()
}

// MarshalText writes s as UnmarshalText reads it.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Bytes are written in hexadecimal with any spaces: "ef bb bf".
type Bytes []byte

// UnmarshalText reads pairs of hexadecimal digits.
func (b *Bytes) UnmarshalText(text []byte) error {
	v, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		return fmt.Errorf("%q is not hexadecimal, such as \"ef bb bf\"", text)
	}
	*b = v
	return nil
}

// MarshalText writes b as UnmarshalText reads it.
func (b Bytes) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "% x", []byte(b)), nil }

// Chance is a probability, written as 0.1 or 10%. 0 is not given, which is always.
type Chance float64

// UnmarshalText reads a number above 0 and at most 1, or a percentage.
func (c *Chance) UnmarshalText(text []byte) error {
	s, percent := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(s, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) {
		return fmt.Errorf("%q is no probability, such as 0.1 or 10%%", text)
	}
	*c = Chance(v)
	return nil
}

// Ending is how a connection is closed.
type Ending string

// The endings.
const (
	FIN Ending = "fin"
	RST Ending = "rst"
)

// Choices are the words of an Ending.
func (Ending) Choices() []string { return []string{string(FIN), string(RST)} }

// UnmarshalText reads one of Choices.
func (e *Ending) UnmarshalText(text []byte) error { return choose(e, text) }

// Scope is what occasions are counted for; "" is the device.
type Scope string

const (
	perDevice     Scope = "device"
	perClient     Scope = "client"
	perMapping    Scope = "mapping"
	perConnection Scope = "connection"
)

// Choices are the words of a Scope.
func (Scope) Choices() []string {
	return []string{string(perDevice), string(perClient), string(perMapping), string(perConnection)}
}

// UnmarshalText reads one of Choices.
func (s *Scope) UnmarshalText(text []byte) error { return choose(s, text) }

// Until ends a fault that goes on.
type Until string

const (
	untilDeleted Until = "deleted"
	untilReboot  Until = "reboot"
)

// Choices are the words of an Until.
func (Until) Choices() []string { return []string{string(untilDeleted), string(untilReboot)} }

// UnmarshalText reads one of Choices.
func (u *Until) UnmarshalText(text []byte) error { return choose(u, text) }

// ExistingTest is whose an entry is.
type ExistingTest string

// Choices are the words of an ExistingTest.
func (ExistingTest) Choices() []string { return []string{"own", "other", "none"} }

// UnmarshalText reads one of Choices.
func (e *ExistingTest) UnmarshalText(text []byte) error { return choose(e, text) }

// Choices are the words of how a datagram came.
func (Via) Choices() []string { return []string{string(viaMulticast), string(viaUnicast)} }

// UnmarshalText reads one of Choices.
func (v *Via) UnmarshalText(text []byte) error { return choose(v, text) }

// LinkState is what a cable is.
type LinkState string

const (
	linkUp   LinkState = "up"
	linkDown LinkState = "down"
)

// Choices are the words of a LinkState.
func (LinkState) Choices() []string { return []string{string(linkUp), string(linkDown)} }

// UnmarshalText reads one of Choices.
func (l *LinkState) UnmarshalText(text []byte) error { return choose(l, text) }

// Announce is a kind of SSDP announcement.
type Announce string

const (
	announceAlive  Announce = "alive"
	announceByeBye Announce = "byebye"
	announceUpdate Announce = "update"
)

// Choices are the words of an Announce.
func (Announce) Choices() []string {
	return []string{string(announceAlive), string(announceByeBye), string(announceUpdate)}
}

// UnmarshalText reads one of Choices.
func (a *Announce) UnmarshalText(text []byte) error { return choose(a, text) }

// Removal is which mappings go: those through which nothing has passed since the last time, those whose lease is over although they
// are still there, the one that was added first, or this one, which a fault was about.
type Removal string

const (
	removeUnused  Removal = "unused"
	removeExpired Removal = "expired"
	removeOldest  Removal = "oldest"
	removeThis    Removal = "this"
)

// Choices are the words of a Removal.
func (Removal) Choices() []string {
	return []string{string(removeUnused), string(removeExpired), string(removeOldest), string(removeThis)}
}

// UnmarshalText reads one of Choices.
func (r *Removal) UnmarshalText(text []byte) error { return choose(r, text) }

// choose sets *v to text if it is one of its Choices.
func choose[T interface {
	~string
	Choices() []string
}](v *T, text []byte) error {
	word := string(text)
	if all := (*v).Choices(); !slices.Contains(all, word) {
		return fmt.Errorf("%q is not one of %s", word, strings.Join(all, ", "))
	}
	*v = T(word)
	return nil
}

// PortChoice is a port, or a random one each time.
type PortChoice struct {
	Port   uint16
	Random bool
}

// UnmarshalText reads a port or random.
func (p *PortChoice) UnmarshalText(text []byte) error {
	if string(text) == "random" {
		*p = PortChoice{Random: true}
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is neither a port nor random", text)
	}
	*p = PortChoice{Port: uint16(n)}
	return nil
}

// MarshalText writes p as UnmarshalText reads it.
func (p PortChoice) MarshalText() ([]byte, error) {
	if p.Random {
		return []byte("random"), nil
	}
	return strconv.AppendUint(nil, uint64(p.Port), 10), nil
}
