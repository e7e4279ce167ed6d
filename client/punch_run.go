package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/pion/stun/v3"
)

// puncher is one run of Punch. All of it is one goroutine: it sends what is due, then reads until something is due again.
type puncher struct {
	conn    net.PacketConn
	peer    Node
	o       PunchOptions
	targets []*pathEnd
	learnt  int

	heard   bool   // a check of the peer
	peerTie uint64 // 0: not known
	next    time.Time
	mine    *pathEnd // that we have nominated
	agreed  *pathEnd // that the peer has nominated, and we have answered
	done    *pathEnd
	early   [][]byte // what the peer's program has sent already
	sent    bool     // something could be
	unsent  error    // why the last could not that was not
}

// pathEarly bounds what is kept of a peer that is done before us.
const pathEarly = 64

func newPuncher(conn net.PacketConn, peer Node, o PunchOptions) *puncher {
	p := &puncher{conn: conn, peer: peer, o: o}
	for _, t := range p.candidates() {
		t.check, t.nominates = newID(), newID()
		p.targets = append(p.targets, t)
	}
	return p
}

// newID is that of a request: nobody else can know it, so what has it and is no request answers ours.
func newID() (id [stun.TransactionIDSize]byte) {
	rand.Read(id[:])
	return id
}

// run is the target that both sides have agreed on; nil: none in time.
func (p *puncher) run(ctx context.Context) (*pathEnd, error) {
	end := time.Now().Add(p.o.Timeout)
	b := make([]byte, 64<<10)
	for p.done == nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		now := time.Now()
		due, err := p.send(now)
		if err != nil {
			return nil, err
		}
		if !now.Before(end) {
			if !p.sent {
				return nil, fmt.Errorf("nothing could be sent: %w", p.unsent)
			}
			return p.agreed, nil
		}
		if due.After(end) {
			due = end
		}
		if err := p.conn.SetReadDeadline(due); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx) // what was to interrupt the read came before the deadline above
		}
		n, from, err := readFrom(p.conn, b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.settle(time.Now())
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := p.receive(b[:n], from); err != nil {
			return nil, err
		}
		p.settle(time.Now())
	}
	return p.done, nil
}

// send sends the check that is due, if one is, and tells when the next one is.
func (p *puncher) send(now time.Time) (time.Time, error) {
	t := p.first()
	if t == nil {
		return now.Add(lingering), nil
	}
	if at := latest(t.due, p.next); at.After(now) {
		return at, nil
	}
	c := check{class: stun.ClassRequest, id: t.check, tie: p.o.tie}
	if t == p.mine {
		c.id, c.nominate = t.nominates, true
	}
	if err := p.write(c, t.addr); err != nil {
		return now, err
	}
	t.due, p.next = now.Add(resend(t.sent)), now.Add(checkSpacing)
	t.sent++
	if t = p.first(); t == nil {
		return now.Add(lingering), nil
	}
	return latest(t.due, p.next), nil
}

// first is the target whose check is due first; nil: the peer has chosen one, and none is needed any more.
func (p *puncher) first() (first *pathEnd) {
	for _, t := range p.targets {
		if (p.mine == nil || t == p.mine) && p.agreed == nil && (first == nil || t.due.Before(first.due)) {
			first = t
		}
	}
	return first
}

// write sends c. Some targets cannot be sent to, such as those that no route leads to, and a computer may be offline for a moment: only when time is up
// it is told that none could.
func (p *puncher) write(c check, to netip.AddrPort) error {
	switch err := c.send(p.conn, p.o.Key, to); {
	case err == nil:
		p.sent = true
	case errors.Is(err, net.ErrClosed):
		return err
	default:
		p.unsent = err
	}
	return nil
}

// receive takes a datagram.
func (p *puncher) receive(b []byte, from netip.AddrPort) error {
	c, ok := parseCheck(b, p.o.Key)
	switch {
	case ok && c.tie == p.o.tie:
		return nil // our own, sent back to us
	case ok && c.class == stun.ClassSuccessResponse:
		p.answered(c, from)
		return nil
	case ok && p.believes(from):
		if c.class == stun.ClassIndication {
			p.confirmed(c, from)
			return nil
		}
		return p.asked(c, from)
	}
	p.pass(b, from)
	return nil
}

