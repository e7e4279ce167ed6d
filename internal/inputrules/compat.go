package inputrules

import "encoding/binary"

// match is a condition in the words of iptables, as iptables-nft and ufw write them: a name, a revision, and a structure of
// linux/netfilter/xt_NAME.h in the machine's byte order.
func (m *move) match(a attributes) bool {
	kind, revision, info := a.text(1), a.number(2), xtInfo(a[3])
	t := maybe
	switch {
	case kind == "comment":
		t = yes
	case kind == "tcp" && len(info) >= 12:
		t = m.j.tcp(info)
	case kind == "udp" && len(info) >= 9:
		t = m.j.ports(UDP, info, info[8])
	case kind == "multiport" && revision == 1 && len(info) >= 48:
		t = m.j.multiport(info)
	case kind == "conntrack" && (revision == 2 || revision == 3) && len(info) >= 154:
		t = m.j.conntrack(info)
	case kind == "state" && len(info) >= 4:
		t = m.j.stateIn(binary.NativeEndian.Uint32(info))
	case kind == "addrtype" && revision == 1 && len(info) >= 8:
		t = addressType(info)
	case kind == "pkttype" && len(info) >= 8:
		t = known((info.number(0) == 0) == (info.number(4) == 0)) // PACKET_HOST, or not
	case kind == "limit":
		t = yes // what comes alone is under it
	}
	return m.when(t, "a rule asks for "+kind+" of iptables")
}

// xtInfo is such a structure.
type xtInfo []byte

func (x xtInfo) short(at int) uint16  { return binary.NativeEndian.Uint16(x[at:]) }
func (x xtInfo) number(at int) uint32 { return binary.NativeEndian.Uint32(x[at:]) }

// turned is t, or its contrary where a flag says so.
func turned(t truth, flag bool) truth {
	if flag {
		return not(t)
	}
	return t
}

// ports is the beginning of struct xt_tcp and struct xt_udp: ranges of source and destination.
func (j *judgement) ports(protocol uint8, x xtInfo, inverted byte) truth {
	from, to := j.portNumbers()
	return and(known(j.packet.Protocol == protocol), and(
		turned(known(x.short(0) <= from && from <= x.short(2)), inverted&1 != 0),
		turned(known(x.short(4) <= to && to <= x.short(6)), inverted&2 != 0)))
}

func (j *judgement) portNumbers() (from, to uint16) {
	return binary.BigEndian.Uint16(j.headers.transport[0:]), binary.BigEndian.Uint16(j.headers.transport[2:])
}

// tcp is struct xt_tcp: behind the ports an option, a mask of flags, what is left of them, and what is inverted.
func (j *judgement) tcp(x xtInfo) truth {
	t := j.ports(TCP, x, x[11])
	t = and(t, turned(known(j.headers.transport[13]&x[9] == x[10]), x[11]&4 != 0))
	if x[8] != 0 {
		t = and(t, maybe)
	}
	return t
}

// multiport is struct xt_multiport_v1: up to 15 ports, of which some begin a range that the next one ends.
func (j *judgement) multiport(x xtInfo) truth {
	from, to := j.portNumbers()
	hit := false
	for i := 0; i < min(int(x[1]), 15); i++ {
		low := x.short(2 + 2*i)
		high := low
		if x[32+i] != 0 && i < 14 {
			i++
			high = x.short(2 + 2*i)
		}
		if x[0] != 1 { // not the destination alone
			hit = hit || low <= from && from <= high
		}
		if x[0] != 0 { // not the source alone
			hit = hit || low <= to && to <= high
		}
	}
	return turned(known(hit), x[47] != 0)
}

// conntrack is struct xt_conntrack_mtinfo2 and 3, of which the state is understood and nothing else.
func (j *judgement) conntrack(x xtInfo) truth {
	const byState, calledState = 1, 1 << 13 // XT_CONNTRACK_STATE, and its alias
	if x.short(146)&^calledState != byState {
		return maybe
	}
	// The bits are those of ct state, but for two (XT_CONNTRACK_STATE_…).
	mask := uint32(x.short(150))
	const sourceChanged, destinationChanged, untracked = 1 << 6, 1 << 7, 1 << 8
	states := mask & (stateInvalid | stateEstablished | stateRelated | stateNew)
	if mask&untracked != 0 {
		states |= stateUntracked
	}
	if mask&(sourceChanged|destinationChanged) != 0 && states&stateNew == 0 && j.untracked {
		return maybe
	}
	return turned(j.stateIn(states), x.short(148)&byState != 0)
}

// stateIn tells whether the state of the flow is one of some.
func (j *judgement) stateIn(states uint32) truth {
	value, is := j.state()
	switch {
	case value&states != 0:
		return yes
	case states&^is == 0:
		return no
	case states&^is == ^is:
		return yes // whichever it is
	}
	return maybe
}

// addressType is struct xt_addrtype_info_v1: kinds of addresses of sender and receiver.
func addressType(x xtInfo) truth {
	sender, receiver, flags := x.short(0), x.short(2), x.number(4)
	t := yes
	if sender != 0 {
		t = and(t, turned(known(sender&(1<<typeUnicast) != 0), flags&1 != 0))
	}
	if receiver != 0 {
		t = and(t, turned(known(receiver&(1<<typeLocal) != 0), flags&2 != 0))
	}
	if flags&^3 != 0 && sender != 0 { // of one interface
		t = and(t, maybe)
	}
	return t
}

// target is an action in the words of iptables.
func (m *move) target(a attributes) bool {
	switch kind := a.text(1); kind {
	case "LOG", "NFLOG", "TRACE", "TCPMSS", "SET", "CLASSIFY", "DSCP", "TOS":
		return true
	case "REJECT":
		m.decide(Reject, m.j.place(m.in, false))
		return false
	case "MARK":
		m.j.written[meaning{"meta", 3}] = true
		return true
	case "CONNMARK", "CONNSECMARK", "SECMARK":
		m.j.written[meaning{"meta", 3}], m.j.written[meaning{"ct", 3}] = true, true
		return true
	case "CT": // no tracking, or a helper
		m.j.untracked, m.j.helped = true, true
		return true
	default:
		return m.anything("a rule sends it to " + kind + " of iptables")
	}
}
