package inputrules

import (
	"encoding/binary"
)

func native(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// meta loads what is known of the packet beside its bytes, or changes that (enum nft_meta_keys).
func (m *move) meta(a attributes) bool {
	key := a.number(2)
	if a.has(3) {
		m.j.written[meaning{"meta", key}] = true
		return true
	}
	to, p := offset(a.number(1)), m.j.packet
	here := m.in.family != familyBridge // the interface of a bridge is one of its ports
	switch {
	case m.j.written[meaning{"meta", key}]:
	case key == 1: // protocol
		m.r.put(to, []byte{0x08, 0x00}, nil) // ETH_P_IP
		return true
	case key == 3: // mark
		m.r.put(to, native(0), nil)
		return true
	case key == 4 && here: // iif
		m.r.put(to, native(uint32(p.Index)), nil)
		return true
	case key == 6 && here: // iifname
		padded := make([]byte, 16)
		copy(padded, p.Interface)
		m.r.put(to, padded, nil)
		return true
	case key == 15 && here: // nfproto
		m.r.put(to, []byte{byte(familyIPv4)}, nil)
		return true
	case key == 16: // l4proto
		m.r.put(to, []byte{p.Protocol}, nil)
		return true
	case key == 19: // pkttype
		m.r.put(to, []byte{0}, nil) // PACKET_HOST
		return true
	}
	m.r.forget(to, 16)
	return m.when(maybe, "a rule asks for what is not known of a packet (meta)")
}

// The states of a flow (enum ip_conntrack_info by NF_CT_STATE_BIT).
const (
	stateInvalid     = 1
	stateEstablished = 2
	stateRelated     = 4
	stateNew         = 8
	stateUntracked   = 64
)

// state gives the state of the packet's flow, and the bits of it that are known.
func (j *judgement) state() (value, is uint32) {
	maybe := uint32(0)
	if j.base.at == ingress || j.base.at == prerouting && j.base.priority <= -200 { // before connection tracking (NF_IP_PRI_CONNTRACK)
		maybe = stateInvalid | stateEstablished | stateRelated | stateNew | stateUntracked
	}
	if j.untracked {
		maybe |= stateNew | stateUntracked | stateInvalid
	}
	if j.helped {
		maybe |= stateNew | stateRelated
	}
	if maybe == 0 {
		return stateNew, ^uint32(0)
	}
	return 0, ^maybe
}

// ct loads what is known of the packet's flow, or changes that (enum nft_ct_keys).
func (m *move) ct(a attributes) bool {
	key := a.number(2)
	if a.has(4) {
		m.j.written[meaning{"ct", key}] = true
		return true
	}
	to := offset(a.number(1))
	value, is := m.j.state()
	if key == 0 {
		m.r.put(to, native(value), native(is))
		return true
	}
	if value == stateNew && is == ^uint32(0) && !m.j.written[meaning{"ct", key}] {
		switch key {
		case 1: // direction
			m.r.put(to, []byte{0}, nil) // IP_CT_DIR_ORIGINAL
			return true
		case 2: // status: nobody has expected, answered or redirected it, or its rule was in doubt
			m.r.put(to, native(0), native(1<<0|1<<1|1<<2|1<<5))
			return true
		case 3: // mark
			m.r.put(to, native(0), nil)
			return true
		}
	}
	m.r.forget(to, 16)
	return m.when(maybe, "a rule asks for what is not known of a flow (ct)")
}

// fib asks for the kind of an address (NFT_FIB_RESULT_ADDRTYPE), or for a way to it, which is not known here.
func (m *move) fib(a attributes) {
	const sender, receiver = 1, 2
	to, flags := offset(a.number(1)), a.number(3)
	if a.number(2) == 3 {
		switch {
		case flags&receiver != 0 && flags&0x20 == 0:
			m.r.put(to, native(typeLocal), nil)
			return
		case flags&sender != 0 && flags&0x20 == 0 && flags&0x18 == 0:
			m.r.put(to, native(typeUnicast), nil)
			return
		}
	}
	m.r.forget(to, 16)
}

// The kinds of addresses (linux/rtnetlink.h, RTN_…).
const (
	typeUnicast = 1
	typeLocal   = 2
)
