package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PortMapping is one entry of a gateway's table, with the arguments of AddPortMapping (WANIPConnection:1 §2.4.16).
type PortMapping struct {
	RemoteHost     string // who may connect, "" means everyone
	ExternalPort   uint16 // 1 to 65535
	Protocol       string // "TCP" or "UDP"
	InternalPort   uint16 // 1 to 65535; 0 in the tables of some routers
	InternalClient string // an address of the LAN
	Enabled        bool
	Description    string        // no control characters
	Lease          time.Duration // whole seconds, rounded up; 0 means permanent. In an answer: what remains of it
	// LeaseKnown is false in an answer whose lease is absent or cannot be read: Lease is then 0 and means nothing. It is
	// not read by AddPortMapping.
	LeaseKnown bool
}

// Key is what names an entry.
type Key struct {
	RemoteHost   string
	ExternalPort uint16
	Protocol     string // "TCP" or "UDP"
}

// Key gives the key of the entry.
func (m PortMapping) Key() Key {
	return Key{RemoteHost: m.RemoteHost, ExternalPort: m.ExternalPort, Protocol: m.Protocol}
}

// AddPortMapping opens one entry. A gateway overwrites an entry of the same key and client without a word, and renews it
// so. Refusals are a *soap.Error.
func (g *Gateway) AddPortMapping(ctx context.Context, m PortMapping) error {
	in, err := m.arguments()
	if err == nil {
		_, err = g.perform(ctx, "AddPortMapping", in, nil)
	}
	if err != nil {
		return fmt.Errorf("add port mapping: %w", err)
	}
	return nil
}

// AddAnyPortMapping opens one entry on the external port m names or on another one, and tells which
// (WANIPConnection:2 §2.5.19). A gateway of version 1 refuses it with 401, or drops the connection.
func (g *Gateway) AddAnyPortMapping(ctx context.Context, m PortMapping) (uint16, error) {
	port, err := g.addAny(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("add any port mapping: %w", err)
	}
	return port, nil
}

func (g *Gateway) addAny(ctx context.Context, m PortMapping) (uint16, error) {
	const action = "AddAnyPortMapping"
	in, err := m.arguments()
	if err != nil {
		return 0, err
	}
	var out struct{ NewReservedPort string }
	rec, err := g.perform(ctx, action, in, &out)
	if err != nil {
		return 0, err
	}
	port, err := strconv.ParseUint(out.NewReservedPort, 10, 16)
	if err != nil || port == 0 || rec.Unknown("NewReservedPort") {
		return 0, &ValueError{Action: action, Argument: "NewReservedPort", Value: out.NewReservedPort}
	}
	return uint16(port), nil
}

// DeletePortMapping closes one entry. Absent entries are a *soap.Error with code 714.
func (g *Gateway) DeletePortMapping(ctx context.Context, k Key) error {
	in, err := k.arguments()
	if err == nil {
		_, err = g.perform(ctx, "DeletePortMapping", in, nil)
	}
	if err != nil {
		return fmt.Errorf("delete port mapping: %w", err)
	}
	return nil
}

// entryArguments are those that AddPortMapping and AddAnyPortMapping send, in the order of the SCPD, and that both actions which read an entry answer with;
// GetSpecificPortMappingEntry leaves out the first three.
type entryArguments struct {
	NewRemoteHost             string
	NewExternalPort           string
	NewProtocol               string
	NewInternalPort           string
	NewInternalClient         string
	NewEnabled                string
	NewPortMappingDescription string
	NewLeaseDuration          string
}

// keyArguments are those that name an entry.
type keyArguments struct {
	NewRemoteHost   string
	NewExternalPort string
	NewProtocol     string
}

func (m PortMapping) arguments() (*entryArguments, error) {
	k, err := m.Key().arguments()
	if err != nil {
		return nil, err
	}
	if m.InternalPort == 0 {
		return nil, &ArgumentError{"NewInternalPort", "0", "must be 1 to 65535"}
	}
	if err := plainText("NewInternalClient", m.InternalClient); err != nil {
		return nil, err
	}
	if err := plainText("NewPortMappingDescription", m.Description); err != nil {
		return nil, err
	}
	const longest = (1<<32 - 1) * time.Second
	if m.Lease < 0 || m.Lease > longest {
		return nil, &ArgumentError{"NewLeaseDuration", m.Lease.String(), "must be 0 to 4294967295 seconds"}
	}
	seconds := (m.Lease + time.Second - 1) / time.Second
	enabled := "0"
	if m.Enabled {
		enabled = "1"
	}
	return &entryArguments{
		NewRemoteHost:             k.NewRemoteHost,
		NewExternalPort:           k.NewExternalPort,
		NewProtocol:               k.NewProtocol,
		NewInternalPort:           strconv.Itoa(int(m.InternalPort)),
		NewInternalClient:         m.InternalClient,
		NewEnabled:                enabled,
		NewPortMappingDescription: m.Description,
		NewLeaseDuration:          strconv.FormatInt(int64(seconds), 10),
	}, nil
}

// arguments refuses the external port 0: a wildcard, for which some routers forward every port.
func (k Key) arguments() (*keyArguments, error) {
	if k.ExternalPort == 0 {
		return nil, &ArgumentError{"NewExternalPort", "0", "must be 1 to 65535"}
	}
	if err := plainText("NewRemoteHost", k.RemoteHost); err != nil {
		return nil, err
	}
	protocol := strings.ToUpper(k.Protocol) // TP-Link ER605 refuses lower case
	if protocol != "TCP" && protocol != "UDP" {
		return nil, &ArgumentError{"NewProtocol", k.Protocol, "must be TCP or UDP"}
	}
	return &keyArguments{NewRemoteHost: k.RemoteHost, NewExternalPort: strconv.Itoa(int(k.ExternalPort)), NewProtocol: protocol}, nil
}

// plainText refuses what XML cannot carry: goupnp writes control characters as they are.
func plainText(argument, s string) error {
	if !utf8.ValidString(s) {
		return &ArgumentError{argument, s, "is not valid UTF-8"}
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return &ArgumentError{argument, s, "holds control characters"}
		}
	}
	return nil
}
