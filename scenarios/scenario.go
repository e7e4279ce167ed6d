package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/emulator"
)

// Schema is the version of the scenario language that this package reads.
const Schema = 1

// Scenario is what stands in the network and what a good client must reach with it.
type Scenario struct {
	Schema   int      `yaml:"schema"`   // Schema
	Name     string   `yaml:"name"`     // lower-case words joined by hyphens; the file's name without its ending when left out
	Group    string   `yaml:"group"`    // the family it is listed with
	Summary  string   `yaml:"summary"`  // one sentence: what the gateway does
	Evidence []string `yaml:"evidence"` // where it was seen: issues, captures
	Verdict  Verdict  `yaml:"verdict"`  // what a good client must reach; VerdictNone when left out
	Devices  []Device `yaml:"devices"`  // at least one
}

// Device is one gateway of a scenario.
type Device struct {
	Name       string     `yaml:"name"`        // the scenario's when left out, with -1, -2, … when there are several
	IGD        int        `yaml:"igd"`         // 1 or 2: InternetGatewayDevice:1 or :2
	ExternalIP netip.Addr `yaml:"external-ip"` // IPv4 address on its WAN side; 45.66.77.88 when left out
}

// Options are the emulator options of each device, in order. Where a gateway listens, its seed and its journal are not
// part of a scenario: the caller fills them in.
func (s *Scenario) Options() []emulator.Options {
	var all []emulator.Options
	for _, d := range s.Devices {
		all = append(all, emulator.Options{Name: d.Name, Version: d.IGD, ExternalIP: d.ExternalIP})
	}
	return all
}

// Verdict is what a good client must reach in a scenario: one of the Verdict constants, or "refused:" and the UPnP
// error code with which the gateway refuses.
type Verdict string

const (
	VerdictOpens          Verdict = "opens"            // the port is open as asked
	VerdictOpensElsewhere Verdict = "opens-elsewhere"  // open on another port, or with another lease, than asked
	VerdictOpensButDead   Verdict = "opens-but-dead"   // the gateway says open, no byte arrives, and nothing on the LAN can tell
	VerdictBroken         Verdict = "broken"           // the gateway speaks no usable SOAP
	VerdictNoGateway      Verdict = "no-gateway"       // there is nothing to find
	VerdictUnusable       Verdict = "unusable-address" // mapped, but the external address cannot be reached from the Internet
	VerdictNone           Verdict = "none"             // not about opening ports
)

const refused = "refused:"

// Choices lists the verdicts for suggestions.
func (Verdict) Choices() []string {
	return []string{
		string(VerdictOpens), string(VerdictOpensElsewhere), string(VerdictOpensButDead), refused + "CODE",
		string(VerdictBroken), string(VerdictNoGateway), string(VerdictUnusable), string(VerdictNone),
	}
}

// UnmarshalText takes the words of Choices, with a number for CODE.
func (v *Verdict) UnmarshalText(text []byte) error {
	word := string(text)
	if code, ok := strings.CutPrefix(word, refused); ok {
		if n, err := strconv.Atoi(code); err != nil || n < 400 || n > 999 {
			return fmt.Errorf("%q is no UPnP error code (400 to 999)", code)
		}
	} else if !slices.Contains(v.Choices(), word) {
		return fmt.Errorf("%q is no verdict (%s)", word, strings.Join(v.Choices(), ", "))
	}
	*v = Verdict(word)
	return nil
}

// Code is the UPnP error code of a refusal, 0 for every other verdict.
func (v Verdict) Code() int {
	code, _ := strings.CutPrefix(string(v), refused)
	n, _ := strconv.Atoi(code)
	return n
}

// maxDevices bounds a scenario, not a process: a LAN with more gateways than this tests nothing new.
const maxDevices = 64

// senses checks what types cannot say, and fills in the names that were left out. fallback is the scenario's name when
// it has none.
func (s *Scenario) senses(fallback string, report func(at path, format string, args ...any)) {
	switch {
	case s.Schema == 0:
		report(path{"schema"}, "schema is missing: a scenario begins with \"schema: %d\"", Schema)
	case s.Schema != Schema:
		report(path{"schema"}, "schema %d is not known: this version reads schema %d", s.Schema, Schema)
	}
	if s.Name == "" {
		s.Name = fallback
	} else if err := checkName(s.Name); err != nil {
		report(path{"name"}, "name: %v", err)
	}
	if s.Verdict == "" {
		s.Verdict = VerdictNone
	}
	switch n := len(s.Devices); {
	case n == 0:
		report(path{"devices"}, "devices is missing: a scenario has at least one, such as \"devices: [{igd: 1}]\"")
	case n > maxDevices:
		report(path{"devices"}, "devices: %d are too many (%d at most)", n, maxDevices)
	}
	names := map[string]int{}
	for i := range s.Devices {
		d := &s.Devices[i]
		at := path{"devices", i}
		if d.Name == "" {
			d.Name = s.Name
			if len(s.Devices) > 1 {
				d.Name = fmt.Sprintf("%s-%d", s.Name, i+1)
			}
		} else if err := checkName(d.Name); err != nil {
			report(append(at, "name"), "%v.name: %v", at, err)
		}
		if first, taken := names[d.Name]; taken {
			report(append(at, "name"), "%v: devices[%d] is called %q already", at, first, d.Name)
		}
		names[d.Name] = i
		switch {
		case d.IGD == 0:
			report(at, "%v.igd is missing: 1 or 2, the version of InternetGatewayDevice", at)
		case d.IGD != 1 && d.IGD != 2:
			report(append(at, "igd"), "%v.igd must be 1 or 2, not %d", at, d.IGD)
		}
		if d.ExternalIP.IsValid() && !d.ExternalIP.Is4() {
			report(append(at, "external-ip"), "%v.external-ip must be an IPv4 address, not %v", at, d.ExternalIP)
		}
	}
}

// checkName holds names to what fits into URLs, file names and shell commands without quoting.
func checkName(s string) error {
	ok := len(s) <= 64 && s[0] != '-'
	for _, r := range s {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if !ok {
		return errors.New("must be lower-case letters, digits and hyphens, 64 at most, not beginning with a hyphen")
	}
	return nil
}
