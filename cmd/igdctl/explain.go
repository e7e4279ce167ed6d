package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// explain turns an error into words, a kind and an exit code. It is the only place that does.
func explain(err error) failure {
	if e, ok := errors.AsType[*sixError](err); ok {
		f := explain(e.err)
		f.hints = append([]string{e.hint}, f.hints...)
		return f
	}
	var f failure
	if e, ok := errors.AsType[*specError](err); ok {
		f = explainCause(e.err)
		f.message = e.obstacle() + ": " + f.message
		f.hints = specHints(e, f.hints)
		return f
	}
	f = explainCause(err)
	if e, ok := errors.AsType[*environError](err); ok {
		for i, h := range f.hints {
			if h == discoverHint {
				f.hints[i] = "unset " + e.variables + ", and " + discoverHint
			}
		}
	}
	return f
}

// discoverHint is the way out for whoever named the wrong gateway.
const discoverHint = "igdctl discover lists the gateways of this network"

func explainCause(err error) failure {
	if e, ok := errors.AsType[*usageError](err); ok {
		f := failure{kind: "usage", exit: exitUsage, message: e.message}
		if e.hint != "" {
			f.hints = []string{e.hint}
		}
		return f
	}
	if e, ok := errors.AsType[*lookupError](err); ok {
		return e.failure()
	}
	if e, ok := errors.AsType[*localError](err); ok {
		f := failure{kind: "local", exit: e.exit, message: e.err.Error()}
		if e.hint != "" {
			f.hints = []string{e.hint}
		}
		return f
	}
	if e, ok := errors.AsType[*silentError](err); ok {
		return failure{kind: "no_path", exit: exitBroken, message: e.Error(), hints: []string{"the other side has ended, or the path has: both sides have to run igdctl punch again"}}
	}
	if e, ok := errors.AsType[*client.RequestError](err); ok {
		return failure{kind: "usage", exit: exitUsage, message: "the " + e.Field + " " + e.Reason, hints: requestHints(e.Field)}
	}
	if e, ok := errors.AsType[*client.ArgumentError](err); ok {
		return failure{kind: "usage", exit: exitUsage, message: fmt.Sprintf("%s %q %s", e.Argument, e.Value, e.Reason)}
	}
	if errors.Is(err, context.Canceled) {
		return failure{kind: "interrupted", exit: exitInterrupted, message: "interrupted"}
	}
	if e, ok := errors.AsType[*notPublicError](err); ok {
		f := failure{kind: "not_public", exit: exitNotPublic, message: e.Error(), hints: e.hints()}
		if e.closing != "" {
			f.hints = append(f.hints, "the port stays open; igdctl close "+e.closing+" closes it")
		}
		return f
	}
	if _, ok := errors.AsType[*goneError](err); ok {
		return failure{kind: "unreachable", exit: exitBroken, message: "the gateway stopped answering when it was asked to open a port",
			hints: []string{"restart the router, and look for a new firmware"}}
	}
	if e, ok := errors.AsType[*client.ThroughError](err); ok {
		return explainThrough(e)
	}
	if e, ok := errors.AsType[*client.STUNError](err); ok {
		return explainSTUN(e)
	}
	if e, ok := errors.AsType[*client.PunchError](err); ok {
		return explainPunch(e)
	}
	if e, ok := errors.AsType[*client.UnreachedError](err); ok {
		return failure{kind: "not_public", exit: exitNotPublic, message: e.Error()}
	}
	if e, ok := errors.AsType[*noPlanError](err); ok {
		return failure{kind: "not_public", exit: exitNotPublic, message: e.Error()}
	}
	if f, ok := explainPinhole(err); ok {
		return f
	}
	if f, ok := explainRefusal(err); ok {
		return f
	}
	if f, ok := explainDevices(err); ok {
		return f
	}
	return explainExchange(err)
}

// requestHints say what a field of a request takes.
func requestHints(field string) []string {
	switch field {
	case "description":
		return []string{"--description takes at most 63 letters, digits and signs of plain ASCII"}
	case "internal client":
		return []string{"--to takes a computer of this network, such as 192.168.1.20"}
	}
	return nil
}

