package soap

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// PortListingEntry is one PortMappingEntry of NewPortListing (WANIPConnection:2 §2.3.26).
type PortListingEntry struct {
	RemoteHost     string // "" for any
	ExternalPort   uint16
	Protocol       string // TCP or UDP
	InternalPort   uint16
	InternalClient string
	Enabled        bool
	Description    string
	Lease          time.Duration // remaining, whole seconds; 0 is permanent, or unknown
	// Unknown names the elements of the entry, NewExternalPort say, that were missing or could not be read. Their fields are zero
	// and mean nothing: a lease listed here is not permanent.
	Unknown []string
}

const (
	listingNS     = "urn:schemas-upnp-org:gw:WANIPConnection"
	listingSchema = listingNS + " http://www.upnp.org/schemas/gw/WANIPConnection-v2.xsd"
)

// ParsePortListing reads the value of NewPortListing, an XML document carried as text, and returns the ids of what was
// forgiven. An empty value is an empty listing. A listing that ends early gives the entries before its end. The error is a
// [*LimitError] for elements nested too deep, or a [*SyntaxError].
func ParsePortListing(s string) ([]PortListingEntry, []string, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil, nil
	}
	var q quirks
	// s is in memory already: its size was limited where it was read.
	doc, err := readXML([]byte(s), "", Limits{Size: int64(len(s))}, &q)
	if err != nil {
		return nil, q, err
	}
	root := doc.Root()
	if strings.EqualFold(root.Tag, "PortMappingEntry") {
		root = root.Parent()
	} else if !strings.EqualFold(root.Tag, "PortMappingList") {
		return nil, q, &SyntaxError{What: "not a port listing", Text: root.FullTag()}
	}
	var entries []PortListingEntry
	for _, e := range root.ChildElements() {
		if strings.EqualFold(e.Tag, "PortMappingEntry") {
			entries = append(entries, listingEntry(e, &q))
		}
	}
	return entries, q, nil
}

func listingEntry(e *etree.Element, q *quirks) PortListingEntry {
	var p PortListingEntry
	get := func(k kind, names ...string) string {
		for i, name := range names {
			c := child(e, name)
			if c == nil {
				continue
			}
			if i > 0 {
				q.add(ListingArgNames)
			}
			if c.Tag != name {
				q.add(ArgCase)
			}
			raw, _ := content(c)
			if v, ok := k.read(raw, q); ok {
				return v
			}
			q.add(ValueUnreadable)
			p.Unknown = append(p.Unknown, names[0])
			return ""
		}
		q.add(ArgMissing)
		p.Unknown = append(p.Unknown, names[0])
		return ""
	}
	port := func(name string) uint16 {
		n, _ := strconv.ParseUint(get(ui2, name), 10, 16)
		return uint16(n)
	}
	p.RemoteHost = get(word, "NewRemoteHost")
	p.ExternalPort = port("NewExternalPort")
	p.Protocol = get(word, "NewProtocol")
	p.InternalPort = port("NewInternalPort")
	p.InternalClient = get(word, "NewInternalClient")
	p.Enabled = get(boolean, "NewEnabled") == "1"
	p.Description = get(text, "NewDescription", "NewPortMappingDescription")
	lease, _ := strconv.ParseUint(get(ui4, "NewLeaseTime", "NewLeaseDuration"), 10, 32)
	p.Lease = time.Duration(lease) * time.Second
	return p
}

// WritePortListing writes the value of NewPortListing. Elements named in Unknown are left out. A lease is cut to whole
// seconds within 0 to 4294967295.
func WritePortListing(entries []PortListingEntry) string {
	b := make([]byte, 0, 256+512*len(entries))
	b = append(b, `<p:PortMappingList xmlns:p="`+listingNS+`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`+listingSchema+`">`...)
	for i := range entries {
		e := &entries[i]
		element := func(name, value string) {
			if !slices.Contains(e.Unknown, name) {
				b = appendElement(b, "p:"+name, value)
			}
		}
		enabled := "0"
		if e.Enabled {
			enabled = "1"
		}
		lease := min(max(0, int64(e.Lease/time.Second)), 1<<32-1)
		b = append(b, "<p:PortMappingEntry>"...)
		element("NewRemoteHost", e.RemoteHost)
		element("NewExternalPort", strconv.Itoa(int(e.ExternalPort)))
		element("NewProtocol", e.Protocol)
		element("NewInternalPort", strconv.Itoa(int(e.InternalPort)))
		element("NewInternalClient", e.InternalClient)
		element("NewEnabled", enabled)
		element("NewDescription", e.Description)
		element("NewLeaseTime", strconv.FormatInt(lease, 10))
		b = append(b, "</p:PortMappingEntry>"...)
	}
	return string(append(b, "</p:PortMappingList>"...))
}
