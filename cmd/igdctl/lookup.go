package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// lookupError says that nobody told the address of a computer: not that there is none.
type lookupError struct {
	arg, host string // the argument that names it, and how
	example   string // of its address
	err       error
}

func (e *lookupError) Error() string { return fmt.Sprintf("%s %q: %v", e.arg, e.host, e.err) }
func (e *lookupError) Unwrap() error { return e.err }

func (e *lookupError) failure() failure {
	return failure{kind: "unreachable", exit: exitBroken, message: fmt.Sprintf("%s %q is not known%s", e.arg, e.host, because(e.err)),
		hints: []string{"is this computer online? igdctl doctor tells", byAddress(e.example)}}
}

func byAddress(example string) string { return "name the computer by its address, such as " + example }

// resolve gives the IPv4 address of a computer named by the user, in the argument arg, which takes an address such as example, too.
func resolve(ctx context.Context, arg, host, example string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if ctx.Err() != nil {
		return netip.Addr{}, ctx.Err()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && !e.IsNotFound {
		return netip.Addr{}, &lookupError{arg, host, example, e}
	}
	if err != nil || len(addrs) == 0 {
		return netip.Addr{}, usage(fmt.Sprintf("%s %q: no IPv4 address is known by that name", arg, host), byAddress(example))
	}
	return addrs[0].Unmap(), nil
}
