package client

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrNoGateway is in the tree of every error that says there is no gateway here, rather than that one is broken.
var ErrNoGateway = errors.New("no internet gateway found")

// ErrNoNetwork is in the tree of the error of a search that could go nowhere. It tells a machine without a network from one whose network has no gateway.
var ErrNoNetwork = errors.New("no IPv4 network with multicast or a default gateway")

// DiscoveryError says that a search gave no gateway, with everything that went wrong on the way. It is an ErrNoGateway.
type DiscoveryError struct {
	Interfaces []*InterfaceError  // interfaces that could not be searched
	Devices    []*NotGatewayError // devices that answered as a gateway and turned out not to be one
	Searched   []string           // interfaces that were searched
	VPN        bool               // all of them lead into VPNs, to judge by their names
}

func (e *DiscoveryError) Error() string {
	s := ErrNoGateway.Error()
	if len(e.Searched) > 0 {
		s += " on " + strings.Join(e.Searched, ", ")
	}
	for _, err := range e.Unwrap()[1:] {
		s += "; " + err.Error()
	}
	return s
}

// Unwrap gives ErrNoGateway and every cause.
func (e *DiscoveryError) Unwrap() []error {
	errs := []error{ErrNoGateway}
	for _, err := range e.Interfaces {
		errs = append(errs, err)
	}
	for _, err := range e.Devices {
		errs = append(errs, err)
	}
	return errs
}

// InterfaceError says why one interface could not be searched.
type InterfaceError struct {
	Interface string     // "" when the interfaces could not be listed, or the routes chose it
	Local     netip.Addr // the address on it, zero when none was reached
	Err       error
}

func (e *InterfaceError) Error() string {
	if e.Interface == "" {
		return fmt.Sprintf("search: %v", e.Err)
	}
	return fmt.Sprintf("search on %s: %v", e.Interface, e.Err)
}

// Unwrap gives the cause.
func (e *InterfaceError) Unwrap() error { return e.Err }

// Reason says why something that answered, or was given as a gateway, is none.
type Reason string

// The reasons.
const (
	Unreachable    Reason = "unreachable"       // no connection: refused, no route, no such name
	HangsUp        Reason = "hangs up"          // a connection that was taken, and closed or reset before an answer, twice
	Silent         Reason = "silent"            // no answer in time
	Slow           Reason = "too slow"          // an answer that began and did not end in time
	BadLocation    Reason = "bad location"      // its LOCATION is no URL that may be used
	HTTPFailure    Reason = "http failure"      // a status other than 200, or not HTTP at all
	TooLarge       Reason = "too large"         // its description has no end within 256 KiB
	NotDescription Reason = "not a description" // what it sent is no device description
	NoService      Reason = "no wan service"    // a device description without a WANIPConnection or WANPPPConnection service
)

// NotGatewayError says that one device cannot be used as a gateway. With the reason NoService it is an ErrNoGateway:
// the device is sound, but no gateway.
type NotGatewayError struct {
	Location  string     // URL of the description, or the address that was given
	Responder netip.Addr // who answered the search, zero when nobody did
	Reason    Reason
	// Type is the root's deviceType, with NoService. One of an InternetGatewayDevice is a router in which UPnP is switched off, by half: it says what
	// it is, and opens no ports ([NotGatewayError.SwitchedOff]).
	Type string
	Err  error // the cause, may be nil
}

func (e *NotGatewayError) Error() string {
	s := fmt.Sprintf("%s is no gateway: %s", e.Location, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *NotGatewayError) Unwrap() error { return e.Err }

// SwitchedOff tells whether the device says that it is a gateway, or a part of one, and offers no service of one.
func (e *NotGatewayError) SwitchedOff() bool { return e.Reason == NoService && claimsGateway(e.Type) }

// Is makes NoService an ErrNoGateway.
func (e *NotGatewayError) Is(target error) bool {
	return target == ErrNoGateway && e.Reason == NoService
}

// ArgumentError refuses an argument before anything is sent. What cannot be used in a [Request] or a [PinholeRequest] is a *RequestError instead.
type ArgumentError struct {
	// Argument is what is refused: an argument as the action names it, such as "NewExternalPort"; "Gateway" or "SSDP" of Options; "STUN", a server
	// that is to be asked, and "lifetime" of NATQuery; "Timeout" or "Guess" of PunchOptions, and "peer"; "conn", a socket of the caller;
	// or what a text was to be read as, "node" or "NAT".
	Argument string
	Value    string
	Reason   string // what it should be, or is, e.g. "must be 1 to 65535"
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("%s %q %s", e.Argument, e.Value, e.Reason)
}

// ValueError says that a gateway answered an action with a value that cannot be read.
type ValueError struct {
	Action   string
	Argument string
	Value    string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: unreadable %s %.64q", e.Action, e.Argument, e.Value)
}
