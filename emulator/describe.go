package emulator

import (
	"bytes"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/soap"
)

// descriptionDialect are the templates of a description, taken apart.
type descriptionDialect struct {
	*DescriptionDialect
	document, device, service, scpd []line
	indent                          string
}

func newDescriptionDialect(d *DescriptionDialect) descriptionDialect {
	end := d.LineEnd.text()
	c := descriptionDialect{
		DescriptionDialect: d,
		document:           defaultTo(d.Document, idealDocument).lines(end),
		device:             defaultTo(d.Device, idealDevice).lines(end),
		service:            defaultTo(d.Service, idealService).lines(end),
		scpd:               defaultTo(d.SCPD, idealSCPD).lines(end),
		indent:             " ",
	}
	switch {
	case end == "":
		c.indent = ""
	case d.Indent != nil:
		c.indent = *d.Indent
	}
	return c
}

// describe writes the device description (UDA 1.1 §2.3), in UTF-8.
func (p *presence) describe() []byte {
	d := &p.gateway.dialect.description
	return fill(make([]byte, 0, 4096), d.document, escaped(p.site.words(p.site.paths, nil), func(b []byte, word string) ([]byte, bool, bool) {
		switch word {
		case "configid":
			return strconv.AppendUint(b, uint64(p.configID), 10), true, true
		case "url-base":
			if d.URLBase == nil {
				return b, false, true
			}
			return soap.AppendText(b, d.URLBase.expand(p.site.words(p.site.paths, nil))), true, true
		case "device":
			return p.describeDevice(b, p.root), true, true
		}
		return b, false, false
	}))
}

func (p *presence) describeDevice(b []byte, v *device) []byte {
	d := &p.gateway.dialect.description
	text := d.device
	if v.node.Device != "" {
		text = v.node.Device.lines(d.LineEnd.text())
	}
	site := p.site.words(p.site.names, v)
	return fill(b, text, escaped(site, func(b []byte, word string) ([]byte, bool, bool) {
		switch word {
		case "type":
			return soap.AppendText(b, v.urn()), true, true
		case "name":
			return soap.AppendText(b, defaultTo(v.node.Name, idealName).expand(site)), true, true
		case "services":
			return appendList(b, d, "serviceList", v.services, p.describeService), true, true
		case "devices":
			return appendList(b, d, "deviceList", v.devices, p.describeDevice), true, true
		case "service-items":
			return appendItems(b, d, v.services, p.describeService), true, true
		case "device-items":
			return appendItems(b, d, v.devices, p.describeDevice), true, true
		}
		return b, false, false
	}))
}

func (p *presence) describeService(b []byte, s *service) []byte {
	values := map[string]string{"type": s.urn(), "id": s.id, "scpd": s.scpdURL, "control": s.controlURL, "events": s.eventURL}
	d := &p.gateway.dialect.description
	text := d.service
	if s.text != "" {
		text = s.text.lines(d.LineEnd.text())
	}
	return fill(b, text, escaped(p.site.words(p.site.paths, s.device), func(b []byte, word string) ([]byte, bool, bool) {
		value, ok := values[word]
		return soap.AppendText(b, value), ok, ok
	}))
}

// appendList writes a list element with what is in it, and nothing when it is empty.
func appendList[T any](b []byte, d *descriptionDialect, name string, items []T, describe func([]byte, T) []byte) []byte {
	if len(items) == 0 {
		return b
	}
	b = append(b, "<"+name+">"+d.LineEnd.text()...)
	b = appendItems(b, d, items, describe)
	return append(b, "</"+name+">"...)
}

// appendItems writes what is in a list.
func appendItems[T any](b []byte, d *descriptionDialect, items []T, describe func([]byte, T) []byte) []byte {
	inner := line{pieces: []piece{{word: "item"}}, alone: true, indent: d.indent, end: d.LineEnd.text()}
	for _, item := range items {
		b = inner.fill(b, func(b []byte, _ string) ([]byte, bool) { return describe(b, item), true })
	}
	return b
}

// scpdOf writes the description of a service (UDA 1.1 §2.5), in UTF-8.
func (p *presence) scpdOf(s *service) []byte {
	d := &p.gateway.dialect.description
	list := func(b []byte, text string) ([]byte, bool, bool) {
		for _, l := range Template(strings.NewReplacer("{", "{{", "}", "}}").Replace(text)).lines(d.LineEnd.text()) {
			b = l.fill(b, nil)
		}
		return b, text != "", true
	}
	return fill(nil, d.scpd, escaped(p.site.words(p.site.paths, s.device), func(b []byte, word string) ([]byte, bool, bool) {
		switch word {
		case "configid":
			return strconv.AppendUint(b, uint64(p.configID), 10), true, true
		case "actions":
			return list(b, s.lists.actions)
		case "variables":
			return list(b, s.lists.variables)
		}
		return b, false, false
	}))
}

// escaped are the words of more, which writes markup and says whether it knows a word, and those of plain, which is text.
func escaped(plain filler, more func(b []byte, word string) (_ []byte, ok, known bool)) filler {
	return func(b []byte, word string) ([]byte, bool) {
		b, ok, known := more(b, word)
		if known {
			return b, ok
		}
		from := len(b)
		b, ok = plain(b, word)
		if bytes.ContainsAny(b[from:], "<>&") {
			b = soap.AppendText(b[:from], string(b[from:]))
		}
		return b, ok
	}
}

// text is the line break itself.
func (l LineEnd) text() string {
	switch l {
	case "crlf":
		return "\r\n"
	case "none":
		return ""
	}
	return "\n"
}

// encode turns a document into the bytes that are sent.
func (d *DescriptionDialect) encode(b []byte) []byte {
	switch d.Encoding {
	case "iso-8859-1":
		latin := b[:0]
		for _, r := range string(b) {
			if r > 0xff {
				r = '?'
			}
			latin = append(latin, byte(r))
		}
		return latin
	case "utf-16":
		wide := []byte{0xfe, 0xff}
		for _, u := range utf16.Encode([]rune(string(b))) {
			wide = append(wide, byte(u>>8), byte(u))
		}
		return wide
	}
	return b
}

// newConfigID changes when any of the documents does; it has 24 bits (UDA 1.1 §1.2.2).
func (p *presence) newConfigID() uint32 {
	if constant := p.gateway.options.Dialect.SSDP.ConfigID; constant != nil {
		return *constant
	}
	h := fnv.New32a()
	h.Write(p.describe())
	p.root.everyService(func(s *service) { h.Write(s.lists.sum[:]) })
	return h.Sum32() & 0xffffff
}

func writeXML(doc *etree.Document) []byte {
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true}
	b, err := doc.WriteToBytes()
	if err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return b
}
