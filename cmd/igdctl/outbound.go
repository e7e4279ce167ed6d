package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/igdkit/igdkit/client"
)

// keptInText says what this computer did not let out.
func keptInText(e *client.OutboundError) string {
	if e.Multicast() {
		return "this computer's own firewall lets no search by multicast out"
	}
	host, port, err := net.SplitHostPort(e.To)
	if err != nil {
		return "this computer's own firewall lets nothing out to " + e.To
	}
	return fmt.Sprintf("this computer's own firewall lets nothing out to %s, port %s", host, port)
}

// letOut says who does such a thing, and where it is switched off. system is that of runtime.GOOS.
func letOut(system string) []string {
	hints := []string{"a VPN program does this while its \"kill switch\" is on: allow the local network in its settings, or disconnect the VPN"}
	switch system {
	case "linux":
		hints = append(hints, "sudo nft list ruleset lists the rules: look for a chain with \"hook output\"")
	case "windows":
		hints = append(hints, "Windows Security, Firewall & network protection, Advanced settings, Outbound Rules lists the rules")
	}
	return hints
}

// explainKeptIn explains a search that this computer kept in, wholly or by multicast alone. With several ways out, the first one counts: it leads to the
// Internet.
func explainKeptIn(e *client.DiscoveryError, system string) (failure, bool) {
	for _, way := range e.Interfaces {
		kept, ok := errors.AsType[*client.OutboundError](way)
		if !ok || len(e.Searched) > 0 && way.Interface != e.Searched[0] {
			continue
		}
		f := failure{kind: "filtered", exit: exitNoGateway, message: keptInText(kept), hints: letOut(system)}
		if kept.Multicast() {
			f.message = "no gateway answered on " + way.Interface + ", and " + f.message
		}
		return f, true
	}
	return failure{}, false
}
