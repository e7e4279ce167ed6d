package main

import (
	"context"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/hostname"
	"github.com/igdkit/igdkit/internal/udpserve"
)

const (
	dnsPort = 53
	dnsTTL  = 60  // seconds that answers may be kept
	maxDNS  = 512 // bytes of a query, and of an answer: RFC 1035 §4.2.1
)

// resolver answers for the names of a lab over UDP (RFC 1035): with A and AAAA records for those that it knows, with NXDOMAIN for all
// others. It asks nobody.
type resolver struct{ names map[string][]netip.Addr }

// resolver starts one at addr of n.
func (l *labPlays) resolver(ctx context.Context, n emulator.Net, addr netip.Addr) error {
	c, err := n.ListenPacket(ctx, netip.AddrPortFrom(addr, dnsPort))
	if err != nil {
		return err
	}
	l.others = append(l.others, c)
	r := &resolver{l.spec.Names}
	go r.serve(c) // ends when it is closed
	return nil
}

func (r *resolver) serve(c net.PacketConn) {
	udpserve.Serve(c, maxDNS, func(query []byte, from net.Addr) {
		if answer := r.answer(query); answer != nil {
			_, _ = c.WriteTo(answer, from) // who asked asks again
		}
	})
}

// answer is what query gets; nil: nothing.
func (r *resolver) answer(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	h = dnsmessage.Header{
		ID: h.ID, Response: true, OpCode: h.OpCode, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, Authoritative: true,
	}
	q, err := p.Question()
	switch {
	case h.OpCode != 0:
		h.RCode = dnsmessage.RCodeNotImplemented
		return pack(dnsmessage.Message{Header: h})
	case err != nil:
		h.RCode = dnsmessage.RCodeFormatError
		return pack(dnsmessage.Message{Header: h})
	}
	m := dnsmessage.Message{Header: h, Questions: []dnsmessage.Question{q}}
	addrs, known := r.names[hostname.Key(q.Name.String())]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: dnsTTL}
		switch {
		case q.Class != dnsmessage.ClassINET && q.Class != dnsmessage.ClassANY:
		case a.Is4() && (q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeALL):
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && (q.Type == dnsmessage.TypeAAAA || q.Type == dnsmessage.TypeALL):
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return pack(m)
}

// pack writes m, which is short: a question and the few addresses that a name has.
func pack(m dnsmessage.Message) []byte {
	b, err := m.Pack()
	if err != nil || len(b) > maxDNS {
		return nil
	}
	return b
}
