package emulator

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/soap"
)

// soapDialect are the templates of control answers, taken apart.
type soapDialect struct {
	*SOAPDialect
	response, fault []line
	responses       map[string][]line
	argument        []line // nil: as package soap writes it
}

func newSOAPDialect(d *SOAPDialect) soapDialect {
	fixed := map[string]string{"declaration": idealDeclaration, "envelope": idealEnvelope, "prefix": idealPrefix}
	if d.Declaration != nil {
		fixed["declaration"] = *d.Declaration
	}
	if d.Envelope != "" {
		fixed["envelope"] = d.Envelope
	}
	if d.Prefix != "" {
		fixed["prefix"] = d.Prefix
	}
	form := func(t, otherwise Template) []line {
		lines := defaultTo(t, otherwise).lines(d.LineEnd.text())
		for i := range lines {
			lines[i].pieces = bind(lines[i].pieces, fixed)
		}
		return lines
	}
	c := soapDialect{SOAPDialect: d, response: form(d.Response, idealResponse), fault: form(d.Fault, idealFault)}
	if len(d.Responses) > 0 {
		c.responses = map[string][]line{}
	}
	for action, t := range d.Responses {
		c.responses[action] = form(t, idealResponse)
	}
	if d.Argument != "" {
		c.argument = form(d.Argument, "")
	}
	return c
}

// appendResponse writes a successful answer (UDA 1.1 §3.1.2).
func (d *soapDialect) appendResponse(b []byte, s *service, urn, action string, out []soap.Arg) []byte {
	form, ok := d.responses[action]
	if !ok {
		form = d.response
	}
	return fill(b, form, func(b []byte, word string) ([]byte, bool) {
		if word == "arguments" {
			for i := range out {
				b = d.appendArgument(b, out[i])
			}
			return b, true
		}
		return appendCall(b, word, s, urn, action)
	})
}

func (d *soapDialect) appendArgument(b []byte, a soap.Arg) []byte {
	if d.argument == nil {
		return soap.AppendArg(b, a)
	}
	return fill(b, d.argument, func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "name":
			return append(b, a.Name...), true
		case "value":
			return soap.AppendText(b, a.Value), true
		}
		return b, false
	})
}

// appendFault writes a refusal (UDA 1.1 §3.1.3).
func (d *soapDialect) appendFault(b []byte, s *service, urn, action string, e ErrorReply) []byte {
	number := strconv.Itoa(e.Code)
	description, ok := d.Descriptions[number]
	switch {
	case e.Text != nil:
		description = *e.Text
	case !ok:
		description = soap.ErrorName(s.standardURN(), e.Code)
	}
	return fill(b, d.fault, func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "code":
			return append(b, number...), true
		case "description":
			return soap.AppendText(b, description), true
		}
		return appendCall(b, word, s, urn, action)
	})
}

// appendCall fills in what a request named. It comes from the peer, and stands in an attribute.
func appendCall(b []byte, word string, s *service, urn, action string) ([]byte, bool) {
	switch word {
	case "service":
		if strings.IndexByte(urn, '"') < 0 {
			return soap.AppendText(b, urn), true
		}
		return append(b, bytes.ReplaceAll(soap.AppendText(nil, urn), []byte(`"`), []byte("&quot;"))...), true
	case "service-type":
		return soap.AppendText(b, s.urn()), true
	case "action":
		return soap.AppendText(b, action), true
	}
	return b, false
}
