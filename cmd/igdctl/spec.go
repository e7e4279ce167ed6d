package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// spec is one port as the user writes it: [EXT:]INT[/tcp|/udp|/both].
type spec struct {
	external uint16 // 1 to 65535; the same as internal when not written
	internal uint16 // 1 to 65535
	protocol string // "tcp", "udp" or "both"
	split    bool   // EXT was written
}

const specHint = "a SPEC is [EXTERNAL:]INTERNAL[/tcp, /udp or /both], for example 8080, 80:8080 or 4500/udp"

// parseSpec reads one SPEC. Its error is one sentence.
func parseSpec(s string) (spec, error) {
	switch {
	case s == "":
		return spec{}, errors.New("the SPEC is empty")
	case strings.ContainsAny(s, " \t\r\n"):
		return spec{}, fmt.Errorf("SPEC %q has spaces in it", s)
	}
	ports, protocol, found := strings.Cut(s, "/")
	if !found {
		protocol = "tcp"
	}
	protocol = strings.ToLower(protocol)
	switch protocol {
	case "tcp", "udp", "both":
	case "":
		return spec{}, fmt.Errorf("SPEC %q ends where the protocol should be", s)
	default:
		return spec{}, fmt.Errorf("SPEC %q: %q is no protocol that a gateway can map", s, protocol)
	}

	external, internal, split := strings.Cut(ports, ":")
	if !split {
		internal = external
	}
	sp := spec{protocol: protocol, split: split}
	var err error
	if sp.external, err = parsePort(external); err != nil {
		return spec{}, fmt.Errorf("SPEC %q: %w", s, err)
	}
	if sp.internal, err = parsePort(internal); err != nil {
		return spec{}, fmt.Errorf("SPEC %q: %w", s, err)
	}
	return sp, nil
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return 0, errors.New("a port is missing")
	}
	if lo, hi, found := strings.Cut(s, "-"); found && digits(lo) && digits(hi) {
		return 0, fmt.Errorf("%s is a range; name each port", s)
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return 0, fmt.Errorf("%s is an address; another computer is named with --to", s)
	}
	if !digits(s) {
		return 0, fmt.Errorf("%q is no port number", s)
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("port %s is not between 1 and 65535", s)
	}
	return uint16(n), nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// parseSpecs reads the arguments of a command: at least one SPEC, and no external port twice.
func parseSpecs(args []string) ([]spec, error) {
	if len(args) == 0 {
		return nil, usage("which port? name at least one SPEC", specHint)
	}
	specs := make([]spec, 0, len(args))
	for _, arg := range args {
		sp, err := parseSpec(arg)
		if err != nil {
			return nil, usage(err.Error(), specHint)
		}
		for i, other := range specs {
			if sp.external == other.external && (sp.protocol == other.protocol || sp.protocol == "both" || other.protocol == "both") {
				return nil, usage(fmt.Sprintf("%s and %s ask for the same external port", args[i], arg), "leave one of them out, or give it an external port of its own: EXTERNAL:INTERNAL")
			}
		}
		specs = append(specs, sp)
	}
	return specs, nil
}

// protocols are the ones of the entries that the spec stands for, as the wire has them.
func (s spec) protocols() []string {
	switch s.protocol {
	case "udp":
		return []string{"UDP"}
	case "both":
		return []string{"TCP", "UDP"}
	}
	return []string{"TCP"}
}

// String is the shortest SPEC that means the same, with its protocol.
func (s spec) String() string {
	if s.external == s.internal {
		return s.outside()
	}
	return fmt.Sprintf("%d:%d/%s", s.external, s.internal, s.protocol)
}

// outside names the port as the Internet sees it, "8080/tcp".
func (s spec) outside() string { return fmt.Sprintf("%d/%s", s.external, s.protocol) }
