// Package nat is the translation table of a NAT after RFC 4787, "NAT Behavioral Requirements for Unicast UDP": which address and port
// a datagram leaves with, and which datagrams get in. It has no sockets, no goroutines and no clock: a [Table] is told the time with
// each packet, answers with the packet as it leaves the NAT, and says why when none does. Whoever carries the bytes, a network in
// memory or a lab, asks it.
//
// A [Behaviour] says how a NAT maps, filters, takes ports, forgets and hairpins. [Parse] reads one as people write it: by a name of
// RFC 3489 or in the terms of RFC 4787, with what differs behind:
//
//	full-cone
//	symmetric,ports=sequential
//	eim/apdf,timeout=30s,refresh=both,hairpin=external
//
// A Table is for one protocol, because a port of UDP and the same port of TCP have nothing to do with each other, and for one gateway,
// which may have several external addresses. The same calls with the same seed give the same answers.
package nat
