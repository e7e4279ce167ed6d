package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
	"github.com/igdkit/igdkit/soap"
)

// refusalWords says what a fault of a connection service means to the person, and what to do.
func refusalWords(e *soap.Error) (sentence string, hints []string) {
	switch e.Code {
	case soap.InvalidAction, soap.OptionalActionNotImplemented:
		sentence = "the gateway does not offer this"
		if e.Action != "" {
			sentence = "the gateway does not offer " + e.Action
		}
	case soap.InvalidArgs, soap.ArgumentValueInvalid, soap.ArgumentValueOutOfRange:
		sentence = "the gateway does not accept these values"
		hints = []string{"another port or a shorter --for may do"}
	case soap.ActionFailed:
		sentence = "the gateway failed to do it"
		hints = []string{"igdctl status shows whether its Internet connection is up", "igdctl list shows whether its table is full"}
	case soap.OutOfMemory:
		sentence = "the gateway is out of memory"
	case soap.HumanInterventionRequired:
		sentence = "the gateway wants somebody to look after it first"
	case soap.StringArgumentTooLong:
		sentence = "the gateway finds the description too long"
		hints = []string{"--description takes a shorter one"}
	case soap.ActionNotAuthorized:
		sentence = "the gateway does not allow this computer to do that"
		hints = []string{
			"look for \"UPnP\" or \"secure mode\" in the settings of the router",
		}
	case soap.SpecifiedArrayIndexInvalid, soap.NoSuchEntryInArray, soap.PortMappingNotFound:
		sentence = "the gateway has no such mapping"
		hints = []string{"igdctl list shows the ones it has"}
	case soap.ConflictInMappingEntry:
		sentence = "the port belongs to another computer"
		hints = []string{"igdctl list shows who has which port"}
	case soap.ConflictWithOtherMechanisms:
		sentence = "something else on the gateway uses the port"
		hints = []string{"port forwarding in the settings of the router comes first"}
	case soap.SamePortValuesRequired:
		sentence = "the gateway only opens the port number that the program listens on"
	case soap.OnlyPermanentLeasesSupported:
		sentence = "the gateway only opens ports for ever"
		hints = []string{"--permanent opens it until you close it"}
	case soap.NoPortMapsAvailable:
		sentence = "the table of the gateway is full"
		hints = []string{"igdctl list shows what fills it", "igdctl close --all closes what leads to this computer"}
	case soap.InactiveConnectionStateRequired, soap.ConnectionSetupFailed, soap.ConnectionSetupInProgress,
		soap.ConnectionNotConfigured, soap.DisconnectInProgress, soap.InternetAccessDisabled, soap.ConnectionAlreadyTerminated:
		sentence = "the Internet connection of the gateway is not up"
		hints = []string{"igdctl status shows its state"}
	default:
		sentence = "the gateway refuses"
		if e.Code == 0 && e.Description != "" {
			return fmt.Sprintf("%s: %q", sentence, e.Description), nil
		}
	}
	return sentence + inParentheses(e.Code, ownWords(e)), hints
}

// ownWords are the name of a refusal, and what the gateway says itself when that is something else: some mean what their code does not say, such as
// a full table by 501 (ZTE).
func ownWords(e *soap.Error) string {
	said := cli.OneLine(e.Description)
	switch {
	case e.Name == "":
		return said
	case said == "" || letters(said) == letters(e.Name):
		return e.Name
	case utf8.RuneCountInString(said) > maxOwnWords:
		said = string([]rune(said)[:maxOwnWords]) + "…"
	}
	return fmt.Sprintf("%s: %q", e.Name, said)
}

// maxOwnWords is how many letters of a gateway's own words are shown.
const maxOwnWords = 80

// letters is a text by which two spellings of one name are the same: "Invalid Args" and "invalidArgs".
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// inParentheses is what the gateway said itself, to be searched for.
func inParentheses(code int, name string) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.TrimSpace(fmt.Sprint(code, " ", name)))
}

