package emulator

import (
	"bytes"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
)

// soapAction reads SOAPACTION: a service type, "#" and an action, in quotes that may be missing. bad is how a request is refused in
// which that is not there; nil when it is.
func (d *soapDialect) soapAction(fields http1.Fields) (urn, action string, bad *Refusal) {
	i := slices.IndexFunc(fields, func(f http1.Field) bool {
		return strings.EqualFold(f.Name, "SOAPAction") && (d.Header == "" || f.Name == d.Header)
	})
	if i < 0 {
		return "", "", &d.NoAction
	}
	if bad = d.BadAction; bad == nil {
		bad = &d.NoAction
	}
	v := strings.TrimSpace(fields[i].Value)
	bare := strings.TrimSuffix(strings.TrimPrefix(v, `"`), `"`)
	if d.Quotes != nil && *d.Quotes && len(bare) != len(v)-2 {
		return "", "", bad
	}
	urn, action, named := strings.Cut(bare, "#")
	switch {
	case !named && d.Dispatch == "header" && bare != "":
		return "", bare, nil
	case !named || urn == "" || action == "":
		return urn, action, bad
	}
	return urn, action, nil
}

// mPOST is POST with extensions that must be understood (RFC 2774). Clients of UDA 1.0 try it when POST is not allowed.
const mPOST = "M-POST"

// methods are those of control requests.
func (d *soapDialect) methods() []string {
	if d.Methods == nil {
		return []string{"POST"}
	}
	return d.Methods
}

// mandatory gives the fields of an M-POST their names without the prefix that MAN declares for SOAP (UDA 1.0 §3.2.1):
// MAN: "http://schemas.xmlsoap.org/soap/envelope/"; ns=01 makes a SOAPACTION of 01-SOAPACTION, and what is called so is not meant. ok is
// false when another extension is wanted, or none.
func mandatory(fields http1.Fields) (plain http1.Fields, ok bool) {
	extension, parameter, _ := strings.Cut(fields.Get("MAN"), ";")
	name, prefix, _ := strings.Cut(strings.TrimSpace(parameter), "=")
	prefix = strings.Trim(strings.TrimSpace(prefix), `"`)
	if strings.Trim(strings.TrimSpace(extension), `"`) != "http://schemas.xmlsoap.org/soap/envelope/" ||
		!strings.EqualFold(strings.TrimSpace(name), "ns") || prefix == "" {
		return nil, false
	}
	for _, f := range fields {
		if strings.EqualFold(f.Name, "SOAPAction") {
			continue
		}
		f.Name = strings.TrimPrefix(f.Name, prefix+"-")
		plain = append(plain, f)
	}
	return plain, true
}

// numeric are references by number.
const numeric = "numeric"

// references are the kinds of references that XML has without a DTD.
func references() []string { return []string{"amp", "lt", "gt", "quot", "apos", numeric} }

// decoded is body in which references that d does not know are text. There are none in CDATA sections.
func (d *soapDialect) decoded(body []byte) []byte {
	if d.Entities == nil {
		return body
	}
	var out []byte
	for len(body) > 0 {
		text, cdata, marked := bytes.Cut(body, []byte("<![CDATA["))
		out = d.appendDecoded(out, text)
		if !marked {
			break
		}
		end := bytes.Index(cdata, []byte("]]>"))
		if end < 0 {
			end = len(cdata)
		}
		out = append(append(out, "<![CDATA["...), cdata[:end]...)
		body = cdata[end:]
	}
	return out
}

func (d *soapDialect) appendDecoded(out, text []byte) []byte {
	for {
		before, after, found := bytes.Cut(text, []byte("&"))
		out = append(out, before...)
		if !found {
			return out
		}
		name, _, _ := strings.Cut(string(after[:min(len(after), 12)]), ";")
		if strings.HasPrefix(name, "#") {
			name = numeric
		}
		if out = append(out, '&'); !slices.Contains(d.Entities, name) {
			out = append(out, "amp;"...)
		}
		text = after
	}
}
