package client

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"
)

// A Request says which port should be open, and for how long.
type Request struct {
	// Protocol is "tcp", "udp" or "both", in any case. Empty means "tcp".
	// Both is one pair on one port number: either the two are open or neither is.
	Protocol string

	// InternalPort is the port the program listens on, 1 to 65535.
	InternalPort uint16

	// ExternalPort is the wanted port on the gateway's Internet side.
	// 0 means the same number as InternalPort; the wildcard that WANIPConnection gives
	// the number 0 is never sent, because some gateways forward every port for it.
	ExternalPort uint16

	// InternalClient is the IPv4 address traffic is sent to. The zero Addr means our own
	// address towards the gateway; most gateways accept no other.
	InternalClient netip.Addr

	// RemoteHost restricts who may connect, by IPv4 address. The zero Addr means everyone.
	RemoteHost netip.Addr

	// Lease is how long the gateway should keep the port open, 1 s to 2³²−1 s, rounded up to
	// whole seconds. 0 means 24 hours for Map and 2 hours for Keep, which renews it. What
	// the gateway really granted is in Entry.Lease.
	Lease time.Duration

	// Shorten lets Lease, which is the user's own word then, make the end of an entry come earlier that this user has opened before, as Options.Journal
	// tells, or that another mapping of the Client has. One that somebody alive keeps is left as it is all the same.
	Shorten bool

	// Permanent asks for a mapping without an end. It excludes Lease.
	// An IGD:2 gateway gives a week instead (WANIPConnection:2 §2.5.16), and says so in Entry.Lease.
	Permanent bool

	// AnyPort accepts another external port when the wanted one is taken or refused.
	AnyPort bool

	// Through opens the port on the gateways beyond ours too, when ours stands behind others that speak IGD (double NAT): three at most, found as
	// [Gateway.Beyond] does. Map opens it on all or on none: then it is a *ThroughError. Keep opens it on ours and tries the others until
	// they let it. On a gateway with a public address it changes nothing.
	Through bool

	// Description is shown in the gateway's list: printable ASCII, at most 63 bytes, because
	// gateways cut or refuse what is longer. Empty means "igdkit". The external port and the protocol stand behind it, for which
	// a text that is too long is cut: for some gateways the description is the key of the entry.
	Description string

	// CheckInterval is how often a kept mapping is looked at between renewals, at least 1 s.
	// A mapping that the gateway silently lost is open again after this time at the latest.
	// 0 means 15 minutes.
	CheckInterval time.Duration
}

// A RequestError says which field of a [Request] or a [PinholeRequest] cannot be used, and why.
type RequestError struct {
	Field  string // in the words of a person: "internal port" for InternalPort
	Reason string // what follows its name in a sentence, with the value
}

func (e *RequestError) Error() string { return "request: " + e.Field + " " + e.Reason }

const (
	mapLease      = 24 * time.Hour
	keepLease     = 2 * time.Hour
	checkInterval = 15 * time.Minute

	maxLease       = math.MaxUint32 * time.Second // PortMappingLeaseDuration is a ui4.
	maxDescription = 63
)

// Validate reports the first field that cannot be used, as a *RequestError.
func (r Request) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &RequestError{Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	switch strings.ToLower(r.Protocol) {
	case "", "tcp", "udp", "both":
	default:
		return bad("protocol", "%q is none of tcp, udp, both", r.Protocol)
	}
	if r.InternalPort == 0 {
		return bad("internal port", "0 is not in 1 to 65535")
	}
	if a := r.InternalClient; a.IsValid() && (!a.Unmap().Is4() || a.IsUnspecified() || a.IsMulticast()) {
		return bad("internal client", "%s is not the IPv4 address of a host", a)
	}
	if a := r.RemoteHost; a.IsValid() && (!a.Unmap().Is4() || a.IsUnspecified() || a.IsMulticast()) {
		return bad("remote host", "%s is not the IPv4 address of a host", a)
	}
	switch {
	case r.Lease < 0:
		return bad("lease", "%s is negative", r.Lease)
	case r.Lease > maxLease:
		return bad("lease", "%s is longer than %d s", r.Lease, int64(maxLease/time.Second))
	case r.Permanent && r.Lease > 0:
		return bad("lease", "%s contradicts permanent", r.Lease)
	}
	if len(r.Description) > maxDescription {
		return bad("description", "is %d bytes long, at most %d are kept by gateways", len(r.Description), maxDescription)
	}
	for _, c := range []byte(r.Description) {
		if c < ' ' || c > '~' {
			return bad("description", "%q is not printable ASCII", r.Description)
		}
	}
	if r.CheckInterval != 0 && r.CheckInterval < time.Second {
		return bad("check interval", "%s is shorter than 1 s", r.CheckInterval)
	}
	return nil
}

// defaults fills the zero values in; lease is what an unset Lease stands for.
func (r Request) defaults(lease time.Duration) Request {
	if r.ExternalPort == 0 {
		r.ExternalPort = r.InternalPort
	}
	if r.Lease == 0 && !r.Permanent {
		r.Lease = lease
	}
	r.Lease = (r.Lease + time.Second - 1).Truncate(time.Second)
	r.InternalClient = r.InternalClient.Unmap()
	r.RemoteHost = r.RemoteHost.Unmap()
	if r.CheckInterval == 0 {
		r.CheckInterval = checkInterval
	}
	return r
}

// protocols lists what the request needs, in the upper case that some gateways insist on.
func (r Request) protocols() []string {
	switch strings.ToLower(r.Protocol) {
	case "udp":
		return []string{"UDP"}
	case "both":
		return []string{"TCP", "UDP"}
	}
	return []string{"TCP"}
}

// describe is the description of one entry: there are gateways on which an entry replaces another of the same text (add-description-unique).
func (r Request) describe(protocol string, external uint16) string {
	text := cmp.Or(strings.TrimSpace(r.Description), describer)
	unique := fmt.Sprintf(" %d %s", external, protocol)
	if strings.HasSuffix(text, unique) {
		return text
	}
	return strings.TrimRight(text[:min(len(text), maxDescription-len(unique))], " ") + unique
}

// describer begins every description that was not chosen by the user.
const describer = "igdkit"
