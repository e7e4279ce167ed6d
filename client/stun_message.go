package client

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/pion/stun/v3"
)

const (
	maxSTUN  = 1500      // bytes of a reply; RFC 8489 §6.1 wants them below the MTU of the path
	stunIPv4 = byte(0x1) // family, RFC 8489 §14.1
)

var (
	errSTUNSilent = errors.New("no answer")
	errNotSTUN    = errors.New("not a reply to our request")
	errNoMapped   = errors.New("the reply holds no IPv4 address")
)

// stunReply is what a server says.
type stunReply struct {
	mapped    netip.AddrPort // where it sees us
	plain     bool           // that stands in MAPPED-ADDRESS only, which others may have written into
	rewritten bool           // they have: it differs from XOR-MAPPED-ADDRESS
	other     netip.AddrPort // OTHER-ADDRESS of RFC 5780 §7.4, or CHANGED-ADDRESS of RFC 3489 §11.2.3; zero: none
	from      netip.AddrPort // who answered
}

// stunRefusal is an error response.
type stunRefusal struct {
	code   stun.ErrorCode
	reason string
}

func (e *stunRefusal) Error() string { return fmt.Sprintf("refused: %d %.64q", e.code, e.reason) }

// buildSTUN is a binding request. change are the flags of CHANGE-REQUEST (RFC 5780 §7.2), port is a RESPONSE-PORT (§7.5); 0 is none.
func buildSTUN(change byte, port uint16) (*stun.Message, error) {
	is := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if change != 0 {
		is = append(is, stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, change}})
	}
	if port != 0 {
		is = append(is, stun.RawAttribute{Type: stun.AttrResponsePort, Value: binary.BigEndian.AppendUint16(nil, port)})
	}
	return stun.Build(is...)
}

// The flags of CHANGE-REQUEST.
const (
	changePort    = byte(2)
	changeAddress = byte(4)
)

// readSTUN reads a message about binding; nil when b is none.
func readSTUN(b []byte) *stun.Message {
	m := &stun.Message{Raw: b}
	if !stun.IsMessage(b) || m.Decode() != nil || m.Type.Method != stun.MethodBinding {
		return nil
	}
	if m.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(m) != nil {
		return nil
	}
	return m
}

// parseSTUN reads the reply to the binding request id. What is no reply to it is errNotSTUN.
func parseSTUN(b []byte, id [stun.TransactionIDSize]byte) (stunReply, error) {
	m := readSTUN(b)
	if m == nil || m.TransactionID != id {
		return stunReply{}, errNotSTUN
	}
	return replyIn(m)
}

// replyIn reads a reply.
func replyIn(m *stun.Message) (stunReply, error) {
	switch m.Type.Class {
	case stun.ClassErrorResponse:
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(m); err != nil {
			return stunReply{}, &stunRefusal{}
		}
		return stunReply{}, &stunRefusal{code.Code, string(code.Reason)}
	case stun.ClassSuccessResponse:
		return mappedIn(m)
	}
	return stunReply{}, errNotSTUN
}

// mappedIn reads a success. The address is that of XOR-MAPPED-ADDRESS (RFC 8489 §14.2), under its number in the drafts too, or else of
// MAPPED-ADDRESS (§14.1), which is all that servers of RFC 3489 send and some NATs write their own address into.
func mappedIn(m *stun.Message) (r stunReply, err error) {
	for _, a := range m.Attributes {
		// RFC 8489 §6.3.3: a reply with what has to be understood and is not has failed.
		if a.Type.Required() && !a.Type.Known() && a.Type != stun.AttrSourceAddress && a.Type != stun.AttrChangedAddress {
			return stunReply{}, fmt.Errorf("the reply holds an unknown attribute %v", a.Type)
		}
	}
	for _, as := range []stun.AttrType{stun.AttrOtherAddress, stun.AttrChangedAddress} {
		if !r.other.IsValid() {
			r.other = addressIn(m, as)
		}
	}
	plain := addressIn(m, stun.AttrMappedAddress)
	if r.mapped = addressIn(m, stun.AttrXORMappedAddress); r.mapped.IsValid() {
		r.rewritten = plain.IsValid() && plain != r.mapped
		return r, nil
	}
	if r.mapped, r.plain = plain, true; plain.IsValid() {
		return r, nil
	}
	return stunReply{}, errNoMapped
}

// addressIn is the IPv4 address and port in an attribute of m; zero when there is none that can be one.
func addressIn(m *stun.Message, as stun.AttrType) netip.AddrPort {
	value, err := m.Get(as)
	if err != nil || len(value) != 8 || value[1] != stunIPv4 {
		return netip.AddrPort{}
	}
	var plain stun.MappedAddress
	if as == stun.AttrXORMappedAddress {
		var x stun.XORMappedAddress
		err = x.GetFrom(m)
		plain = stun.MappedAddress(x)
	} else {
		err = plain.GetFromAs(m, as)
	}
	a, ok := netip.AddrFromSlice(plain.IP)
	if a = a.Unmap(); err != nil || !ok || !a.Is4() || a.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a, uint16(plain.Port))
}
