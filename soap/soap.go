// Package soap speaks UPnP control as gateways really speak it: the envelope and fault codec of both sides, the table of
// UPnP errors, and a [Transport] that makes broken routers readable for clients that are strict, goupnp above all.
//
// # With goupnp
//
// Put a [Transport] into the http.Client of a goupnp service client. What the device answers is read leniently and handed on
// as a canonical envelope:
//
//	client.SOAPClient.HTTPClient.Transport = &soap.Transport{}
//
// goupnp flattens the cause of a failed call to text. [Record] keeps it:
//
//	ctx, rec := soap.Record(ctx)
//	ip, err := client.GetExternalIPAddressCtx(ctx)
//	err = rec.Err(err) // *soap.Error, *soap.HTTPError, a net.Error, context.DeadlineExceeded …
//
// The Recording also names what was forgiven ([Recording.Quirks]) and which values could not be read ([Recording.Unknown]).
// The second matters: goupnp must be given some number for an unreadable lease or it drops the whole entry, so look before
// taking it for a fact. A typed API must never report an unknown lease as permanent.
//
// # Both sides
//
// [Parse] reads requests and responses, [WriteRequest], [WriteResponse] and [WriteFault] write them, [ReadXML] is the
// tolerant XML reader underneath, used for descriptions and events as well.
package soap

// Arg is one argument of an action, in or out, its value as it stands in the XML text.
type Arg struct{ Name, Value string }

// Message is one control message: a request, a response or a fault (UDA 1.1 §3.1).
type Message struct {
	Action   string // without the suffix "Response"; "" for a fault or an empty body
	Service  string // the namespace of the action element: a service type
	Response bool
	Args     []Arg  // in the order received
	Fault    *Fault // nil unless the message is a fault
}

// Fault is the SOAP fault of a failed action (UDA 1.1 §3.1.3) as the device wrote it.
type Fault struct {
	Code, String string // faultcode and faultstring, often missing or odd: decide nothing on them
	UPnPCode     int    // errorCode; 0 when there is none or it is not a number
	Description  string // errorDescription in the device's own words, may be empty
}

// Namespaces.
const (
	envelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	envelope12 = "http://www.w3.org/2003/05/soap-envelope"
	encoding11 = "http://schemas.xmlsoap.org/soap/encoding/"
	control10  = "urn:schemas-upnp-org:control-1-0"
)
