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
//	http.head                                   an answer's head; a verb takes the place of the answer
//	http.body                                   an answer's body, whose length the head then announces; a verb follows it
//	xml                                         a document that has one of the elements edited: description, SCPD, SOAP
//	soap.Action, soap.*, soap.unknown           an action, any call, a call of an action that the service does not have
//	table.add, table.delete, table.expire       a change of the mapping table
//	view.Action, view.external-ip               what a reading action tells; the external address, in events too
//	forward                                     a connection or datagram from the Internet to a mapped port
//	gena.subscribe, gena.notify                 a subscription; an event
type Layer string

// The layers. onSOAP and onView stand before the name of an action.
const (
	onAccept     Layer = "tcp.accept"
	onSearch     Layer = "ssdp.search"
	onReply      Layer = "ssdp.reply"
	onNotify     Layer = "ssdp.notify"
	onRequest    Layer = "http.request"
	onHead       Layer = "http.head"
	onBody       Layer = "http.body"
	onXML        Layer = "xml"
	onSOAP       Layer = "soap."
	onAdd        Layer = "table.add"
	onDelete     Layer = "table.delete"
	onExpire     Layer = "table.expire"
	onView       Layer = "view."
	onExternalIP Layer = "view.external-ip"
	onForward    Layer = "forward"
	onSubscribe  Layer = "gena.subscribe"
	onEvent      Layer = "gena.notify"
)

// Behind soap. there may be one of these instead of an action.
const (
	anyAction     = "*"
	unknownAction = "unknown"
)

// layerSpec is what a fault may ask and do on a layer, in the words of the scenario language.
type layerSpec struct {
	layer Layer
	ifs   string // the conditions that mean something there
	per   string // what occasions can be counted for, beside the device
	verbs string
	edits string // beside then, which all layers have
}

// layerSpecs is the one place that says which layers there are. Who adds a row calls meet with an occasion that answers its conditions,
// and obeys its verbs and edits.
func layerSpecs() []layerSpec {
	const (
		http    = "client size in-flight header version method path body reads half-closed host"
		mapping = " arg existing age"
		end     = "drop close hang"
	)
	return []layerSpec{
		{onAccept, "client size in-flight", "client", end, "delay"},
		{onSearch, "via st client size header raw crossed", "client", "drop", "delay"},
		{onReply, "via st client size header", "client", "drop", "set rename remove replace prefix suffix truncate random delay duplicate send-from"},
		{onNotify, "st size header", "", "drop", "set rename remove replace prefix suffix truncate random delay duplicate send-from"},
		{onRequest, http, "client connection", "http-status " + end, "delay"},
		{onHead, http + " status", "client connection", end, "set rename remove replace prefix suffix delay split"},
		{onBody, http + " status", "client connection", "close hang", "replace prefix suffix truncate delay drip split"},
		{onXML, http, "client connection", "", "set rename remove"},
		{onSOAP, http + mapping, "client mapping connection", "upnp-error http-status " + end, "set rename remove delay"},
		{onAdd, "client size" + mapping, "client mapping", "upnp-error store silent", "set"},
		{onDelete, "client size" + mapping, "client mapping", "upnp-error store silent", ""},
		{onExpire, "size arg age", "mapping", "store silent", ""},
		{onView, http + mapping, "client mapping connection", "upnp-error", "set rename remove"},
		{onExternalIP, "client size", "client", "upnp-error", "set"},
		{onForward, "client size in-flight arg age", "client mapping connection", end, "delay"},
		{onSubscribe, http, "client connection", "http-status " + end, "delay"},
		{onEvent, "client size arg", "client", "drop", "set rename remove delay duplicate"},
	}
}

// split takes a layer apart into its spec's and the action that follows.
func (l Layer) split() (base Layer, action string) {
	for _, base := range []Layer{onSOAP, onView} {
		if name, ok := strings.CutPrefix(string(l), string(base)); ok && l != onExternalIP {
			return base, name
		}
	}
	return l, ""
}

// spec is what l has; whether its action exists, a device's services decide.
func (l Layer) spec() (layerSpec, error) {
	base, action := l.split()
	i := slices.IndexFunc(layerSpecs(), func(s layerSpec) bool { return s.layer == base })
	switch {
	case i < 0 || base == onView && !named(action) || base == onSOAP && !named(action) && !slices.Contains(l.Choices(), string(l)):
		return layerSpec{}, fmt.Errorf("%q is no layer (%s, soap.Action or view.Action)", string(l), strings.Join(l.Choices(), ", "))
	}
	return layerSpecs()[i], nil
}

// named reports whether s can be an action's name: those begin with a capital.
func named(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }

// Choices are all layers but soap.Action and view.Action.
func (Layer) Choices() []string {
	var all []string
	for _, s := range layerSpecs() {
		switch s.layer {
		case onSOAP:
			all = append(all, string(onSOAP+anyAction), string(onSOAP+unknownAction))
		case onView:
		default:
			all = append(all, string(s.layer))
		}
	}
	return all
}

// UnmarshalText reads a layer.
func (l *Layer) UnmarshalText(text []byte) error {
	_, err := Layer(text).spec()
	if err == nil {
		*l = Layer(text)
	}
	return err
}
