package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/soap"
)

// An OwnedError says that the wanted port belongs to somebody else. It was left as it is.
type OwnedError struct {
	Wanted PortMapping
	Owner  PortMapping // zero when the gateway refused the port and shows no entry for it
	Err    error       // the gateway's refusal; nil when the owner was seen before anything was asked
}

func (e *OwnedError) Error() string {
	port := spell(e.Wanted)
	text := ""
	if e.Owner.Description != "" {
		text = fmt.Sprintf(" (%q)", e.Owner.Description)
	}
	switch {
	case e.Owner.ExternalPort == 0 && faultCode(e.Err) == soap.ConflictWithOtherMechanisms:
		return fmt.Sprintf("port %s is used by the gateway itself: %s", port, why(e.Err))
	case e.Owner.ExternalPort == 0 && e.Err != nil:
		return fmt.Sprintf("port %s is taken, and the gateway does not show by whom: %s", port, why(e.Err))
	case e.Owner.ExternalPort == 0:
		return fmt.Sprintf("port %s is taken", port)
	case ownershipOf(e.Owner, e.Wanted, "") == alike:
		return fmt.Sprintf("port %s is taken%s, and the gateway does not show where it leads", port, text)
	case sameClient(e.Owner.InternalClient, e.Wanted.InternalClient) == same && e.Owner.InternalPort == e.Wanted.InternalPort && !e.Owner.Enabled:
		return fmt.Sprintf("port %s belongs to a disabled entry of another program on this host%s", port, text)
	case sameClient(e.Owner.InternalClient, e.Wanted.InternalClient) == same:
		return fmt.Sprintf("port %s belongs to another program on the same host, port %d%s", port, e.Owner.InternalPort, text)
	}
	return fmt.Sprintf("port %s belongs to %s%s", port,
		net.JoinHostPort(e.Owner.InternalClient, strconv.Itoa(int(e.Owner.InternalPort))), text)
}

// Unwrap gives the gateway's refusal, a *soap.Error.
func (e *OwnedError) Unwrap() error { return e.Err }

// A RefusedError says that the gateway does not open the port, after everything that helps other
// gateways was tried.
type RefusedError struct {
	Wanted PortMapping // as asked last
	Err    error       // holds a *soap.Error
	remedy remedy
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the gateway refuses port %s: %s", spell(e.Wanted), why(e.Err))
}

// Unwrap gives the gateway's refusal.
func (e *RefusedError) Unwrap() error { return e.Err }

// A NotMadeError says that the gateway answered with success, with a lease and without one, and made nothing: its table shows other entries, and
// not this one. It may be full, which Broadcom's and others do not say.
type NotMadeError struct {
	Wanted PortMapping // as asked last
}

func (e *NotMadeError) Error() string {
	return fmt.Sprintf("the gateway says that port %s is open, and did not open it; its table may be full", spell(e.Wanted))
}

// A CollisionError says that the gateway takes one half of a pair away when the other is opened, or refuses that one on several ports: it gives a port number
// to TCP or to UDP, and not to both. Neither was left open.
type CollisionError struct {
	Wanted, Gone PortMapping
}

func (e *CollisionError) Error() string {
	return fmt.Sprintf("the gateway does not open port %s beside %s: it gives one port number to TCP or to UDP, not to both", spell(e.Wanted), spell(e.Gone))
}

// An AlteredError says that the gateway accepted an entry and made another one of it, as the FunBox 6
// does with the internal port. What it made was removed, where it was certainly that and not what another program has opened meanwhile.
type AlteredError struct {
	Wanted, Made PortMapping
}

func (e *AlteredError) Error() string {
	if sameClient(e.Made.InternalClient, e.Wanted.InternalClient) == differs {
		return fmt.Sprintf("the gateway forwards port %s to %s instead of %s", spell(e.Wanted), e.Made.InternalClient, e.Wanted.InternalClient)
	}
	return fmt.Sprintf("the gateway forwards port %s to port %d instead of %d", spell(e.Wanted), e.Made.InternalPort, e.Wanted.InternalPort)
}

// A StaysError says that the gateway has answered that an entry is deleted, or was not there, and shows it all the same, after two tries. It
// ends with its lease, if it has one.
type StaysError struct {
	Entry PortMapping // as the gateway still shows it
	Err   error       // the gateway's word that there is no such entry, a *soap.Error; nil when it answered with success
}

func (e *StaysError) Error() string {
	s := "the gateway says that port " + spell(e.Entry) + " is closed, and still shows it"
	if e.Err != nil {
		s = "the gateway says that there is no port " + spell(e.Entry) + ", and still shows it"
	}
	return s + "; it may be open"
}

// Unwrap gives the gateway's word.
func (e *StaysError) Unwrap() error { return e.Err }

// A MapError is why a request could not be opened, with every step on the way. Err is an *OwnedError, a
// *RefusedError, a *NotMadeError, an *AlteredError, a *CollisionError, a *ThroughError, or what the network said.
type MapError struct {
	Err   error
	Trace []Step
}

func (e *MapError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *MapError) Unwrap() error { return e.Err }

// movedError is why entries lead to nobody: the address they were opened for is not ours any more.
type movedError struct{ from, to netip.Addr }

func (e *movedError) Error() string {
	return fmt.Sprintf("this host's address changed from %s to %s", e.from, e.to)
}

// why is what the gateway itself said, without our words around it.
func why(err error) string {
	if f, ok := errors.AsType[*soap.Error](err); ok {
		return f.Error()
	}
	return err.Error()
}

// spell is the port of m as people write it, "8080/tcp".
func spell(m PortMapping) string {
	return fmt.Sprintf("%d/%s", m.ExternalPort, strings.ToLower(m.Protocol))
}
