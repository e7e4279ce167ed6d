package emulator

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/pion/stun/v3"
)

// binding is a binding request.
type binding struct {
	stun.Message
	cookie  [4]byte // as it came
	classic bool    // of a client of RFC 3489: without the magic cookie
}

// id is all that tells transactions apart: 128 bits for RFC 3489, of which the cookie has taken 32 since.
func (r *binding) id() (id [16]byte) {
	copy(id[:4], r.cookie[:])
	copy(id[4:], r.TransactionID[:])
	return id
}

const stunHeader = 20 // bytes: RFC 8489 §5

// magicCookie is that of RFC 8489 §5.
func magicCookie() [4]byte { return [4]byte{0x21, 0x12, 0xA4, 0x42} }

// readBinding reads a datagram. What is no well-formed binding request, or has a wrong FINGERPRINT, is ignored (RFC 8489 §6.3).
func readBinding(b []byte) (*binding, bool) {
	if len(b) < stunHeader || len(b)%4 != 0 || int(binary.BigEndian.Uint16(b[2:4])) != len(b)-stunHeader || b[0]&0xC0 != 0 {
		return nil, false
	}
	r := &binding{cookie: [4]byte(b[4:8])}
	r.classic = r.cookie != magicCookie()
	r.Raw = slices.Clone(b)
	cookie := magicCookie()
	copy(r.Raw[4:8], cookie[:]) // the library reads nothing else; the layout of RFC 3489 is the same
	if r.Decode() != nil || r.Type != stun.BindingRequest {
		return nil, false
	}
	if !r.classic && r.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(&r.Message) != nil {
		return nil, false
	}
	return r, true
}

// bindingReply is a datagram, to whom it goes, and from which address and port.
type bindingReply struct {
	raw  []byte
	to   netip.AddrPort
	i, j int
	code stun.ErrorCode // 0: success
}

// answer answers a request of peer to the address i and port j.
func (s *STUNServer) answer(r *binding, peer netip.AddrPort, i, j int) bindingReply {
	if unknown := s.unknown(r); len(unknown) > 0 {
		return s.refuse(r, peer, i, j, stun.CodeUnknownAttribute, unknown)
	}
	bad := func() bindingReply { return s.refuse(r, peer, i, j, stun.CodeBadRequest, nil) }
	a := bindingReply{to: peer, i: i, j: j}
	if change, err := r.Get(stun.AttrChangeRequest); err == nil {
		if len(change) != 4 {
			return bad()
		}
		if !s.options.Faults.IgnoreChange { // RFC 5780 §7.2
			a.i ^= int(change[3] >> 2 & 1)
			a.j ^= int(change[3] >> 1 & 1)
		}
	}
	padding, err := r.Get(stun.AttrPadding)
	padded := err == nil
	if port, err := r.Get(stun.AttrResponsePort); err == nil { // RFC 5780 §7.5: 16 bits, and 16 that say nothing
		if len(port) < 2 || binary.BigEndian.Uint16(port) == 0 || padded {
			return bad()
		}
		a.to = netip.AddrPortFrom(peer.Addr(), binary.BigEndian.Uint16(port))
	}
	seen, classic := peer, s.classic(r)
	var is []stun.Setter
	if !classic {
		is = append(is, &stun.XORMappedAddress{IP: seen.Addr().AsSlice(), Port: int(seen.Port())})
	}
	if w := s.options.Faults.Rewrite; w.IsValid() {
		seen = w
	}
	origin, other := stun.AttrResponseOrigin, stun.AttrOtherAddress
	if classic {
		origin, other = stun.AttrSourceAddress, stun.AttrChangedAddress
	}
	is = append(is, addressAs{stun.AttrMappedAddress, seen}, addressAs{origin, s.at(a.i, a.j)})
	if s.changes() {
		is = append(is, addressAs{other, s.at(1-i, 1-j)})
	}
	if padded { // never more than was sent, so that nobody is flooded by way of this server
		is = append(is, stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, min(len(padding), maxPadding))})
	}
	a.raw = s.reply(r, stun.BindingSuccess, is...)
	return a
}

// maxPadding is the MTU of Ethernet: RFC 5780 §7.6.
const maxPadding = 1500

// changes tells whether there is another address to answer from, as far as clients are told.
func (s *STUNServer) changes() bool { return len(s.conns) == 2 && !s.options.Faults.NoOther }

