package emulator

import (
	"net/netip"
	"strconv"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// occasion is a moment at which a fault may act, as conditions see it. What a layer's conditions do not ask about stays zero.
type occasion struct {
	layer      Layer          // onSOAP and onView without the action
	action     string         // the one that was called
	unknown    bool           // the service does not have it
	peer       netip.AddrPort // who asks, or is told
	connection *connection    // whose table it is about; nil: the first
	request    *http1.Request
	status     int          // of the answer
	fields     http1.Fields // of a datagram
	raw        []byte       // a search as it came
	via        Via
	st         string     // or NT
	inFlight   int        // without a request; this one included
	args       []soap.Arg // of a call as they came, or of an event
	mapping    *Mapping   // of a table layer and of forward
	document   *etree.Element
	again      bool // of a connection that goes on: it was counted when it began
}

// client is the caller's address in its one spelling.
func (o *occasion) client() netip.Addr { return o.peer.Addr().Unmap().WithZone("") }

// arg is the value of an argument; empty when there is none.
func (o *occasion) arg(name string) string {
	if o.mapping != nil {
		v, _ := o.mapping.argument(name)
		return v
	}
	for i := range o.args {
		if o.args[i].Name == name {
			return o.args[i].Value
		}
	}
	return ""
}

// crowd is how many requests are under way.
func (o *occasion) crowd() int {
	if o.request != nil {
		return o.request.InFlight
	}
	return o.inFlight
}

func (o *occasion) header(name string) string {
	if o.request != nil {
		return o.request.Fields.Get(name)
	}
	return o.fields.Get(name)
}

// wan is the connection whose table o is about.
func (s *state) wan(o *occasion) *connection {
	switch {
	case o.mapping != nil:
		return s.connections[o.mapping.WAN]
	case o.connection != nil:
		return o.connection
	}
	return s.connections[0]
}

// reference is the mapping that an occasion is about, wanted or there already.
type reference struct {
	wan    int
	key    key
	client netip.Addr // whose it is or is to be; zero when nobody knows
	entry  *entry     // nil when there is none of that key
}

// reference finds the mapping of o: the one of a table layer, or the one that the arguments of a call name. ok is false when
// they name none.
func (s *state) reference(o *occasion) (ref reference, ok bool) {
	c := s.wan(o)
	ref.wan = c.number
	switch {
	case o.mapping != nil:
		ref.key, ref.client = o.mapping.key(), o.mapping.InternalClient
		ref.entry = c.mappings.find(ref.key, ref.client)
		return ref, true
	case o.arg("NewPortMappingIndex") != "":
		index, err := strconv.ParseUint(o.arg("NewPortMappingIndex"), 10, 16)
		if err != nil {
			return ref, false
		}
		if ref.entry = c.mappings.order.at(int(index)); ref.entry == nil {
			return ref, false
		}
		ref.key = ref.entry.key()
	default:
		port, err := strconv.ParseUint(o.arg("NewExternalPort"), 10, 16)
		if err != nil {
			return ref, false
		}
		ref.key = key{o.arg("NewRemoteHost"), uint16(port), o.arg("NewProtocol")}
		if addr, err := netip.ParseAddr(ref.key.remote); err == nil && addr.IsUnspecified() {
			ref.key.remote = ""
		}
		ref.entry = c.mappings.get(ref.key)
	}
	if client, err := netip.ParseAddr(o.arg("NewInternalClient")); err == nil {
		ref.client = client
	} else if ref.entry != nil {
		ref.client = ref.entry.InternalClient
	}
	return ref, true
}
