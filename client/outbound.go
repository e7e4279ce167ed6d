package client

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"syscall"
)

// OutboundError says that this machine itself kept in what was to be sent: by a rule of its packet filter, such as those of a VPN program's "kill switch", or
// of the sandbox that the program runs in. Nobody else had a part in it. It is in the tree of the error of a search, and of a connection.
type OutboundError struct {
	To  string // "host:port"; the address is that of a group when it was sent by multicast
	Err error
}

func (e *OutboundError) Error() string {
	return fmt.Sprintf("this machine lets nothing out to %s: %v", e.To, e.Err)
}

// Unwrap gives the cause.
func (e *OutboundError) Unwrap() error { return e.Err }

// Multicast tells whether it was to go to a group.
func (e *OutboundError) Multicast() bool {
	to, err := netip.ParseAddrPort(e.To)
	return err == nil && to.Addr().IsMulticast()
}

// outbound makes an OutboundError of the error of sending, or of connecting, if it is one. Linux says EPERM when a rule drops or rejects
// a datagram, or a program for the control group forbids it (systemd's IPAddressDeny); a route of the kind "prohibit", ipfw and pf say EACCES; Windows
// says WSAEACCES. No error of the network beyond, which comes by ICMP, is one of these.
func outbound(to string, err error) error {
	const wsaeacces = syscall.Errno(10013) // another number than syscall.EACCES there
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, wsaeacces) {
		return &OutboundError{To: to, Err: err}
	}
	return err
}
