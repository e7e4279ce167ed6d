package main

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/client"
)

// conclusion is what all checks together mean.
type conclusion struct {
	word     string // for scripts
	sentence string
	err      error // decides the exit code; nil: 0
}

// conclude draws the conclusion: the first thing that stands between the Internet and the port. ended is the error of the time
// limit, nil when it was not reached.
func conclude(checks []client.Check, o doctorFlags, ended error) conclusion {
	by := map[client.CheckID]client.Check{}
	for _, c := range checks {
		by[c.ID] = c
	}
	faulty := func(id client.CheckID) bool { return by[id].Outcome == client.Faulty }
	says := func(id client.CheckID) string { return findingOf(by[id]).detail }
	switch {
	case faulty(client.CheckDescription):
		err := by[client.CheckDescription].Err
		v := conclusion{"unreachable", "no port can be opened: " + explain(err).message, err}
		if explain(err).exit == exitNoGateway {
			v.word = "no_gateway"
		}
		switch p := by[client.CheckFirewall].Problem; {
		case faulty(client.CheckNetwork):
			v.sentence = "no port can be opened: " + says(client.CheckNetwork)
		case !faulty(client.CheckFirewall):
		case p == client.ProblemKeptIn:
			v.word, v.sentence = "filtered", "no port can be opened: "+says(client.CheckFirewall)
		case p == client.ProblemAnswersSwallowed:
			v.sentence = "no port can be opened, probably because " + says(client.CheckFirewall)
		}
		return v
	case faulty(client.CheckMapping):
		err := by[client.CheckMapping].Err
		if explain(err).exit == exitNoGateway {
			err = &goneError{err}
		}
		v := conclusion{"unreachable", "the gateway opens no port: " + explain(err).message, err}
		if explain(err).exit == exitRefused {
			v.word = "refused"
		}
		for _, cause := range []client.CheckID{client.CheckConnection, client.CheckAddress} {
			if faulty(cause) && by[cause].Err == nil {
				v.sentence = fmt.Sprintf("the gateway opens no port, probably because %s", says(cause))
				break
			}
		}
		return v
	case by[client.CheckConnection].Problem == client.ProblemUnanswered && by[client.CheckMapping].Outcome != client.Sound:
		return conclusion{"unreachable", says(client.CheckConnection), by[client.CheckConnection].Err}
	case ended != nil:
		return conclusion{"unreachable", "the gateway is too slow to be looked at to the end; --timeout gives it more time", ended}
	case faulty(client.CheckConnection):
		return conclusion{word: "offline", sentence: says(client.CheckConnection)}
	case faulty(client.CheckAddress):
		v := conclusion{word: "not_public", sentence: says(client.CheckAddress)}
		if by[client.CheckBeyond].Outcome == client.Sound {
			v.sentence += "; the router beyond is public and speaks UPnP: igdctl open --through asks both"
		}
		return v
	case by[client.CheckPort].Problem == client.ProblemPortRefused:
		v := conclusion{"unreachable", says(client.CheckPort), by[client.CheckPort].Err}
		if explain(v.err).exit == exitRefused {
			v.word = "refused"
		}
		return v
	case faulty(client.CheckPort):
		return conclusion{word: "taken", sentence: says(client.CheckPort)}
	case otherWay(by) != "":
		return conclusion{word: "other_way", sentence: otherWay(by)}
	case by[client.CheckFirewall].Problem == client.ProblemFirewallDrops:
		return conclusion{word: "filtered", sentence: says(client.CheckFirewall)}
	case faulty(client.CheckListener):
		return conclusion{word: "not_listening", sentence: says(client.CheckListener)}
	case by[client.CheckMapping].Outcome == client.Skipped:
		return conclusion{word: "untried", sentence: "nothing is seen that keeps ports from opening; without --read-only a trial port would tell"}
	}
	return conclusion{word: "opens", sentence: opensSentence(checks, o)}
}

// otherWay says that this computer does not answer by the gateway, "" when it does or that is not known. Where the way out is another interface into the
// network of the gateway, as with a cable beside the wireless network, it does.
func otherWay(by map[client.CheckID]client.Check) string {
	network, ok := by[client.CheckNetwork].Evidence.(*client.NetworkEvidence)
	description, found := by[client.CheckDescription].Evidence.(*client.DescriptionEvidence)
	if !ok || !found || description.Gateway == nil {
		return ""
	}
	out, gateway := network.Out, description.Gateway
	near := func(p netip.Prefix) bool { return p.Contains(gateway.Responder.Unmap()) }
	if out.Name == "" || gateway.Interface == "" || out.Name == gateway.Interface || gateway.Local.IsLoopback() || slices.ContainsFunc(out.Addrs, near) {
		return ""
	}
	through := out.Name
	if out.Kind == client.VPNInterface {
		through += " (VPN)"
	}
	return fmt.Sprintf("a port that is open on the gateway is probably not reached: what comes by %s this computer answers by %s", gateway.Interface, through)
}

func opensSentence(checks []client.Check, o doctorFlags) string {
	s := "ports open on this gateway"
	if o.port.external != 0 {
		s = fmt.Sprintf("nothing is seen that keeps %s from being opened and reached", o.port.outside())
		for _, c := range checks {
			if e, ok := c.Evidence.(*client.PortEvidence); ok && !e.Free && c.Outcome == client.Sound {
				s = fmt.Sprintf("%s is open, and nothing is seen that keeps it from being reached", o.port.outside())
			}
		}
	}
	notes := 0
	for _, c := range checks {
		if c.Outcome == client.Doubtful || c.Outcome == client.Faulty {
			notes++
		}
	}
	if notes > 0 {
		s += fmt.Sprintf("; %s above %s worth a look", countMany(notes, "finding", "findings"), plural(notes, "is", "are"))
	}
	return s
}
