package main

import (
	"errors"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/soap"
)

// explainPinhole explains what only happens to pinholes.
func explainPinhole(err error) (failure, bool) {
	refused := failure{kind: "refused", exit: exitRefused}
	if errors.Is(err, client.ErrNoGlobalAddress) {
		return failure{kind: "local", exit: exitLocal, message: "this computer has no IPv6 address that the Internet could reach",
			hints: []string{"switch on IPv6 in the settings of the router, if the provider has it", "igdctl open opens a port by IPv4"}}, true
	}
	if e, ok := errors.AsType[*client.NoFirewallError](err); ok {
		if e.Unreached {
			return failure{kind: "unreachable", exit: exitBroken, message: "the gateway opens pinholes, but cannot be reached by IPv6, from where alone they may be asked for",
				hints: []string{"look for \"IPv6\" and \"UPnP\" in the settings of the router"}}, true
		}
		refused.message = "the gateway lets no program open its IPv6 firewall: it has no such service"
		refused.hints = []string{"look for \"IPv6 firewall\" or \"IPv6 port sharing\" in the settings of the router"}
		return refused, true
	}
	if e, ok := errors.AsType[*client.FirewallClosedError](err); ok {
		refused.message = "the gateway lets no program open pinholes in its IPv6 firewall"
		refused.hints = []string{"look for \"UPnP\" or \"independent port sharing\" in the settings of the router"}
		if !e.Status.Enabled {
			refused.message = "the IPv6 firewall of the gateway is off: everybody is let in already, and no pinhole is needed"
			refused.hints = nil
		}
		return refused, true
	}
	if e, ok := errors.AsType[*noPinholeError](err); ok {
		refused.message, refused.hints = e.sentence, []string{"igdctl pinhole list shows those that are"}
		return refused, true
	}
	if e, ok := errors.AsType[*soap.Error](err); ok && strings.Contains(strings.ToLower(e.Service), "wanipv6firewallcontrol") {
		refused.code, refused.name = e.Code, e.Name
		refused.message, refused.hints = pinholeRefusal(e)
		return refused, true
	}
	return failure{}, false
}

// pinholeRefusal says what a fault of WANIPv6FirewallControl:1 means: it gives the numbers from 701 to 709 meanings of its own.
func pinholeRefusal(e *soap.Error) (sentence string, hints []string) {
	switch e.Code {
	case soap.ActionNotAuthorized:
		sentence = "the gateway does not let this computer open that port"
		hints = []string{"many gateways open pinholes from port 1024 up only", "look for \"UPnP\" in the settings of the router"}
	case soap.PinholeSpaceExhausted:
		sentence = "the gateway has room for no more pinholes"
		hints = []string{"igdctl pinhole close --all closes those that igdctl opened from here"}
	case soap.FirewallDisabled:
		sentence = "the IPv6 firewall of the gateway is off: no pinhole is needed"
	case soap.InboundPinholeNotAllowed:
		sentence = "the gateway lets no program open pinholes in its IPv6 firewall"
		hints = []string{"look for \"UPnP\" or \"independent port sharing\" in the settings of the router"}
	case soap.PinholeNoSuchEntry:
		sentence = "the gateway has no such pinhole any more"
	case soap.ProtocolNotSupported, soap.ProtocolWildcardingNotAllowed:
		sentence = "the gateway opens no pinholes for this protocol"
	case soap.PinholeWildCardNotPermittedInSrcIP:
		sentence = "the gateway opens pinholes for one remote host only, not for everybody"
		hints = []string{"--from names it"}
	default:
		return refusalWords(e)
	}
	return sentence + inParentheses(e.Code, e.Name), hints
}

// sixError is what became of a port that peers with IPv6 may reach all the same.
type sixError struct {
	hint string
	err  error
}

func (e *sixError) Error() string { return e.err.Error() }
func (e *sixError) Unwrap() error { return e.err }

// orPinhole adds the way round an IPv4 that cannot be had, if this computer has a global IPv6 address.
func (a *app) orPinhole(port spec, o openFlags, err error) error {
	if hint := a.pinholeHint(port); hint != "" && err != nil && o.to == "" {
		return &sixError{hint, err}
	}
	return err
}

// sixFirst puts the same before other hints.
func (a *app) sixFirst(port spec, hints []string) []string {
	if hint := a.pinholeHint(port); hint != "" {
		return append([]string{hint}, hints...)
	}
	return hints
}

// pinholeHint is the command that lets peers in by IPv6; "" when this computer has no global IPv6 address, and when one place only was asked for
// a gateway.
func (a *app) pinholeHint(port spec) string {
	if a.gateway != "" || a.ssdp != "" {
		return ""
	}
	if addrs, err := client.GlobalAddresses(a.options()); err != nil || len(addrs) == 0 {
		return ""
	}
	sp := spec{external: port.internal, internal: port.internal, protocol: port.protocol}
	return "this computer has IPv6, which needs no port mapping: igdctl pinhole open " + sp.String() + " lets such peers in"
}
