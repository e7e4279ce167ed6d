package emulator

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// depart sends every answer on its way: the message as it was meant, then what faults make of its body and its head, then the
// pieces in which it travels, and the end of the connection.
func (g *Gateway) depart(req *http1.Request, reply *http1.Reply) *http1.Reply {
	if reply == nil || reply.Line == "" { // the connection ends without an answer
		return reply
	}
	status := reply.Status()
	head := g.meetHTTP(onHead, req, status)
	if instead := head.end(); instead != nil {
		instead.Delay, instead.Sent = reply.Delay, reply.Sent
		return head.late(instead)
	}
	var body deed
	if req.Method != "HEAD" {
		body = g.meetHTTP(onBody, req, status)
	}
	acted := head.acted || body.acted
	if acted {
		head.late(reply)
		withBody(&reply.Message, body.rewriteBytes(reply.Body))
		head.rewriteHead(&reply.Message)
		if end := body.end(); end != nil {
			reply.End = end.End
		}
	}
	frame(req, reply)
	if acted {
		bodySize := len(reply.Body)
		headSize := head.rewriteHeadBytes(&reply.Message)
		reply.Pieces = travel(headSize, bodySize, &head, &body)
	}
	return reply
}

// meetHTTP asks the faults of a layer about a request, or about the answer to it with this status.
func (g *Gateway) meetHTTP(layer Layer, req *http1.Request, status int) deed {
	if g.faults.on(layer) == nil {
		return deed{}
	}
	return g.meet(&occasion{layer: layer, peer: req.Remote, request: req, inFlight: req.InFlight, status: status})
}

// withBody gives m another body. It announces its length, if it announced that of the one before.
func withBody(m *http1.Message, body []byte) {
	was := strconv.Itoa(len(m.Body))
	m.Body = body
	m.Fields = slices.Clone(m.Fields)
	for i := range m.Fields {
		if f := &m.Fields[i]; strings.EqualFold(f.Name, "Content-Length") && f.Value == was {
			f.Value = strconv.Itoa(len(body))
		}
	}
}

// frame makes body and connection what the head says of them (RFC 9112 §6): a body in chunks, and an end of the connection where it
// is announced, or where nothing else tells the end of the body.
func frame(req *http1.Request, reply *http1.Reply) {
	chunked := strings.EqualFold(reply.Fields.Get("Transfer-Encoding"), "chunked")
	if chunked && req.Method != "HEAD" {
		reply.Body = http1.AppendChunks(nil, reply.Body, chunkSize)
	}
	_, sized := reply.Fields.Lookup("Content-Length")
	if reply.End == http1.Usual && (!sized && !chunked || strings.EqualFold(reply.Fields.Get("Connection"), "close")) {
		reply.End = http1.FIN
	}
}

// chunkSize is small enough for a description to have several.
const chunkSize = 1024

// startLine is the name under which faults find the first line of a head, which no field can have.
const startLine = "start-line"

// rewriteHead does the edits of d that go by names.
func (d *deed) rewriteHead(m *http1.Message) {
	if len(d.edits) == 0 {
		return
	}
	lines := d.rewriteFields(slices.Concat(http1.Fields{{Name: startLine, Value: m.Line}}, m.Fields))
	m.Line = ""
	if i := slices.IndexFunc(lines, func(f http1.Field) bool { return strings.EqualFold(f.Name, startLine) }); i >= 0 {
		m.Line = lines[i].Value
		lines = slices.Delete(lines, i, i+1)
	}
	m.Fields = lines
}

// rewriteHeadBytes does the edits of d that go by bytes, and tells how long the head is. What they left may be no head any more, so
// that all of m is then its body, from which the head's size is taken off.
func (d *deed) rewriteHeadBytes(m *http1.Message) (size int) {
	if len(d.bytes) == 0 {
		return m.HeadSize()
	}
	body := m.Body
	m.Body = nil
	head := d.rewriteBytes(m.Append(nil))
	*m = http1.Message{Body: slices.Concat(head, body)}
	return len(head)
}

// segmentGap is the silence before a piece of an answer that is split: long enough for a peer that reads as soon as it can to meet
// the pieces one by one.
const segmentGap = 20 * time.Millisecond

// travel is how an answer travels whose head and whose body each have their deed. A body with a pace of its own comes behind the
// head; any other leaves with the last of it.
func travel(headSize, bodySize int, head, body *deed) []http1.Piece {
	if body.truncate != nil {
		bodySize = min(bodySize, *body.truncate)
	}
	pieces := head.pace(headSize, 0)
	if body.delay == 0 && body.split == nil && body.drip == nil {
		pieces[len(pieces)-1].Bytes += bodySize
		return pieces
	}
	if body.delay > 0 {
		return slices.Concat(pieces, []http1.Piece{{After: body.delay}}, body.pace(bodySize, 0))
	}
	return append(pieces, body.pace(bodySize, segmentGap)...)
}

// pace cuts n bytes into one piece or more, the first of them after a gap.
func (d *deed) pace(n int, gap time.Duration) (pieces []http1.Piece) {
	for _, size := range d.split {
		if size >= n {
			break
		}
		pieces = append(pieces, http1.Piece{Bytes: size, After: gap})
		gap = segmentGap
		n -= size
	}
	rest := http1.Piece{Bytes: n, After: gap}
	if d.drip != nil {
		rest.After, rest.Each = d.drip.Every.draw(d.rand()), d.drip.Bytes
	}
	return append(pieces, rest)
}
