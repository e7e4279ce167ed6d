package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/pion/stun/v3"
)

// A STUNError says that a STUN server did not tell the address it sees.
type STUNError struct {
	Server string // as it was given
	Code   int    // of the server's refusal (RFC 8489 §14.8), 0 when there was none
	Err    error
}

func (e *STUNError) Error() string { return fmt.Sprintf("stun server %s: %v", e.Server, e.Err) }

// Unwrap gives the cause.
func (e *STUNError) Unwrap() error { return e.Err }

// stunError is what came of asking a server until ctx ended.
func stunError(ctx context.Context, server string, err error) *STUNError {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	code := stun.ErrorCode(0)
	if e, ok := errors.AsType[*stunRefusal](err); ok {
		code = e.code
	}
	return &STUNError{Server: server, Code: int(code), Err: err}
}

// MappedAddress asks a STUN server which IPv4 address and port a request from here comes from (RFC 8489, a binding request by UDP): what
// the Internet sees when this host speaks first. server is HOST:PORT, or HOST for port 3478; it is trusted as given, and nothing that
// another host sends is believed. The request is repeated as RFC 8489 §6.2.1 has it, for 39.5 s unless ctx ends before.
// With Options.Interface it leaves from the first address of that interface. Errors: *STUNError, or *ArgumentError for what is
// no server.
func MappedAddress(ctx context.Context, server string, o Options) (netip.AddrPort, error) {
	o = o.defaults()
	local, err := stunLocal(o)
	if err != nil {
		return netip.AddrPort{}, &STUNError{Server: server, Err: err}
	}
	return askSTUN(ctx, o, local, server)
}

// stunLocal is the address to ask from: that of Options.Interface, or any.
func stunLocal(o Options) (netip.Addr, error) {
	if o.Interface == "" {
		return netip.IPv4Unspecified(), nil
	}
	all, broken := links(o)
	if len(all) == 0 {
		return netip.Addr{}, broken[0]
	}
	return all[0].addr(), nil
}

// askSTUN asks from one local address.
func askSTUN(ctx context.Context, o Options, local netip.Addr, server string) (netip.AddrPort, error) {
	to, err := stunServer(ctx, server)
	if err != nil {
		return netip.AddrPort{}, err
	}
	s, err := openSTUN(ctx, o, local)
	if err != nil {
		return netip.AddrPort{}, stunError(ctx, server, err)
	}
	defer s.close()
	reply, err := s.ask(ctx, &stunExchange{to: to}, stunRTO)
	if err != nil {
		return netip.AddrPort{}, stunError(ctx, server, err)
	}
	return reply.mapped, nil
}

const stunPort = "3478" // RFC 8489 §9

// stunServer reads HOST:PORT or HOST.
func stunServer(ctx context.Context, server string) (netip.AddrPort, error) {
	host, text, err := net.SplitHostPort(server)
	if err != nil {
		host, text = server, stunPort
	}
	port, perr := strconv.ParseUint(text, 10, 16)
	if perr != nil || host == "" || port == 0 {
		return netip.AddrPort{}, &ArgumentError{"STUN", server, "must be host:port"}
	}
	to, err := resolveHost(ctx, host, uint16(port))
	a := to.Addr()
	switch {
	case errors.Is(err, errNoHost), err == nil && (!a.Is4() || a.IsUnspecified() || a.IsMulticast() || a == broadcast()):
		return netip.AddrPort{}, &ArgumentError{"STUN", server, "must be host:port, of a host with an IPv4 address"}
	case err != nil:
		return netip.AddrPort{}, &STUNError{Server: server, Err: err}
	}
	return to, nil
}
