package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
)

// findingOf says what a check found and what to do about it.
func findingOf(c client.Check) finding {
	switch e := c.Evidence.(type) {
	case *client.NetworkEvidence:
		return networkFinding(c, e)
	case *client.SearchEvidence:
		return searchFinding(c, e)
	case *client.FirewallEvidence:
		return firewallFinding(c, e, runtime.GOOS)
	case *client.ListenerEvidence:
		return listenerFinding(c, e)
	case *client.DescriptionEvidence:
		return descriptionFinding(c, e)
	case *client.ConnectionEvidence:
		return connectionFinding(c, e)
	case *client.AddressEvidence:
		return addressFinding(e)
	case *client.BeyondEvidence:
		return beyondFinding(c, e)
	case *client.PortEvidence:
		return portFinding(c, e)
	case *client.LeftoversEvidence:
		return leftoversFinding(c, e)
	case *client.MappingEvidence:
		return mappingFinding(c, e)
	case *client.LeaseEvidence:
		return leaseFinding(c, e)
	case *client.HairpinEvidence:
		return hairpinFinding(c, e)
	case *client.RemovalEvidence:
		return removalFinding(c, e)
	}
	return finding{detail: string(c.Problem)}
}

func networkFinding(c client.Check, e *client.NetworkEvidence) finding {
	f := finding{}
	for _, s := range e.Interfaces {
		if s.Kind != client.LoopbackInterface {
			f.evidence = append(f.evidence, interfaceText(s))
		}
	}
	vpn := slices.IndexFunc(e.Interfaces, func(s client.InterfaceState) bool { return s.Kind == client.VPNInterface })
	switch c.Problem {
	case client.ProblemNoInterface:
		f.detail = "no network interface of this computer is up"
		f.advice = []string{"plug in the cable, or switch on the wireless network"}
	case client.ProblemNoAddress:
		f.detail = "this computer has no IPv4 address, so no port can be mapped to it"
		f.advice = []string{"renew the connection to the router; on a network of IPv6 only, igdctl pinhole opens ports"}
	case client.ProblemNoDefaultRoute:
		f.detail = "no default route leads to a router, so that only a search by multicast can find one"
		f.advice = []string{"renew the connection to the router"}
		if vpn >= 0 {
			f.advice = append(f.advice, fmt.Sprintf("a VPN (%s) may have taken it: disconnect the VPN and try again", e.Interfaces[vpn].Name))
		}
	case client.ProblemVPNRoute:
		f.detail = fmt.Sprintf("the way to the Internet leads into a VPN (%s): peers see the address of the VPN, and ports on the router do not help them", cmp.Or(e.Out.Name, e.Interfaces[0].Name))
		switch {
		case e.Machine.WSL:
			f.evidence = append(f.evidence, "this runs in WSL")
		case e.Machine.Container != "":
			f.evidence = append(f.evidence, "this runs in a container ("+e.Machine.Container+")")
		}
		f.advice = []string{"disconnect the VPN, or let the program bypass it"}
	case client.ProblemInContainer:
		f.detail = fmt.Sprintf("this runs in a container (%s), whose network is usually not that of the router", e.Machine.Container)
		f.advice = []string{"give the container the network of its host (docker run --network host), or open the port on the host"}
	case client.ProblemInWSL:
		f.detail = "this runs in WSL, whose network stands behind Windows"
		f.advice = []string{"run igdctl in Windows, or set networkingMode=mirrored in .wslconfig"}
	default:
		f.detail = "this computer is on a network with a default route"
		if c.Err != nil {
			f.detail = "the network interfaces cannot be listed: " + c.Err.Error()
		}
		if vpn >= 0 {
			f.advice = []string{fmt.Sprintf("a VPN (%s) is up: programs that go through it are not reached by ports on the router", e.Interfaces[vpn].Name)}
		}
	}
	return f
}

func interfaceText(s client.InterfaceState) string {
	text := s.Name
	switch s.Kind {
	case client.VPNInterface:
		text += " (VPN)"
	case client.ContainerInterface:
		text += " (containers)"
	case client.VirtualInterface:
		text += " (virtual machines)"
	}
	for _, p := range s.Addrs {
		if !p.Addr().IsLinkLocalUnicast() {
			text += " " + p.String()
		}
	}
	if len(s.Gateways) > 0 {
		text += ", default route by " + joined(s.Gateways)
	}
	if s.Err != nil {
		text += ": " + s.Err.Error()
	}
	return text
}

func joined[T fmt.Stringer](all []T) string {
	words := make([]string, 0, len(all))
	for _, v := range all {
		words = append(words, v.String())
	}
	return strings.Join(words, ", ")
}

