package soap

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// seeds are what real devices sent and what once broke the reader, by name.
func seeds() map[string]string {
	return map[string]string{
		"by the book":                   prolog + envBegin + ipElement + envEnd,
		"fault by the book":             prolog + envBegin + upnpFault("718", "<errorDescription>ConflictInMappingEntry</errorDescription>") + envEnd,
		"soap 1.2 fault":                `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>x</e:Value></e:Code></e:Fault></e:Body></e:Envelope>`,
		"tag overwritten (Archer C8)":   envBegin + "<s:Fault><detail><UPnPError><errorCode>401</errorCode><errorDescription>Invalid Actio\xef\xbf\x02\xc4rrorDescription></UPnPError></detail></s:Fault>" + envEnd,
		"stray end tag before the root": "\x01\x02rrorCode></x><errorCode>501</errorCode>",
		"code after latin-1 bytes":      "\xe0e></x><errorCode>",
		"end tag of nothing":            "</>",
		"slash for a name":              "<//><a/>",
		"declaration without its end":   `<?xml version="1.0" encoding=`,
		"declaration and nothing":       "<?xml?>",
		"declaration with a form feed":  "<?xml encoding=\f><a/>",
		"reference without digits":      "<a>&#;&#x;&#xFFFFFFFF;&#55296;</a>",
		"section without its end":       "<a><![CDATA[x\x00",
		"utf-16 of odd length":          "\xff\xfe<\x00a\x00>",
		"two roots":                     "<a/><b/>",
		"colons":                        "<:a:b:><::></::></:a:b:>",
		"listing":                       listingBegin + "<p:PortMappingEntry><p:NewExternalPort>1</p:NewExternalPort></p:PortMappingEntry></p:PortMappingList>",
		"page":                          "<!DOCTYPE html><html><br><p a=b c>&nbsp;",
	}
}

func addSeeds(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
}

func checkError(t *testing.T, err error) {
	var limit *LimitError
	var syntax *SyntaxError
	if err != nil && !errors.As(err, &limit) && !errors.As(err, &syntax) {
		t.Fatalf("untyped error %v", err)
	}
}

// FuzzParse: whatever is sent, a message can be written again and reads the same, as goupnp must be able to rely on.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := Parse(b, "text/xml; charset=iso-8859-1", Limits{})
		if checkError(t, err); err != nil {
			return
		}
		if m.Fault != nil {
			again, quirks, err := Parse(writeFault(m.Fault), "", Limits{})
			if err != nil || again.Fault == nil || again.Fault.UPnPCode != m.Fault.UPnPCode || again.Fault.Description != m.Fault.Description {
				t.Fatalf("%+v became %+v, %q, %v", m.Fault, again, quirks, err)
			}
			return
		}
		args := make([]Arg, len(m.Args))
		for i, a := range m.Args {
			if !utf8.ValidString(a.Value) {
				t.Fatalf("value %q", a.Value)
			}
			args[i] = Arg{"V", a.Value}
		}
		again, quirks, err := Parse(WriteResponse(m.Service, "A", args), "", Limits{Size: 1 << 30})
		if err != nil || len(again.Args) != len(args) || again.Service != m.Service {
			t.Fatalf("%+v became %+v, %q, %v", m, again, quirks, err)
		}
		for i := range args {
			if again.Args[i] != args[i] {
				t.Fatalf("%q became %q", args[i].Value, again.Args[i].Value)
			}
		}
	})
}

// FuzzReadXML: a tree has a root and is no deeper than allowed, and so is what is written from it.
func FuzzReadXML(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, _, err := ReadXML(b, "", Limits{Depth: 8})
		if checkError(t, err); err != nil {
			return
		}
		if doc.Root() == nil {
			t.Fatal("no root")
		}
		if d := depth(&doc.Element); d > 8 {
			t.Fatalf("depth %d", d)
		}
	})
}

func depth(e *etree.Element) int {
	deepest := 0
	for _, c := range e.ChildElements() {
		deepest = max(deepest, 1+depth(c))
	}
	return deepest
}

// FuzzFault: a code is a number of at most five digits, wherever the damage is.
func FuzzFault(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		doc := append(append([]byte(envBegin+"<s:Fault>"), b...), "</s:Fault>"+envEnd...)
		m, _, err := Parse(doc, "", Limits{})
		if checkError(t, err); err != nil || m.Fault == nil {
			return
		}
		if c := m.Fault.UPnPCode; c < 0 || c > 99999 {
			t.Fatalf("code %d", c)
		}
	})
}

// FuzzPortListing: a listing read and written reads the same.
func FuzzPortListing(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, _, err := ParsePortListing(string(b))
		if checkError(t, err); err != nil {
			return
		}
		again, quirks, err := ParsePortListing(WritePortListing(entries))
		if len(entries) > 0 && (err != nil || len(again) != len(entries)) {
			t.Fatalf("%d entries became %d, %q, %v", len(entries), len(again), quirks, err)
		}
		for i, e := range entries {
			if again[i].Description != e.Description || again[i].Lease != e.Lease || len(again[i].Unknown) != len(e.Unknown) {
				t.Fatalf("%+v became %+v", e, again[i])
			}
		}
	})
}
