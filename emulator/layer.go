package emulator

import (
	"fmt"
	"slices"
	"strings"
)

// Layer is where a fault acts, lowest first:
//
//	tcp.accept                                  a connection to HTTP
//	ssdp.search, ssdp.reply, ssdp.notify        a datagram in, out, and out to the group
//	http.request                                a request, before anything looks at it
//	http.head, http.body                        an answer's header fields; its bytes
//	xml                                         an answer's document: description, SCPD, SOAP
//	soap.Action, soap.*, soap.unknown           an action, any action, an action that the service does not have
//	table.add, table.delete, table.expire       a change of the mapping table
//	view.Action, view.external-ip               what a reading action tells; the external address, in events too
//	forward                                     a connection or datagram from the Internet to a mapped port
//	gena.subscribe, gena.notify                 a subscription; an event
type Layer string

// layers are all but soap.Action and view.Action.
func (Layer) Choices() []string {
	return []string{
		"tcp.accept", "ssdp.search", "ssdp.reply", "ssdp.notify", "http.request", "http.head", "http.body", "xml",
		"soap.*", "soap.unknown", "table.add", "table.delete", "table.expire", "view.external-ip", "forward",
		"gena.subscribe", "gena.notify",
	}
}

// UnmarshalText reads a layer. Whether an action exists, a device's services decide.
func (l *Layer) UnmarshalText(text []byte) error {
	s := string(text)
	for _, prefix := range []string{"soap.", "view."} {
		if name, ok := strings.CutPrefix(s, prefix); ok && name != "" && name[0] >= 'A' && name[0] <= 'Z' {
			*l = Layer(s)
			return nil
		}
	}
	if !slices.Contains(l.Choices(), s) {
		return fmt.Errorf("%q is no layer (%s, soap.Action or view.Action)", s, strings.Join(l.Choices(), ", "))
	}
	*l = Layer(s)
	return nil
}
