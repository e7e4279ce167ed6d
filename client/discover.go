package client

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// Discover streams the gateways of the network, each as soon as it is known: one search goes out by unicast to every default
// gateway and by multicast on every interface, and is repeated for those who missed it. The stream ends when the longest
// answer time that the search allowed (MX) is over and every device that answered was asked or given up; breaking off the
// loop ends it at once.
//
// Errors come in the stream too and end nothing: an [InterfaceError] for an interface that cannot be searched, a
// [NotGatewayError] for a device that answered as a gateway and is none. When ctx ends, its error comes last. The end of
// Options.Timeout is no error.
//
// With Options.Gateway a URL, nothing is searched and the stream is that gateway, or why it is none.
func Discover(ctx context.Context, o Options) iter.Seq2[*Gateway, error] {
	return func(yield func(*Gateway, error) bool) { newSearch(o, yield).run(ctx) }
}

// target is where a search goes: a group on every interface, or one host.
type target struct {
	group bool
	addr  netip.AddrPort
	host  string // as the user wrote it, "" for the standard group
}

// target reads Options.Gateway and Options.SSDP. location is not nil when there is nothing to search.
func (o Options) target(ctx context.Context) (t target, location *url.URL, err error) {
	switch {
	case strings.Contains(o.Gateway, "://"):
		location, err = url.Parse(o.Gateway)
		if err != nil || location.Scheme != "http" || location.Hostname() == "" || !plausiblePort(location.Port()) {
			return t, nil, &ArgumentError{"Gateway", o.Gateway, "must be an http URL or the address of a host"}
		}
		location.User, location.Fragment, location.RawFragment = nil, "", "" // never sent, and not for logs
		return t, location, nil
	case o.Gateway != "":
		t.host = o.Gateway
		t.addr, err = resolveHost(ctx, o.Gateway, ssdp.Port)
		switch a := t.addr.Addr(); {
		case errors.Is(err, errNoHost), err == nil && (a.IsUnspecified() || a.IsMulticast() || a == broadcast()):
			return t, nil, &ArgumentError{"Gateway", o.Gateway, "must be an http URL or the address of a host"}
		case err != nil:
			return t, nil, &NotGatewayError{Location: o.Gateway, Reason: Unreachable, Err: err}
		}
	case o.SSDP != "":
		host, text, err := net.SplitHostPort(o.SSDP)
		port, perr := strconv.ParseUint(text, 10, 16)
		if err != nil || perr != nil || host == "" || port == 0 {
			return t, nil, &ArgumentError{"SSDP", o.SSDP, "must be host:port"}
		}
		t.host = host
		t.addr, err = resolveHost(ctx, host, uint16(port))
		switch {
		case errors.Is(err, errNoHost):
			return t, nil, &ArgumentError{"SSDP", o.SSDP, "must be host:port"}
		case err != nil:
			return t, nil, &InterfaceError{Err: err}
		}
		t.group = t.addr.Addr().IsMulticast()
	default:
		t = target{group: true, addr: netip.MustParseAddrPort(ssdp.GroupV4)}
	}
	return t, nil, nil
}

// errNoHost refuses what can be neither an address nor a name.
var errNoHost = errors.New("no host")

func broadcast() netip.Addr { return netip.AddrFrom4([4]byte{255, 255, 255, 255}) }

// plausiblePort takes the port of a URL, "" for the one of its scheme.
func plausiblePort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && port > 0
}

// resolveHost reads a literal address, or asks the resolver of this machine for a name that the user gave.
func resolveHost(ctx context.Context, host string, port uint16) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return netip.AddrPortFrom(a.Unmap(), port), nil
	}
	if strings.ContainsAny(host, ":/ ") {
		return netip.AddrPort{}, errNoHost
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addrs[0].Unmap(), port), nil
}