// specHints adds the command that gets round what happened to one SPEC.
func specHints(e *specError, hints []string) []string {
	f := explainCause(e.err)
	taken := f.kind == "refused" && (f.code == soap.ConflictInMappingEntry || f.code == soap.ConflictWithOtherMechanisms || owned(e.err))
	_, beyond := errors.AsType[*client.ThroughError](e.err)
	switch {
	case e.command == "close" && beyond && f.code == soap.NoSuchEntryInArray:
		return []string{"igdctl close " + e.spec.String() + " closes it on the router of this network only"}
	case strings.HasSuffix(e.command, "close") && (f.code == soap.InvalidArgs || f.code == soap.ArgumentValueInvalid || f.code == soap.ArgumentValueOutOfRange):
		return []string{"the settings of the router, or its restart, may close it"}
	case e.command == "close" || strings.HasPrefix(e.command, "pinhole"):
		return hints
	case beyond && !(taken && !ownerless(e.err)):
		return hints
	case taken && e.elsewhere && f.code == soap.ConflictInMappingEntry:
		// What miniupnpd in secure mode says of version 1 to whoever asks for another computer.
		hints = append([]string{"many gateways open ports only for the computer that asks: leave --to out"}, hints...)
	case f.code == soap.ActionFailed && e.offline:
		// miniupnpd, when its Internet side is private or shared.
		hints = []string{"the gateway has no address of its own on the Internet: another router, or the provider, stands before it", "igdctl status shows the state of the connection"}
	case taken && e.any: // other ports were tried
	case taken && ownLeftover(e.err) != "":
		hints = []string{"igdctl close " + ownLeftover(e.err) + " closes it: igdctl opened it before", fmt.Sprintf("%s takes another port", e.retry("--any"))}
	case taken:
		hints = append([]string{fmt.Sprintf("%s takes another port", e.retry("--any"))}, hints...)
	case f.code == soap.SamePortValuesRequired:
		same := *e
		same.spec.external = same.spec.internal
		hints = []string{fmt.Sprintf("%s asks for that", same.retry(""))}
	case f.code == soap.ActionNotAuthorized && e.elsewhere:
		hints = append([]string{"many gateways open ports only for the computer that asks: leave --to out"}, hints...)
	case f.code == soap.ActionNotAuthorized && e.spec.internal < 1024:
		hints = append([]string{"many gateways refuse ports below 1024, inside too: let the program listen on a port from 1024 up"}, hints...)
	case f.code == soap.ActionNotAuthorized && e.spec.external < 1024:
		high := *e
		high.spec.external = 8000 + e.spec.external
		hints = append([]string{"many gateways keep the ports below 1024 closed; " + high.retry("") + " takes a higher one"}, hints...)
	case f.code == soap.ActionNotAuthorized && !e.any:
		// Where customers share an address (MAP-E, DS-Lite), each has some ports only.
		hints = append(hints, e.retry("--any")+" takes another port: some gateways allow only some")
	}
	return hints
}

// ownLeftover is the SPEC of the entry in the way when igdctl opened it for this computer, or another program by our client.
func ownLeftover(err error) string {
	e, ok := errors.AsType[*client.OwnedError](err)
	if !ok {
		return ""
	}
	to, _ := netip.ParseAddr(e.Wanted.InternalClient)
	if !e.Owner.OpenedFor(to) || e.Owner.InternalPort == 0 {
		return ""
	}
	return spec{external: e.Wanted.ExternalPort, internal: e.Owner.InternalPort, protocol: strings.ToLower(e.Wanted.Protocol)}.String()
}

// retry is the command line to try next.
func (e *specError) retry(flag string) string {
	words := []string{"igdctl", e.command}
	if e.through {
		words = append(words, "--through")
	}
	if flag != "" {
		words = append(words, flag)
	}
	words = append(words, e.spec.String())
	if e.command == "with" {
		words = append(words, "-- CMD")
	}
	return strings.Join(words, " ")
}

// leadsTo tells where an entry goes: "leads to 192.168.1.20:80 (\"Plex\")". An entry that goes to self is said to lead to
// this computer.
func leadsTo(m client.PortMapping, self string) string {
	s := "leads to "
	switch {
	case m.InternalPort == 0: // miniupnpd on nftables
		s += "where the gateway does not show"
	case m.InternalClient == "":
		s += "another computer"
	case m.InternalClient == self:
		s += fmt.Sprintf("port %d of this computer", m.InternalPort)
	default:
		s += fmt.Sprintf("%s:%d", m.InternalClient, m.InternalPort)
	}
	if m.Description != "" {
		s += fmt.Sprintf(" (%q)", m.Description)
	}
	return s
}

// span is a duration as people say it, in its two largest units.
func span(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	for i, u := range units[:len(units)-1] {
		next := units[i+1]
		rounded := d.Round(next.size)
		if rounded < u.size {
			continue
		}
		s := count(int(rounded/u.size), u.name)
		if rest := int(rounded % u.size / next.size); rest > 0 {
			s += " " + count(rest, next.name)
		}
		return s
	}
	return count(int(d.Round(time.Second)/time.Second), "second")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
