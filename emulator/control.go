package emulator

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// maxNoted is how many arguments of a call the journal has; the longest action takes eight.
const maxNoted = 16

// serveControl answers a control request for one of the services that share its URL (UDA 1.1 §3).
func (g *Gateway) serveControl(req *http1.Request, services []*service) *http1.Reply {
	d := &g.dialect.soap
	urn, name, ok := d.soapAction(req.Fields)
	if !ok && d.NoAction == 0 {
		return g.refuse(req, answer{status: http.StatusBadRequest})
	}
	msg, quirks, err := soap.Parse(req.Body, req.Fields.Get("Content-Type"), soap.Limits{})
	if err != nil || msg.Fault != nil || msg.Response {
		return g.refuse(req, answer{status: http.StatusBadRequest})
	}
	noted := append(forgiven(req.Forgiven), forgiven(quirks)...)
	for _, a := range msg.Args[:min(len(msg.Args), maxNoted)] {
		noted = append(noted, Detail{shorten(a.Name), shorten(a.Value)})
	}
	s, a := g.find(services, urn, name, msg)
	note := Entry{Kind: "soap.call", Peer: req.Remote, Name: shorten(name), Details: noted}
	out, err := g.call(s, a, msg, note)
	status, code := outcome(err)
	if err == nil {
		return g.reply(req, g.dialect.http.control, answer{status: status, body: d.appendResponse(nil, s, urn, name, out)})
	}
	if !ok {
		code = d.NoAction
	}
	return g.reply(req, g.dialect.http.control, answer{status: cmp.Or(d.FaultStatus, status), body: d.appendFault(nil, s, urn, name, code)})
}

// find is the service and the action that a request means; no action when there is none.
func (g *Gateway) find(services []*service, urn, name string, msg *soap.Message) (*service, *action) {
	if g.dialect.soap.Dispatch == "header" {
		for _, s := range services {
			if a := s.actions[name]; a != nil {
				return s, a
			}
		}
		found := services[0]
		g.root.everyService(func(s *service) {
			if found.actions[name] == nil && s.actions[name] != nil {
				found = s
			}
		})
		return found, found.actions[name]
	}
	if msg.Action == name && msg.Service == urn {
		for _, s := range services {
			if a := s.find(urn, name); a != nil {
				return s, a
			}
		}
	}
	return services[0], nil
}

// call checks the arguments of an action and does it. note becomes the journal's entry of the call, before those of the changes
// that it makes.
func (g *Gateway) call(s *service, a *action, msg *soap.Message, note Entry) (out []soap.Arg, err error) {
	var args arguments
	if a == nil {
		err = upnpError(soap.InvalidAction)
	} else {
		args, err = a.check(msg.Args)
	}
	g.do(func(st *state) {
		if err == nil {
			out, err = a.perform(st, call{note.Peer.Addr(), s, st.connections[s.wan], args})
		}
		note.Time = st.now
		note.Status, note.Code = outcome(err)
		if err == nil {
			st.succeeded(a.name)
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
