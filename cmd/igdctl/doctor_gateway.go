package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/soap"
)

func descriptionFinding(c client.Check, e *client.DescriptionEvidence) finding {
	if e.Gateway == nil {
		why := explain(c.Err)
		return finding{detail: why.message, advice: why.hints}
	}
	g := e.Gateway
	f := finding{detail: fmt.Sprintf("%s describes itself as a gateway", g.Name())}
	f.evidence = append(f.evidence, strings.TrimSpace(g.Root.Device.Manufacturer+" "+g.Root.Device.ModelName)+" at "+g.Location)
	if e.Size > 0 {
		f.evidence = append(f.evidence, fmt.Sprintf("%d bytes in %d ms", e.Size, e.Took/time.Millisecond))
	}
	if len(e.Quirks) > 0 {
		f.evidence = append(f.evidence, "forgiven: "+strings.Join(e.Quirks, ", "))
	}
	for _, id := range e.Quirks {
		if manner := mannerText(id); manner != "" {
			f.evidence = append(f.evidence, manner)
		}
	}
	if !g.DefaultRoute && g.Interface != "" {
		f.evidence = append(f.evidence, "it is not on the default route of this computer: answers to peers may leave by another way")
	}
	return f
}

// mannerText says in which manner a gateway had to be talked to.
func mannerText(quirk string) string {
	switch quirk {
	case "soap-needs-mpost":
		return "it takes requests by M-POST only"
	case "soap-11-rejected":
		return "it takes requests in HTTP/1.0 only"
	case "soap-header-case":
		return "it takes requests with the header SOAPACTION in capitals only"
	case "soap-drops-connections":
		return "it drops connections now and then; requests were repeated"
	case "desc-urlbase-wrong-port":
		return "its control URL is another than it says"
	}
	return ""
}

func connectionFinding(c client.Check, e *client.ConnectionEvidence) finding {
	f := finding{}
	for _, s := range e.Services {
		text := shortType(s.Service.Type) + ": "
		if s.Err != nil {
			text += explain(s.Err).message
		} else {
			text += connectionText(s.Status)
		}
		if s.External.IsValid() {
			text += ", " + s.External.String()
		}
		f.evidence = append(f.evidence, text)
	}
	switch c.Problem {
	case client.ProblemDown:
		f.detail = "the gateway is not connected to the Internet"
		f.advice = []string{"look at the connection in the settings of the router; restart router and modem"}
	case client.ProblemSaysDown:
		f.detail = "the gateway says that it is not connected, and has a public address all the same"
	case client.ProblemUnanswered:
		why := explain(c.Err)
		f.detail = "the gateway does not tell the state of its connection: " + why.message
		f.advice = []string{"restart the router; some stop answering after weeks"}
	default:
		f.detail = "the gateway is connected to the Internet"
		if first := e.Services[0]; client.Judge(first.External) == client.None {
			f.detail = "the gateway says that it is connected to the Internet"
		}
	}
	return f
}

func addressFinding(e *client.AddressEvidence) finding {
	r := reach{address: e.External, verdict: e.Verdict, seen: e.Seen}
	f := finding{detail: r.sentence(), advice: r.hints()}
	if e.Verdict == client.None && e.Up && !r.witness().IsValid() {
		f.detail = "the gateway has no external address, though it says that it is connected: its connection does not work, or it stands behind another router"
		f.advice = []string{"look at the connection in the settings of the router; restart router and modem"}
	}
	switch {
	case e.STUNErr != nil:
		f.evidence = append(f.evidence, "the STUN server does not tell what address it sees: "+e.STUNErr.Error())
	case e.Seen.IsValid() && !r.witness().IsValid():
		f.evidence = append(f.evidence, fmt.Sprintf("the STUN server sees %s: it does not stand on the Internet, and cannot tell what the Internet sees", e.Seen))
	case e.Seen.IsValid():
		f.evidence = append(f.evidence, fmt.Sprintf("the Internet sees %s", e.Seen))
	}
	return f
}

