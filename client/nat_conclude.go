package client

import (
	"errors"
	"fmt"
	"math"
	"net/netip"

	"github.com/pion/stun/v3"
)

// doubt is how likely it may be that all repetitions of a request got lost by chance, for their silence to be believed.
const doubt = 0.001

// silence tells whether so many requests without a reply are no accident, as replies have been lost so far.
func (s *natSurvey) silence() func(sent int) bool {
	loss := s.loss()
	return func(sent int) bool { return math.Pow(loss, float64(sent)) < doubt }
}

// conclude writes into r what follows from what was seen.
func (s *natSurvey) conclude(r *NATReport, m mappingSeen, f filteringSeen, h hairpinSeen) {
	silence := s.silence()
	differs := s.concludeMapping(r, m)
	s.concludeFiltering(r, m, f, silence)
	concludeHairpin(r, h, silence)
	r.PortPreserved = r.Mapped.Port() == r.Local.Port() && (f.err != nil || f.kept) && (!r.NAT || h.err != nil || h.kept)
	r.Class = classOf(r, differs)
	if r.Class == "" {
		for _, p := range []NATPart{PartMapping, PartFiltering} {
			if why := r.Unknown[p]; why != "" {
				r.Unknown[PartClass] = why
				break
			}
		}
	}
}

// concludeMapping compares where servers see one socket. differs: they do not see the same, whatever that depends on.
func (s *natSurvey) concludeMapping(r *NATReport, m mappingSeen) (differs bool) {
	var byPort, byAddress, one bool // it differs between ports of an address; between addresses; the same at two addresses
	ports, addresses := 0, 0        // pairs that were compared
	seen := make([]netip.AddrPort, 0, len(m.at))
	for to := range m.at {
		seen = append(seen, to)
	}
	for i, a := range seen {
		for _, b := range seen[:i] {
			same := m.at[a] == m.at[b]
			switch {
			case a.Addr() == b.Addr():
				ports++
				byPort = byPort || !same
			default:
				addresses++
				byAddress = byAddress || !same
				one = one || same
			}
		}
	}
	differs = byPort || byAddress && !one
	if last, follows := follow(m.at); differs && r.NAT && follows {
		r.PortsFollow, r.LastMapped = true, last
	}
	why := s.why
	if why == "" {
		why = fmt.Sprintf("%v did not answer, not at both ports", s.other.Addr())
	}
	switch {
	case byPort:
		r.Mapping = AddressAndPortDependent
	case byAddress && one:
		r.Unknown[PartMapping] = "some of the servers see the same address and some do not, as with two ways to the Internet"
	case byAddress && ports > 0:
		r.Mapping = AddressDependent
	case byAddress:
		r.Unknown[PartMapping] = "servers see different addresses, and whether that depends on the port as well cannot be told: " + why
	case addresses > 0:
		r.Mapping = EndpointIndependent
	case !r.NAT:
		r.Mapping = EndpointIndependent // there is nothing that could differ
	default:
		r.Unknown[PartMapping] = "only one address of a server answered: " + why
	}
	return differs
}

// nearPorts is how far apart the ports of a survey's sockets may be when each is the one after another: there are up to a dozen.
const nearPorts = 16

// follow tells whether ports are near each other and of one address, and which is the last.
func follow(at map[netip.AddrPort]netip.AddrPort) (last netip.AddrPort, follows bool) {
	var first netip.AddrPort
	for _, a := range at {
		if !first.IsValid() || a.Compare(first) < 0 {
			first = a
		}
		if a.Compare(last) > 0 {
			last = a
		}
	}
	return last, first.Addr() == last.Addr() && last.Port()-first.Port() < nearPorts
}

// concludeFiltering judges by who got in. Silence counts when the same would have answered if it had been asked itself.
func (s *natSurvey) concludeFiltering(r *NATReport, m mappingSeen, f filteringSeen, silence func(sent int) bool) {
	if s.why != "" {
		r.Unknown[PartFiltering] = s.why
		return
	}
	if f.err != nil {
		r.Unknown[PartFiltering] = fmt.Sprintf("the test could not begin: %v", f.err)
		return
	}
	port := netip.AddrPortFrom(s.server.Addr(), s.other.Port())
	// kept tells whether the NAT kept an answer out; why: it cannot be told.
	kept := func(t filterTest, from netip.AddrPort) (out bool, why string) {
		switch {
		case t.err == nil && t.reply.from == from:
			return false, ""
		case t.err == nil:
			return false, fmt.Sprintf("the server %v answers from where it was asked, whatever it is told", s.server)
		case refusedBy(t.err, stun.CodeUnknownAttribute):
			return false, fmt.Sprintf("the server %v cannot answer from another address (420)", s.server)
		case !errors.Is(t.err, errSTUNSilent):
			return false, t.err.Error()
		case !m.at[from].IsValid():
			return false, fmt.Sprintf("%v did not answer when it was asked itself", from)
		case f.control != nil:
			return false, fmt.Sprintf("the server %v answered no more at the end", s.server)
		case !silence(t.sent):
			return false, "too many replies get lost"
		}
		return true, ""
	}
	anybody, whyAnybody := kept(f.both, s.other)
	stranger, whyStranger := kept(f.port, port)
	switch {
	case !anybody && whyAnybody == "":
		r.Filtering = EndpointIndependent
	case stranger: // who would keep nobody out, or only other addresses, had let this one in
		r.Filtering = AddressAndPortDependent
	case whyStranger != "":
		r.Unknown[PartFiltering] = whyStranger
	case anybody:
		r.Filtering = AddressDependent
	default:
		r.Unknown[PartFiltering] = whyAnybody
	}
}

// concludeHairpin judges by what came back.
func concludeHairpin(r *NATReport, h hairpinSeen, silence func(sent int) bool) {
	switch {
	case !r.NAT:
		r.Unknown[PartHairpin] = "there is no NAT for it to come back from"
	case h.got:
		r.Hairpin = h.way
	case h.err != nil:
		r.Unknown[PartHairpin] = fmt.Sprintf("the test could not begin: %v", h.err)
	case !silence(h.sent):
		r.Unknown[PartHairpin] = "too many replies get lost"
	case r.Mapping == EndpointIndependent || r.Filtering == EndpointIndependent:
		r.Hairpin = HairpinNone
	default:
		// What was sent has opened a mapping of its own, and not the one that is sent to.
		r.Unknown[PartHairpin] = "nothing comes back, as it would not either when the NAT filters it like what comes from outside"
	}
}

// classOf is the name of RFC 3489. It calls symmetric whatever maps by the remote side, however it filters.
func classOf(r *NATReport, differs bool) NATClass {
	switch {
	case differs && r.NAT:
		return SymmetricNAT
	case r.Mapping == "":
		return ""
	}
	switch r.Filtering {
	case EndpointIndependent:
		if !r.NAT {
			return OpenInternet
		}
		return FullCone
	case AddressDependent:
		if !r.NAT {
			return SymmetricFirewall
		}
		return RestrictedCone
	case AddressAndPortDependent:
		if !r.NAT {
			return SymmetricFirewall
		}
		return PortRestrictedCone
	}
	return ""
}