func searchFinding(c client.Check, e *client.SearchEvidence) finding {
	f := finding{evidence: answerTexts(e)}
	for _, err := range e.Errors {
		f.evidence = append(f.evidence, err.Error())
	}
	whom := "multicast"
	if c.ID == client.CheckUnicast {
		whom = "unicast"
	}
	switch c.Problem {
	case client.ProblemNotSearched:
		f.detail = "not searched by " + whom
		if whom == "unicast" {
			f.detail += ": there is no default gateway to ask, or its URL was given"
		} else {
			f.detail += ": there is no network to search, or the gateway was named"
		}
	case client.ProblemKeptIn:
		f.detail = fmt.Sprintf("this computer lets no search by %s out: nobody was asked", whom)
		f.advice = []string{"see the firewall below"}
	case client.ProblemNoAnswer:
		f.detail = fmt.Sprintf("nobody answers a search by %s", whom)
		f.advice = []string{"switch on UPnP in the settings of the router, and restart it if it is on already"}
		if len(e.Asked) > 0 && !slices.ContainsFunc(e.Asked, func(h client.SearchedHost) bool { return h.Kind != client.VPNInterface }) {
			f.detail = fmt.Sprintf("nobody answers a search by %s in the VPN (%s), and nobody else could be asked", whom, e.Asked[0].Interface)
			f.advice = []string{"connect this computer to the router, by cable or the wireless network"}
			break
		}
		if whom == "multicast" {
			f.advice = append(f.advice, "on a guest network, or with \"client isolation\", a wireless router keeps computers from finding it")
		}
	case client.ProblemUnusableAnswer:
		f.detail = fmt.Sprintf("%s answers a search by %s in a way that nobody can use: without the address of its description, or not as an answer", joined(e.Unused), whom)
		f.advice = []string{"restart the router, and look for a new firmware", "igdctl status --gateway http://ADDRESS:PORT/PATH asks a description at a known place"}
	case client.ProblemNoGatewayAnswer:
		f.detail = fmt.Sprintf("devices answer a search by %s, but no gateway", whom)
		f.advice = []string{"switch on UPnP in the settings of the router, and restart it if it is on already"}
	case client.ProblemOnlyUnicast:
		f.detail = "the gateway answers when it is asked directly, but not by multicast: programs that only search by multicast do not find it"
		f.advice = []string{"see the firewall below; a switch or wireless repeater that filters multicast (\"IGMP snooping\") does the same"}
	case client.ProblemUnicastSilent:
		f.detail = "the gateway does not answer when it is asked directly, which is common"
	default:
		f.detail = fmt.Sprintf("a gateway answers a search by %s", whom)
		if !slices.ContainsFunc(e.Answers, client.SearchAnswer.ForGateway) {
			f.detail = fmt.Sprintf("the router answers a search by %s, and none for a gateway", whom)
		}
	}
	return f
}

// answerTexts tells who answered which search targets, how soon, and which nobody answered.
func answerTexts(e *client.SearchEvidence) (lines []string) {
	type answerer struct {
		from   netip.Addr
		server string
	}
	targets := map[answerer][]string{}
	var order []answerer
	answered := map[string]bool{}
	for _, a := range e.Answers {
		if !a.Gateway {
			continue
		}
		who := answerer{a.From.Addr(), a.Server}
		if targets[who] == nil {
			order = append(order, who)
		}
		answered[a.Target] = true
		text := shortTarget(a.Target)
		if !strings.EqualFold(a.ST, a.Target) && a.Target != "ssdp:all" {
			text += " as " + shortTarget(a.ST)
		}
		targets[who] = append(targets[who], fmt.Sprintf("%s after %d ms", text, a.After/time.Millisecond))
	}
	for _, who := range order {
		lines = append(lines, fmt.Sprintf("%s (%s) answers %s", who.from, who.server, strings.Join(targets[who], ", ")))
	}
	others := map[netip.Addr]bool{}
	for _, a := range e.Answers {
		if !a.Gateway && !slices.ContainsFunc(order, func(who answerer) bool { return who.from == a.From.Addr() }) {
			others[a.From.Addr()] = true
		}
	}
	if len(others) > 0 {
		lines = append(lines, count(len(others), "device")+" that are no gateways answered too")
	}
	var silent []string
	for _, t := range e.Targets {
		if !answered[t] {
			silent = append(silent, shortTarget(t))
		}
	}
	if len(silent) > 0 && len(order) > 0 {
		lines = append(lines, "no gateway answers "+strings.Join(silent, ", "))
	}
	return lines
}

// shortTarget is the part of a search target that tells it apart: "WANIPConnection:1".
func shortTarget(st string) string {
	parts := strings.Split(st, ":")
	if len(parts) == 5 && strings.EqualFold(parts[0], "urn") {
		return parts[3] + ":" + parts[4]
	}
	return st
}

func listenerFinding(c client.Check, e *client.ListenerEvidence) finding {
	port := fmt.Sprintf("%d/%s", e.Port, strings.ToLower(e.Protocol))
	f := finding{}
	switch c.Problem {
	case client.ProblemNobodyListens:
		f.detail = fmt.Sprintf("nothing listens on port %s of this computer", port)
		f.advice = []string{"start the program first, and see in its settings which port it uses"}
	case client.ProblemOnlyLoopback:
		f.detail = fmt.Sprintf("the program on port %s listens only on %s, where nobody outside this computer reaches it", port, joined(e.Bound))
		f.advice = []string{"let it listen on 0.0.0.0, or on the address of this computer"}
	case client.ProblemOtherAddress:
		f.detail = fmt.Sprintf("the program on port %s listens only on %s, and the gateway forwards to %s", port, joined(e.Bound), e.Local)
		f.advice = []string{fmt.Sprintf("let it listen on %s or 0.0.0.0", e.Local)}
	case client.ProblemNotTold:
		f.detail = fmt.Sprintf("whether a program listens on port %s cannot be told on this system", port)
	default:
		f.detail = fmt.Sprintf("a program listens on port %s", port)
		if everywhere := slices.ContainsFunc(e.Bound, netip.Addr.IsUnspecified); !everywhere {
			f.detail += " of " + joined(e.Bound)
		}
	}
	return f
}
