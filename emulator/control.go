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
func (g *Gateway) serveControl(req *http1.Request, root *device, services []*service) *http1.Reply {
	d := &g.dialect.soap
	fields := req.Fields
	if req.Method == mPOST {
		var ok bool
		if fields, ok = mandatory(fields); !ok {
			return g.refuse(req, answer{status: http.StatusNotExtended})
		}
	}
	urn, name, bad := d.soapAction(fields)
	if bad != nil && bad.Code == 0 {
		return g.refuseControl(req, services[0], bad)
	}
	msg, quirks, err := soap.Parse(d.decoded(req.Body), fields.Get("Content-Type"), soap.Limits{})
	if err != nil || msg.Fault != nil || msg.Response || d.Strict != nil && *d.Strict && len(quirks) > 0 {
		return g.refuseControl(req, services[0], &d.Malformed)
	}
	noted := append(forgiven(req.Forgiven), forgiven(quirks)...)
	for _, a := range msg.Args[:min(len(msg.Args), maxNoted)] {
		noted = append(noted, Detail{shorten(a.Name), shorten(a.Value)})
	}
	s, a := g.find(root, services, urn, name, msg)
	note := Entry{Kind: "soap.call", Peer: req.Remote, Name: shorten(name), Details: noted}
	made := g.call(req, s, a, name, msg, note)
	reply := g.instead(req, &made.deed)
	if reply == nil {
		if made.err != nil && bad != nil {
			made.err = ErrorReply{Code: bad.Code}
		}
		reply = g.answerCall(req, s, urn, name, &made)
	}
	return made.late(reply)
}

// refuseControl answers a request that calls no action.
func (g *Gateway) refuseControl(req *http1.Request, s *service, r *Refusal) *http1.Reply {
	switch {
	case r.Code != 0:
		g.noteHTTP("http.request", req, cmp.Or(g.dialect.soap.FaultStatus, http.StatusInternalServerError))
		return g.answerCall(req, s, "", "", &result{err: ErrorReply{Code: r.Code}})
	case r.HTTPStatus != nil:
		g.noteHTTP("http.request", req, r.HTTPStatus.Status)
		return g.statusReply(req, r.HTTPStatus)
	}
	return g.refuse(req, answer{status: http.StatusBadRequest})
}

// answerCall writes what became of a call.
func (g *Gateway) answerCall(req *http1.Request, s *service, urn, name string, r *result) *http1.Reply {
	d := &g.dialect.soap
	status, e := outcome(r.err)
	var body []byte
	if r.err == nil {
		body = d.appendResponse(make([]byte, 0, 512), s, urn, name, r.out)
	} else {
		status = cmp.Or(d.FaultStatus, status)
		body = d.appendFault(make([]byte, 0, 512), s, urn, name, e)
	}
	return g.reply(req, g.dialect.http.control, answer{status: status, body: g.faultyXML(req, body)})
}

// find is the service and the action that a request means; no action when there is none.
func (g *Gateway) find(root *device, services []*service, urn, name string, msg *soap.Message) (*service, *action) {
	if g.dialect.soap.Dispatch == "header" {
		for _, s := range services {
			if a := s.actions[name]; a != nil {
				return s, a
			}
		}
		found := services[0]
		root.everyService(func(s *service) {
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

// result is what became of a call.
type result struct {
	deed // of the faults on it
	out  []soap.Arg
	err  error
}

// call does an action, as far as faults let it; a is nil when the service does not have it. note becomes the journal's entry of the
// call, before those of the changes that it makes.
func (g *Gateway) call(req *http1.Request, s *service, a *action, name string, msg *soap.Message, note Entry) (r result) {
	g.do(func(st *state) {
		o := occasion{
			layer: onSOAP, action: name, unknown: a == nil, peer: req.Remote, connection: st.connections[s.wan],
			request: req, args: msg.Args,
		}
		r.deed = st.meet(&o)
		note.Time = st.now
		if r.unanswered() {
			note.Status = r.status()
			g.journal.add(note)
			return
		}
		o.args = r.rewriteArgs(msg.Args, nil)
		if r.err = r.refused(); r.err == nil {
			r.out, r.err = a.answer(st, s, &o)
		}
		status, e := outcome(r.err)
		note.Status, note.Code = status, e.Code
		if r.err == nil {
			st.succeeded(a.name)
		}
		for _, o := range r.out {
			note.Details = append(note.Details, Detail{o.Name, shorten(o.Value)})
		}
		g.journal.add(note)
	})
	return r
}

// answer checks the arguments of o, does the action, and tells what faults leave of what it answers.
func (a *action) answer(st *state, s *service, o *occasion) ([]soap.Arg, error) {
	if a == nil {
		return nil, ErrorReply{Code: soap.InvalidAction}
	}
	args, err := a.check(o.args, &st.policy.Arguments)
	var out []soap.Arg
	if err == nil {
		out, err = a.perform(st, call{o.client(), o.peer, s, o.connection, args})
	}
	if err != nil {
		return nil, st.policy.answer(err, s, a)
	}
	return st.view(*o, out)
}

// perform does the action and names what it answers.
func (a *action) perform(s *state, c call) ([]soap.Arg, error) {
	values, err := a.do(s, c)
	if err != nil {
		return nil, err
	}
	out := make([]soap.Arg, len(values))
	for i, v := range values {
		out[i] = soap.Arg{Name: a.outputs[i], Value: v}
	}
	return out, nil
}

// outcome is the HTTP status and the UPnP error that stand for err.
func outcome(err error) (int, ErrorReply) {
	if err == nil {
		return http.StatusOK, ErrorReply{}
	}
	e, ok := errors.AsType[ErrorReply](err)
	if !ok {
		e.Code = soap.ActionFailed
	}
	return http.StatusInternalServerError, e
}
