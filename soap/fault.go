package soap

import (
	"strings"

	"github.com/beevik/etree"
)

// readFault reads a SOAP fault as devices write it: strings missing, any case, without detail around UPnPError, in SOAP 1.2.
func readFault(e *etree.Element, q *quirks) *Fault {
	get := func(from *etree.Element, find func(*etree.Element, string) *etree.Element, name string) (string, bool) {
		c := find(from, name)
		if c == nil {
			return "", false
		}
		if c.Tag != name {
			q.add(FaultCamelCase)
		}
		s, _ := content(c)
		return strings.TrimSpace(s), true
	}
	f := new(Fault)
	var hasCode, hasString bool
	if f.Code, hasCode = get(e, child, "faultcode"); !hasCode {
		if c := child(e, "Code"); c != nil {
			f.Code, hasCode = get(c, child, "Value")
		}
	}
	if f.String, hasString = get(e, child, "faultstring"); !hasString {
		if c := child(e, "Reason"); c != nil {
			f.String, hasString = get(c, child, "Text")
		}
	}
	if !hasCode && !hasString {
		q.add(FaultNoStrings)
	}
	for _, name := range [...]string{"detail", "UPnPError"} {
		if c := descendant(e, name); c != nil && c.Tag != name && (name != "detail" || c.NamespaceURI() != envelope12) {
			q.add(FaultCamelCase)
		}
	}
	code, _ := get(e, descendant, "errorCode")
	var exact bool
	if f.UPnPCode, exact = leadingNumber(code); !exact {
		q.add(FaultCodeBad)
	}
	var described bool
	if f.Description, described = get(e, descendant, "errorDescription"); !described {
		q.add(FaultNoDescription)
	}
	return f
}

// leadingNumber reads the digits at the start of s; exact is false when there are none or something follows.
func leadingNumber(s string) (n int, exact bool) {
	s = strings.TrimSpace(s)
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		if n = n*10 + int(s[i]-'0'); n > 99999 {
			return 0, false
		}
		i++
	}
	return n, i > 0 && i == len(s)
}