// believes tells whether a check from there is taken for the peer's.
func (p *puncher) believes(from netip.AddrPort) bool {
	return len(p.o.Key) > 0 || slices.ContainsFunc(p.peer.Candidates, func(c Candidate) bool { return c.Addr.Addr() == from.Addr() })
}

// pass gives what is no check to whom it is for.
func (p *puncher) pass(b []byte, from netip.AddrPort) {
	t := p.at(from)
	if _, forged := parseCheck(b, nil); forged {
		return // or of somebody with another key
	}
	switch {
	case t != nil && t.valid:
		if len(p.early) < pathEarly {
			p.early = append(p.early, slices.Clone(b))
		}
		if t == p.agreed {
			p.done = t // it uses the path
		}
	case p.o.Other != nil:
		p.o.Other(b, from)
	}
}

// knows takes note of the peer's tie-breaker, which is believed in an answer to a check of ours alone: a check may be an old one that somebody has
// kept. A peer that begins anew has another, and what was agreed with it before is void.
func (p *puncher) knows(tie uint64) {
	if tie == p.peerTie {
		return
	}
	p.peerTie, p.mine, p.agreed = tie, nil, nil
}

// asked answers a check. A nomination is not answered before a check of ours was: then both sides know that it carries both ways.
func (p *puncher) asked(c check, from netip.AddrPort) error {
	now := time.Now()
	p.heard = true
	t := p.learn(from)
	if t == nil || !t.answers.allows(now) {
		return nil
	}
	if soon := now.Add(checkSpacing); !t.valid && soon.Before(t.due) {
		t.due = soon // RFC 8445 §7.3.1.4
	}
	if c.nominate {
		if !t.valid || c.tie != p.peerTie || c.tie < p.o.tie {
			return nil
		}
		p.agree(t, now)
	}
	return p.write(check{class: stun.ClassSuccessResponse, id: c.id, tie: p.o.tie, mapped: from}, from)
}

// agree takes the peer's nomination of t.
func (p *puncher) agree(t *pathEnd, now time.Time) { p.agreed, t.answered = t, now }

// answered takes an answer to a check of ours. One that comes from elsewhere than where the check went shows where the peer is.
func (p *puncher) answered(c check, from netip.AddrPort) {
	for _, t := range p.targets {
		if c.id != t.check && c.id != t.nominates {
			continue
		}
		p.heard = true
		p.knows(c.tie)
		if from != t.addr {
			p.learn(from)
			return
		}
		t.valid, t.seen = true, c.mapped
		if t == p.mine && c.id == t.nominates {
			p.done = t
			p.write(check{class: stun.ClassIndication, id: newID(), tie: p.o.tie, nominate: true}, t.addr)
		}
		return
	}
}

// confirmed takes it that the peer has our answer to its nomination.
func (p *puncher) confirmed(c check, from netip.AddrPort) {
	if p.agreed != nil && p.agreed.addr == from && c.nominate && c.tie == p.peerTie {
		p.done = p.agreed
	}
}

// settle nominates, or takes for agreed what was not asked again.
func (p *puncher) settle(now time.Time) {
	if a := p.agreed; a != nil && now.Sub(a.answered) >= lingering {
		p.done = a
	}
	if p.done != nil || p.peerTie == 0 || p.o.tie < p.peerTie {
		return
	}
	if m := p.mine; m != nil && now.Sub(m.nominated) < 2*lingering {
		return
	} else if m != nil {
		m.valid, p.mine = false, nil // it carries no longer
	}
	for _, t := range p.targets {
		if t.valid {
			p.mine = t
			t.nominated, t.due = now, now
			t.sent = 0 // so that it comes again while the peer lingers, however long the checks took
			return
		}
	}
}

// latest is the later one of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// limiter bounds how often one address is answered: each by itself, so that somebody who repeats old checks keeps the peer from no answer.
type limiter struct {
	free time.Time // when all of answerBurst is to be had again
}

const (
	answerEvery = 250 * time.Millisecond
	answerBurst = 8
)

// allows tells whether it may be done now.
func (l *limiter) allows(now time.Time) bool {
	if l.free.Before(now) {
		l.free = now
	}
	if l.free.Sub(now) > (answerBurst-1)*answerEvery {
		return false
	}
	l.free = l.free.Add(answerEvery)
	return true
}