func beyondFinding(c client.Check, e *client.BeyondEvidence) finding {
	if c.Problem == client.ProblemNoWay {
		return finding{detail: "the router beyond the gateway cannot be looked for from here"}
	}
	if e.Gateway == nil {
		why := explain(c.Err)
		return finding{detail: why.message, advice: why.hints}
	}
	r := reach{address: e.External, verdict: e.Verdict}
	f := finding{detail: fmt.Sprintf("the router beyond is %s at %s: %s", e.Gateway.Name(), e.Gateway.Responder.Unmap(), r.sentence()),
		evidence: []string{"at " + e.Gateway.Location}, advice: []string{"igdctl open --through opens a port on both"}}
	if c.Problem == client.ProblemBehindToo {
		f.advice = r.hints()
	}
	return f
}

func portFinding(c client.Check, e *client.PortEvidence) finding {
	port := fmt.Sprintf("%d/%s", e.Port, strings.ToLower(e.Protocol))
	switch {
	case c.Problem == client.ProblemPortOwned:
		self := ""
		if e.Here {
			self = e.Entry.InternalClient
		}
		return finding{detail: fmt.Sprintf("port %s of the gateway %s", port, leadsTo(e.Entry, self)),
			advice: []string{fmt.Sprintf("igdctl open %s --any takes another port", port), "or close it where it was opened"}}
	case c.Problem == client.ProblemPortHidden:
		return finding{detail: fmt.Sprintf("the gateway does not tell who has port %s: %s", port, explain(c.Err).message)}
	case c.Problem == client.ProblemPortRefused:
		why := explain(c.Err)
		return finding{detail: fmt.Sprintf("the gateway opens ports, and not %s: %s", port, why.message),
			advice: append([]string{fmt.Sprintf("igdctl open %s --any takes another port", port)}, why.hints...)}
	case c.Problem == client.ProblemNotOpened:
		return finding{detail: fmt.Sprintf("port %s of the gateway is free, and was not tried: the gateway opened no other either", port)}
	case c.Problem == client.ProblemNotRemoved:
		return finding{detail: fmt.Sprintf("port %s of the gateway was free and could be opened for a trial, and not closed again", port)}
	case e.Opened:
		return finding{detail: fmt.Sprintf("port %s of the gateway is free, and was opened for a trial and closed", port), advice: []string{fmt.Sprintf("igdctl open %s opens it", port)}}
	case e.Free:
		return finding{detail: fmt.Sprintf("port %s of the gateway is free", port), advice: []string{fmt.Sprintf("igdctl open %s asks for it", port)}}
	}
	return finding{detail: fmt.Sprintf("port %s of the gateway %s", port, leadsTo(e.Entry, e.Entry.InternalClient))}
}