// explainRefusal explains a gateway that understood and said no.
func explainRefusal(err error) (failure, bool) {
	f := failure{kind: "refused", exit: exitRefused}
	if e, ok := errors.AsType[*soap.Error](err); ok {
		f.code, f.name = e.Code, e.Name
		f.message, f.hints = refusalWords(e)
	}
	if e, ok := errors.AsType[*client.OwnedError](err); ok {
		switch {
		case !ownerless(err) || e.Owner.InternalClient != "":
			f.message = "the port already " + leadsTo(e.Owner, e.Wanted.InternalClient)
			f.hints = []string{"igdctl list shows who has which port"}
		case f.code != soap.ConflictWithOtherMechanisms: // which says whose it is
			f.message = "the port is taken, and the gateway does not say by whom" + inParentheses(f.code, f.name)
			f.hints = []string{"it may be a rule of the router's own: look for \"port forwarding\" in its settings"}
		}
		return f, true
	}
	if e, ok := errors.AsType[*client.CollisionError](err); ok {
		f.message = "the gateway gives one port number to TCP or to UDP, not to both"
		tcp := spec{external: e.Gone.ExternalPort, internal: e.Gone.InternalPort, protocol: strings.ToLower(e.Gone.Protocol)}
		udp := spec{external: e.Wanted.ExternalPort%65535 + 1, internal: e.Wanted.InternalPort, protocol: strings.ToLower(e.Wanted.Protocol)}
		f.hints = []string{fmt.Sprintf("igdctl open %s %s opens them on two ports", tcp, udp)}
		return f, true
	}
	if _, ok := errors.AsType[*client.NotMadeError](err); ok {
		f.message = "the gateway says that the port is open, and did not open it: its table may be full"
		f.hints = []string{"igdctl list shows what fills it", "igdctl close --all closes what leads to this computer"}
		return f, true
	}
	if e, ok := errors.AsType[*client.AlteredError](err); ok {
		f.message = "the gateway accepted the mapping and made another one: the port " + leadsTo(e.Made, e.Wanted.InternalClient)
		f.hints = []string{"igdctl list shows what the gateway made of it"}
		return f, true
	}
	if e, ok := errors.AsType[*client.StaysError](err); ok {
		f.message = "the gateway says that the port is closed" + inParentheses(f.code, f.name) + ", and still shows it: it may be open"
		f.hints = []string{"some gateways close a port only when it is older: try again in a minute"}
		switch {
		case e.Entry.LeaseKnown && e.Entry.Lease > 0:
			f.hints = append(f.hints, "it ends by itself in "+span(e.Entry.Lease))
		default:
			f.hints = append(f.hints, "a restart of the router, or its settings, may remove it")
		}
		return f, true
	}
	if e, ok := errors.AsType[*notOursError](err); ok {
		f.message = e.Error()
		f.hints = []string{"igdctl list shows who has which port"}
		if e.right != "" {
			f.hints = []string{"igdctl close " + e.right + " closes it, whichever program opened it", f.hints[0]}
		}
		return f, true
	}
	if e, ok := errors.AsType[*keptError](err); ok {
		f.message = e.Error() + ", and would open it again"
		f.hints = []string{fmt.Sprintf("end process %d, by Ctrl-C or kill %d: it closes the port then", e.pid, e.pid)}
		return f, true
	}
	_, stranger := errors.AsType[*client.NotGatewayError](err)
	if e, ok := errors.AsType[*soap.HTTPError](err); ok && !stranger && (e.Status == 401 || e.Status == 403) {
		f.message = fmt.Sprintf("the gateway wants a password before it opens ports (HTTP %d)", e.Status)
		f.hints = []string{"look for \"UPnP\" in the settings of the router and let programs change ports"}
		return f, true
	}
	return f, f.message != ""
}

// explainExchange explains a gateway that was there and stopped making sense.
func explainExchange(err error) failure {
	f := failure{kind: "protocol", exit: exitBroken, hints: []string{"--trace shows every byte of the exchange"}}
	if e, ok := errors.AsType[*soap.HTTPError](err); ok {
		f.message = fmt.Sprintf("the gateway answers with HTTP %s instead of an answer", strings.TrimSpace(fmt.Sprint(e.Status, " ", e.Reason)))
		return f
	}
	if limit(err) {
		f.message = "the gateway sends more than any answer needs"
		return f
	}
	if cause := unreadable(err); cause != nil {
		f.message = "the answer of the gateway cannot be read: " + cause.Error()
		return f
	}
	if slow(err) {
		return failure{kind: "timeout", exit: exitBroken, message: "the gateway does not answer in time",
			hints: []string{"igdctl status tells whether it answers at all", "--trace shows every byte of the exchange"}}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return failure{kind: "unreachable", exit: exitBroken, message: "the gateway cannot be reached" + because(err),
			hints: []string{discoverHint}}
	}
	if _, reset := errors.AsType[*net.OpError](err); reset || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		f.message = "the gateway hangs up without an answer"
		return f
	}
	return failure{kind: "local", exit: exitLocal, message: err.Error()}
}

func limit(err error) bool {
	_, ours := errors.AsType[*soap.LimitError](err)
	_, http := errors.AsType[*http1.LimitError](err)
	return ours || http
}

// unreadable is the part of err that says what cannot be read, nil when everything could be.
func unreadable(err error) error {
	if e, ok := errors.AsType[*client.ValueError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*soap.SyntaxError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*http1.SyntaxError](err); ok {
		return e
	}
	return nil
}

func slow(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// because is the root of a cause, ready to follow a sentence.
func because(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*soap.HTTPError](err); ok {
		return fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if refused(err) {
		return ": connection refused"
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return ": no host of that name is known"
		}
		return ": its name cannot be looked up: " + e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Err != nil {
		err = e.Err
	}
	return ": " + err.Error()
}
