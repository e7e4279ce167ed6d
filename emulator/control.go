package emulator

import (
	"errors"
	"net/http"
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// maxNoted is how many arguments of a call the journal has; the longest action takes eight.
const maxNoted = 16

// serveControl answers a control request (UDA 1.1 §3).
func (g *Gateway) serveControl(req *http1.Request, s *service) *http1.Reply {
	urn, name, ok := soapAction(req.Fields.Get("SOAPAction"))
	if !ok {
		return g.refuse(req, http.StatusBadRequest)
	}
	msg, quirks, err := soap.Parse(req.Body, req.Fields.Get("Content-Type"), soap.Limits{})
	if err != nil || msg.Fault != nil || msg.Response {
		return g.refuse(req, http.StatusBadRequest)
	}
	noted := append(forgiven(req.Forgiven), forgiven(quirks)...)
	for _, a := range msg.Args[:min(len(msg.Args), maxNoted)] {
		noted = append(noted, Detail{shorten(a.Name), shorten(a.Value)})
	}
	out, err := g.call(s, urn, name, msg, Entry{Kind: "soap.call", Peer: req.Remote, Name: shorten(name), Details: noted})
	status, code := outcome(err)
	var body []byte
	if err == nil {
		body = soap.WriteResponse(urn, name, out)
	} else {
		body = soap.WriteFault(code, soap.ErrorName(s.urn(), code))
	}
	return g.reply(req, status, http1.Fields{{Name: "Content-Type", Value: xmlType}}, body)
}

// call finds the action, checks its arguments and does it. note becomes the journal's entry of the call, before those of
// the changes that it makes.
func (g *Gateway) call(s *service, urn, name string, msg *soap.Message, note Entry) (out []soap.Arg, err error) {
	a := s.find(urn, name)
	if a == nil || msg.Action != name || msg.Service != urn {
		err = upnpError(soap.InvalidAction)
	}
	var args arguments
	if err == nil {
		args, err = a.check(msg.Args)
	}
	g.do(func(st *state) {
		if err == nil {
			out, err = a.perform(st, call{note.Peer.Addr(), s, st.connections[s.wan], args})
		}
		note.Time = st.now
		note.Status, note.Code = outcome(err)
		if err == nil {
			st.succeeded(name)
		}
		for _, o := range out {
			note.Details = append(note.Details, Detail{o.Name, shorten(o.Value)})
		}
		g.journal.add(note)
	})
	return out, err
}

// perform does the action and names what it answers.
func (a *action) perform(s *state, c call) ([]soap.Arg, error) {
	values, err := a.do(s, c)
	if err != nil {
		return nil, err
	}
	out := make([]soap.Arg, len(values))
	for i, v := range values {
		out[i] = soap.Arg{Name: a.out[i], Value: v}
	}
	return out, nil
}

// outcome is the HTTP status and the UPnP error code that stand for err.
func outcome(err error) (status, code int) {
	if err == nil {
		return http.StatusOK, 0
	}
	var r upnpError
	if !errors.As(err, &r) {
		r = soap.ActionFailed
	}
	return http.StatusInternalServerError, int(r)
}

// find is the action that a call of urn and name means, nil when there is none. A service answers to its lower versions too
// (UDA 1.1 §2.5), but these have fewer actions.
func (d *definition) find(urn, name string) *action {
	if urn == d.urn() {
		return d.actions[name]
	}
	for version := 1; version < d.version; version++ {
		lower := definitions()[d.fileOf(version)]
		if lower != nil && urn == lower.urn() && lower.actions[name] != nil {
			return d.actions[name]
		}
	}
	return nil
}

// soapAction reads the SOAPAction field: a service type, "#" and an action in quotes, which some clients leave out.
func soapAction(v string) (urn, action string, ok bool) {
	v = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(v), `"`), `"`)
	urn, action, ok = strings.Cut(v, "#")
	return urn, action, ok && urn != "" && action != ""
}