// unknown are the attributes that have to be understood and are not (RFC 8489 §6.3.1). CHANGE-REQUEST is one of them when there is nothing to
// change to (RFC 5780 §6.1).
func (s *STUNServer) unknown(r *binding) (all []uint16) {
	for _, a := range r.Attributes {
		var known bool
		switch a.Type {
		case stun.AttrChangeRequest:
			known = s.changes()
		case stun.AttrResponsePort:
			known = !s.options.Faults.NoResponsePort && !s.classic(r)
		case stun.AttrPadding:
			known = !s.classic(r)
		case stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrMessageIntegritySHA256, stun.AttrRealm, stun.AttrNonce, stun.AttrUserhash, stun.AttrPasswordAlgorithm,
			stun.AttrMappedAddress, stun.AttrXORMappedAddress, stun.AttrErrorCode, stun.AttrUnknownAttributes:
			known = true // RFC 8489 §14, and of no meaning here
		default:
			known = !a.Type.Required()
		}
		if !known && !slices.Contains(all, a.Type.Value()) {
			all = append(all, a.Type.Value())
		}
	}
	return all
}

// refuse answers with an error.
func (s *STUNServer) refuse(r *binding, peer netip.AddrPort, i, j int, code stun.ErrorCode, unknown []uint16) bindingReply {
	reason := "Bad Request"
	if code == stun.CodeUnknownAttribute {
		reason = "Unknown Attribute"
	}
	if s.classic(r) { // RFC 3489 does not pad attributes: §11.2.9 fills the reason, and §11.2.10 names one attribute twice
		for len(reason)%4 != 0 {
			reason += " "
		}
		if len(unknown)%2 == 1 {
			unknown = append(unknown, unknown[0])
		}
	}
	is := []stun.Setter{stun.ErrorCodeAttribute{Code: code, Reason: []byte(reason)}}
	if len(unknown) > 0 {
		var value []byte
		for _, u := range unknown {
			value = binary.BigEndian.AppendUint16(value, u)
		}
		is = append(is, stun.RawAttribute{Type: stun.AttrUnknownAttributes, Value: value})
	}
	return bindingReply{raw: s.reply(r, stun.BindingError, is...), to: peer, i: i, j: j, code: code}
}

// classic tells whether r is answered as RFC 3489 has it.
func (s *STUNServer) classic(r *binding) bool { return r.classic || s.options.Classic }

// reply gives the bytes of a message that answers r.
func (s *STUNServer) reply(r *binding, is stun.MessageType, with ...stun.Setter) []byte {
	all := append([]stun.Setter{stun.NewTransactionIDSetter(r.TransactionID), is}, with...)
	if !s.classic(r) {
		all = append(all, stun.NewSoftware("igdkit emulator"))
	}
	if !r.classic && r.Contains(stun.AttrFingerprint) {
		all = append(all, stun.Fingerprint)
	}
	raw := stun.MustBuild(all...).Raw // fails on addresses of a wrong length, which netip has none of
	copy(raw[4:8], r.cookie[:])
	return raw
}

// addressAs is an address as an attribute of a type.
type addressAs struct {
	as   stun.AttrType
	addr netip.AddrPort
}

// AddTo is for stun.Build.
func (a addressAs) AddTo(m *stun.Message) error {
	return (&stun.MappedAddress{IP: a.addr.Addr().AsSlice(), Port: int(a.addr.Port())}).AddToAs(m, a.as)
}

// details are what the journal says of a request and its reply.
func (a *bindingReply) details(r *binding, at, from, peer netip.AddrPort, lost bool) Details {
	d := Details{{"at", at.String()}}
	if r.classic {
		d = append(d, Detail{"client", "RFC 3489"})
	}
	if change, err := r.Get(stun.AttrChangeRequest); err == nil && len(change) == 4 {
		d = append(d, Detail{"change", [4]string{"nothing", "port", "address", "both"}[change[3]>>1&3]})
	}
	if a.code != 0 {
		d = append(d, Detail{"error", strconv.Itoa(int(a.code))})
	}
	if from != at {
		d = append(d, Detail{"from", from.String()})
	}
	if a.to != peer {
		d = append(d, Detail{"to", a.to.String()})
	}
	if lost {
		d = append(d, Detail{"lost", "true"})
	}
	return d
}
