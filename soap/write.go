package soap

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The writers put everything on one line, because some routers do not take line breaks between elements (quirk
// soap-newlines-rejected), and escape only what must be: others store "&quot;" as they find it (quirk
// soap-entities-not-decoded).

const (
	writeBegin = `<?xml version="1.0"?><s:Envelope xmlns:s="` + envelope11 + `" s:encodingStyle="` + encoding11 + `"><s:Body>`
	writeEnd   = `</s:Body></s:Envelope>`
)

// WriteRequest writes the body of a control request (UDA 1.1 §3.1.1). service and action are names out of a description,
// args in the order of the SCPD. Values may hold anything: what XML cannot carry becomes U+FFFD. Names are written as they
// are, so they must not come from a peer.
func WriteRequest(service, action string, args []Arg) []byte {
	return writeAction(service, action, args)
}

// WriteResponse writes the body of a successful answer (UDA 1.1 §3.1.2); action is named without "Response". See
// [WriteRequest] for names and values.
func WriteResponse(service, action string, args []Arg) []byte {
	return writeAction(service, action+"Response", args)
}

// WriteFault writes the body of a refused action (UDA 1.1 §3.1.3), to be sent with HTTP status 500. [ErrorName] gives the
// standard's description of code.
func WriteFault(code int, description string) []byte {
	return writeFault(&Fault{Code: "s:Client", String: "UPnPError", UPnPCode: code, Description: description})
}

func writeAction(service, element string, args []Arg) []byte {
	n := len(writeBegin) + len(writeEnd) + 2*len(element) + len(service) + 32
	for i := range args {
		n += 2*len(args[i].Name) + len(args[i].Value) + 16
	}
	b := make([]byte, 0, n)
	b = append(b, writeBegin+"<u:"...)
	b = append(b, element...)
	b = append(b, ` xmlns:u="`...)
	if strings.IndexByte(service, '"') < 0 {
		b = appendText(b, service)
	} else {
		b = append(b, strings.ReplaceAll(string(appendText(nil, service)), `"`, "&quot;")...)
	}
	b = append(b, `">`...)
	for i := range args {
		if args[i].Name == "NewPortListing" {
			b = appendListing(b, args[i].Value)
			continue
		}
		b = appendElement(b, args[i].Name, args[i].Value)
	}
	b = append(b, "</u:"...)
	b = append(b, element...)
	return append(b, ">"+writeEnd...)
}

func writeFault(f *Fault) []byte {
	b := make([]byte, 0, 512)
	b = append(b, writeBegin+"<s:Fault>"...)
	b = appendElement(b, "faultcode", f.Code)
	b = appendElement(b, "faultstring", f.String)
	b = append(b, `<detail><UPnPError xmlns="`+control10+`">`...)
	b = appendElement(b, "errorCode", strconv.Itoa(f.UPnPCode))
	b = appendElement(b, "errorDescription", f.Description)
	return append(b, "</UPnPError></detail></s:Fault>"+writeEnd...)
}

func appendElement(b []byte, name, value string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	b = append(b, '>')
	b = appendText(b, value)
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}

// appendListing carries the document of NewPortListing in a CDATA section, as miniupnpd does: miniupnpc looks for its
// elements in what arrives, and takes an escaped document for an empty list.
func appendListing(b []byte, document string) []byte {
	if document == "" || strings.Contains(document, "]]>") || strings.ContainsFunc(document, func(r rune) bool {
		return r == '\r' || r == utf8.RuneError || !allowed(r)
	}) {
		return appendElement(b, "NewPortListing", document)
	}
	b = append(b, "<NewPortListing><![CDATA["...)
	b = append(b, document...)
	return append(b, "]]></NewPortListing>"...)
}

// AppendText appends s as the content of an element: what XML cannot carry becomes U+FFFD. In an attribute in double quotes these must
// be escaped besides.
func AppendText(b []byte, s string) []byte { return appendText(b, s) }

// AppendArg appends an argument as WriteResponse does.
func AppendArg(b []byte, a Arg) []byte {
	if a.Name == "NewPortListing" {
		return appendListing(b, a.Value)
	}
	return appendElement(b, a.Name, a.Value)
}

// appendText escapes s for element content and for attributes in double quotes.
func appendText(b []byte, s string) []byte {
	for {
		i := strings.IndexFunc(s, special)
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		r, n := utf8.DecodeRuneInString(s[i:])
		switch r {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '\r':
			b = append(b, "&#xD;"...)
		default:
			b = append(b, "\uFFFD"...)
		}
		s = s[i+n:]
	}
}

func special(r rune) bool {
	return r == '&' || r == '<' || r == '>' || r == '\r' || r == utf8.RuneError || !allowed(r)
}
