package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/pion/stun/v3"
)

// The timers of RFC 8489 §6.2.1: a request is sent stunRequests times, after stunRTO, then twice that, and so on, and the last one is waited
// for stunLast times stunRTO: 39.5 s in all.
const (
	stunRTO      = 500 * time.Millisecond
	stunRequests = 7
	stunLast     = 16
)

const (
	stunPort = "3478"    // RFC 8489 §9
	maxSTUN  = 1500      // bytes of a reply; RFC 8489 §6.1 wants them below the MTU of the path
	stunIPv4 = byte(0x1) // family, RFC 8489 §14.1
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

// MappedAddress asks a STUN server which IPv4 address and port a request from here comes from (RFC 8489, a binding request by UDP): what
// the Internet sees when this host speaks first. server is HOST:PORT, or HOST for port 3478; it is trusted as given, and nothing that
// another host sends is believed. The request is repeated as RFC 8489 §6.2.1 has it, for 39.5 s unless ctx ends before.
// With Options.Interface it leaves from the first address of that interface. Errors: *STUNError, or *ArgumentError for what is
// no server.
func MappedAddress(ctx context.Context, server string, o Options) (netip.AddrPort, error) {
	o = o.defaults()
	local := netip.IPv4Unspecified()
	if o.Interface != "" {
		all, broken := links(o)
		if len(all) == 0 {
			return netip.AddrPort{}, &STUNError{Server: server, Err: broken[0]}
		}
		local = all[0].addr()
	}
	return askSTUN(ctx, o, local, server)
}

// askSTUN asks from one local address.
func askSTUN(ctx context.Context, o Options, local netip.Addr, server string) (netip.AddrPort, error) {
	to, err := stunServer(ctx, server)
	if err != nil {
		return netip.AddrPort{}, err
	}
	fail := func(err error) (netip.AddrPort, error) {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		code := stun.ErrorCode(0)
		if e, ok := errors.AsType[*stunRefusal](err); ok {
			code = e.code
		}
		return netip.AddrPort{}, &STUNError{Server: server, Code: int(code), Err: err}
	}
	conn, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return fail(err)
	}
	wait := stunRTO
	for i := range stunRequests {
		traceDatagram(o.Trace, '>', to, []byte(request.String()))
		if _, err := conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(to)); err != nil {
			return fail(err)
		}
		if i == stunRequests-1 {
			wait = stunLast * stunRTO
		}
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return fail(err)
		}
		seen, err := readSTUN(o, conn, to, request.TransactionID)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			if err != nil {
				return fail(err)
			}
			return seen, nil
		}
		wait *= 2
	}
	return fail(errSTUNSilent)
}

var (
	errSTUNSilent = errors.New("no answer")
	errNotSTUN    = errors.New("not a reply to our request")
	errNoMapped   = errors.New("the reply holds no IPv4 address")
)

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

// readSTUN reads until the reply comes or the deadline of conn is over. Everything else that comes is passed over.
func readSTUN(o Options, conn net.PacketConn, server netip.AddrPort, id [stun.TransactionIDSize]byte) (netip.AddrPort, error) {
	b := make([]byte, maxSTUN+1)
	for failures := 0; ; {
		n, addr, err := conn.ReadFrom(b)
		if err != nil {
			// Windows reports the refusal of an earlier request on a read.
			if failures++; failures < maxReadFailures && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
				continue
			}
			return netip.AddrPort{}, err
		}
		from, ok := addr.(interface{ AddrPort() netip.AddrPort })
		if !ok || from.AddrPort().Port() != server.Port() || from.AddrPort().Addr().Unmap() != server.Addr() || n > maxSTUN {
			continue
		}
		seen, err := parseSTUN(b[:n], id)
		if errors.Is(err, errNotSTUN) {
			continue
		}
		traceDatagram(o.Trace, '<', server, fmt.Append(nil, "binding reply: ", seen, " ", err))
		return seen, err
	}
}

// stunRefusal is an error response.
type stunRefusal struct {
	code   stun.ErrorCode
	reason string
}

func (e *stunRefusal) Error() string { return fmt.Sprintf("refused: %d %.64q", e.code, e.reason) }

// parseSTUN reads the reply to the binding request id. What is no reply to it is errNotSTUN.
func parseSTUN(b []byte, id [stun.TransactionIDSize]byte) (netip.AddrPort, error) {
	m := &stun.Message{Raw: b}
	if !stun.IsMessage(b) || m.Decode() != nil || m.TransactionID != id || m.Type.Method != stun.MethodBinding {
		return netip.AddrPort{}, errNotSTUN
	}
	if m.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(m) != nil {
		return netip.AddrPort{}, errNotSTUN
	}
	switch m.Type.Class {
	case stun.ClassErrorResponse:
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(m); err != nil {
			return netip.AddrPort{}, &stunRefusal{}
		}
		return netip.AddrPort{}, &stunRefusal{code.Code, string(code.Reason)}
	case stun.ClassSuccessResponse:
		return mappedIn(m)
	}
	return netip.AddrPort{}, errNotSTUN
}

// mappedIn reads the address of a success: XOR-MAPPED-ADDRESS (RFC 8489 §14.2), under its number in the drafts too, or else
// MAPPED-ADDRESS (§14.1), which is all that servers of RFC 3489 send and some NATs write their own address into.
func mappedIn(m *stun.Message) (netip.AddrPort, error) {
	for _, a := range m.Attributes {
		// RFC 8489 §6.3.3: a reply with what has to be understood and is not has failed.
		if a.Type.Required() && !a.Type.Known() && a.Type != stun.AttrSourceAddress && a.Type != stun.AttrChangedAddress {
			return netip.AddrPort{}, fmt.Errorf("the reply holds an unknown attribute %v", a.Type)
		}
	}
	for _, attribute := range []stun.AttrType{stun.AttrXORMappedAddress, stun.AttrMappedAddress} {
		value, err := m.Get(attribute)
		if err != nil || len(value) != 8 || value[1] != stunIPv4 {
			continue
		}
		var seen stun.XORMappedAddress
		if attribute == stun.AttrMappedAddress {
			var plain stun.MappedAddress
			err = plain.GetFrom(m)
			seen = stun.XORMappedAddress(plain)
		} else {
			err = seen.GetFrom(m)
		}
		a, ok := netip.AddrFromSlice(seen.IP)
		if a = a.Unmap(); err == nil && ok && a.Is4() && !a.IsUnspecified() {
			return netip.AddrPortFrom(a, uint16(seen.Port)), nil
		}
	}
	return netip.AddrPort{}, errNoMapped
}