func leftoversFinding(c client.Check, e *client.LeftoversEvidence) finding {
	f := finding{detail: fmt.Sprintf("the gateway lists %s, %d of them opened by igdctl or its like from here", countMany(e.Entries, "mapping", "mappings"), len(e.Ours))}
	if e.Entries == 0 {
		f.detail = "the gateway lists no mappings"
	}
	listed := e.Ours
	if c.Problem == client.ProblemHasLeftovers {
		listed = e.Idle
	}
	for _, m := range listed {
		f.evidence = append(f.evidence, fmt.Sprintf("%s %s, %s", externalText(m), leadsTo(m, m.InternalClient), remainingText(m)))
	}
	switch c.Problem {
	case client.ProblemHasLeftovers:
		f.detail = fmt.Sprintf("%s opened from this computer %s to nobody who listens", countMany(len(e.Idle), "port that was", "ports that were"), plural(len(e.Idle), "leads", "lead"))
		for _, m := range e.Idle {
			sp := spec{external: m.ExternalPort, internal: m.InternalPort, protocol: strings.ToLower(m.Protocol)}
			f.advice = append(f.advice, "igdctl close "+sp.String()+" closes it")
		}
	case client.ProblemPortHidden:
		f.detail = "the gateway does not list its mappings: " + explain(c.Err).message
	}
	return f
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func countMany(n int, one, many string) string { return fmt.Sprint(n, " ", plural(n, one, many)) }

func mappingFinding(c client.Check, e *client.MappingEvidence) finding {
	f := finding{}
	for _, entry := range e.Entries {
		f.evidence = append(f.evidence, fmt.Sprintf("%s led to %s", openName(entry), entry.Internal))
	}
	switch c.Problem {
	case client.ProblemReadOnly:
		f.detail = "no trial port was opened"
	case client.ProblemNotOpened:
		why := explain(c.Err)
		f.detail = "a trial port could not be opened: " + why.message
		f.advice = why.hints
		if why.code == soap.ActionNotAuthorized {
			f.advice = []string{"switch on UPnP port mapping for this computer in the settings of the router"}
		}
		if why.code == soap.ActionFailed && e.Up { // what the connection is like was told above
			f.advice = []string{"restart the router, and look for a new firmware", "or forward the port in its settings"}
		}
		asked := 0
		for _, s := range e.Trace {
			if s.Err != nil && (s.Action == "AddPortMapping" || s.Action == "AddAnyPortMapping") {
				asked++
			}
			f.details = append(f.details, s.String())
		}
		if asked > 1 {
			f.evidence = append(f.evidence, fmt.Sprintf("it was asked in %d ways, and did none; --json tells each", asked))
		}
	case client.ProblemUnverified:
		f.detail = "a trial port was opened, and the gateway does not show it in its list"
		f.advice = []string{"a router that does so may not have opened it: look for a new firmware, or let somebody outside try"}
	default:
		f.detail = "a trial port was opened, and the gateway lists it as it was asked for"
	}
	return f
}

func leaseFinding(c client.Check, e *client.LeaseEvidence) finding {
	switch c.Problem {
	case client.ProblemReadOnly:
		return finding{detail: "how long ports stay open was not tried"}
	case client.ProblemForEver:
		return finding{detail: "the gateway only opens ports for ever: one that a program leaves behind stays until it is closed or the router restarts",
			advice: []string{"close ports that are not needed any more: igdctl list, igdctl close"}}
	case client.ProblemShortened:
		return finding{detail: fmt.Sprintf("asked for %s, the gateway gives %s: a port must be renewed", span(e.Asked), span(e.Granted.Granted)),
			advice: []string{"igdctl open --keep renews it"}}
	case client.ProblemNotTold:
		return finding{detail: "the gateway does not tell how long it keeps a port open", advice: []string{"igdctl open --keep looks after it"}}
	}
	return finding{detail: fmt.Sprintf("the gateway keeps a port open for %s when asked for %s", span(e.Granted.Granted), span(e.Asked))}
}

func hairpinFinding(c client.Check, e *client.HairpinEvidence) finding {
	switch c.Problem {
	case client.ProblemReadOnly:
		return finding{detail: "whether this computer reaches itself by the external address was not tried"}
	case client.ProblemNoWay:
		return finding{detail: "whether this computer reaches itself by the external address cannot be tried here"}
	case client.ProblemFirewallDrops:
		return finding{detail: fmt.Sprintf("whether %s leads back to this computer from here cannot be told: its firewall keeps out what comes back", e.To),
			evidence: []string{whereText(e.KeptOut)}}
	case client.ProblemNoHairpin:
		return finding{detail: fmt.Sprintf("from here %s does not lead back to this computer, which is common and says nothing of the Internet", e.To),
			advice: []string{"test a port from outside, such as with a phone on mobile data, and use the local address at home"}}
	}
	f := finding{detail: fmt.Sprintf("%s leads back to this computer from here too, in %d ms", e.To, e.Took/time.Millisecond)}
	if e.LetIn {
		f.detail += ": the firewall of this computer let this in from the router"
	}
	return f
}

func removalFinding(c client.Check, e *client.RemovalEvidence) finding {
	f := finding{detail: "the trial port is closed again"}
	switch c.Problem {
	case client.ProblemReadOnly:
		f.detail = "there was no trial port to remove"
	case client.ProblemNotRemoved:
		f.detail = "the trial port is still in the list of the gateway"
		if c.Err != nil {
			f.detail = "the trial port could not be closed: " + explain(c.Err).message
		}
		f.advice = []string{"it ends within an hour, or when the router restarts"}
		for _, m := range e.Left {
			f.evidence = append(f.evidence, fmt.Sprintf("%s %s, %s", externalText(m), leadsTo(m, m.InternalClient), remainingText(m)))
			if m.LeaseKnown && m.Lease == 0 {
				f.advice = []string{"it has no end: remove it in the settings of the router"}
			}
		}
	}
	return f
}
