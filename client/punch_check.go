package client

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"

	"github.com/pion/stun/v3"
)

// The messages by which two nodes open a path are STUN binding requests and their answers, as in the connectivity checks of ICE (RFC 8445 §7):
//
//   - An attribute of our own is in each, and holds the sender's tie-breaker. Both sides offer to control; the greater one does (§7.3.1.1).
//     It is not ICE-CONTROLLING: the programs that use the path may speak ICE over it, and what they send is theirs.
//   - USE-CANDIDATE (0x0025) in a request nominates the path that it came by (§7.1.2).
//   - A binding indication with USE-CANDIDATE says that the nominating side is done; one without keeps the path alive (§11).
//   - With a key, MESSAGE-INTEGRITY is in each (RFC 8489 §14.5), and what has none that is right is not the peer's.
//   - FINGERPRINT is last (§14.7), so that they are told from what the program itself sends.
const attrTieBreaker = stun.AttrType(0xF1D9) // nobody has registered it; who does not know it passes over it (RFC 8489 §14)

// check is one of those messages.
type check struct {
	class    stun.MessageClass
	id       [stun.TransactionIDSize]byte
	tie      uint64
	nominate bool
	mapped   netip.AddrPort // of a success: what the other side saw
}

// write builds c.
func (c check) write(key []byte) []byte {
	m := &stun.Message{TransactionID: c.id}
	setters := []stun.Setter{stun.NewType(stun.MethodBinding, c.class), tieBreaker(c.tie)}
	if c.nominate {
		setters = append(setters, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	if c.mapped.IsValid() {
		setters = append(setters, &stun.XORMappedAddress{IP: c.mapped.Addr().AsSlice(), Port: int(c.mapped.Port())})
	}
	if len(key) > 0 {
		setters = append(setters, stun.MessageIntegrity(key))
	}
	if err := m.Build(append(setters, stun.Fingerprint)...); err != nil {
		panic(err) // nothing in it depends on what others send
	}
	return m.Raw
}

// tieBreaker is the attribute of that.
func tieBreaker(tie uint64) stun.RawAttribute {
	return stun.RawAttribute{Type: attrTieBreaker, Value: binary.BigEndian.AppendUint64(nil, tie)}
}

// isSTUN tells a STUN message with a cookie from what else comes (RFC 8489 §5); it may still be a bad one.
func isSTUN(b []byte) bool { return len(b) <= maxSTUN && stun.IsMessage(b) }

// parseCheck reads a check. ok is false for what is none, is damaged, or is not signed with key when there is one.
func parseCheck(b, key []byte) (c check, ok bool) {
	m := &stun.Message{Raw: slices.Clip(b)}
	if !isSTUN(b) || m.Decode() != nil || m.Type.Method != stun.MethodBinding {
		return check{}, false
	}
	c = check{class: m.Type.Class, id: m.TransactionID, nominate: m.Contains(stun.AttrUseCandidate)}
	value, err := m.Get(attrTieBreaker)
	if err != nil || len(value) != 8 || !m.Contains(stun.AttrFingerprint) || stun.Fingerprint.Check(m) != nil {
		return check{}, false
	}
	c.tie = binary.BigEndian.Uint64(value)
	if len(key) > 0 && !signed(m, key) {
		return check{}, false
	}
	if c.class == stun.ClassSuccessResponse {
		var seen stun.XORMappedAddress
		if seen.GetFrom(m) != nil {
			return check{}, false
		}
		a, _ := netip.AddrFromSlice(seen.IP)
		if c.mapped = netip.AddrPortFrom(a.Unmap(), uint16(seen.Port)); !callable(c.mapped) {
			return check{}, false
		}
	}
	return c, c.class != stun.ClassErrorResponse
}

// signed tells whether all of m is signed with key: what stands behind MESSAGE-INTEGRITY is not, but for FINGERPRINT.
func signed(m *stun.Message, key []byte) bool {
	n := len(m.Attributes)
	return n >= 2 && m.Attributes[n-2].Type == stun.AttrMessageIntegrity && m.Attributes[n-1].Type == stun.AttrFingerprint &&
		!slices.ContainsFunc(m.Attributes[:n-2], func(a stun.RawAttribute) bool { return a.Type == stun.AttrMessageIntegrity }) &&
		stun.MessageIntegrity(key).Check(m) == nil
}

// send writes c to an address.
func (c check) send(conn net.PacketConn, key []byte, to netip.AddrPort) error {
	_, err := conn.WriteTo(c.write(key), net.UDPAddrFromAddrPort(to))
	return err
}
