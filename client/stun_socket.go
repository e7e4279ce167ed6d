package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// The timers of RFC 8489 §6.2.1: a request is sent stunRequests times, after stunRTO, then twice that, and so on, and the last one is waited
// for stunLast times stunRTO: 39.5 s in all. Of a server whose answers are known to come sooner, a shorter time may be taken for stunRTO.
const (
	stunRTO      = 500 * time.Millisecond
	stunRequests = 7
	stunLast     = 16
	stunUnits    = 1<<(stunRequests-1) - 1 + stunLast // of stunRTO, in all
)

// stunSocket asks STUN servers from one UDP socket, any number of requests at a time.
type stunSocket struct {
	conn  net.PacketConn
	own   bool // to be closed
	trace io.Writer
	// other is handed what belongs to no exchange of ours; nil: it is dropped.
	other func(b []byte, from netip.AddrPort)

	done    chan struct{} // the reader has ended
	mu      sync.Mutex
	failure error // of reading
	pending map[[stun.TransactionIDSize]byte]*stunExchange
}

// openSTUN opens a socket of our own.
func openSTUN(ctx context.Context, o Options, local netip.Addr) (*stunSocket, error) {
	conn, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
	if err != nil {
		return nil, err
	}
	s := onSTUN(conn, o.Trace, nil)
	s.own = true
	return s, nil
}

// onSTUN asks from a socket that belongs to somebody else. Until close nobody else may read from it or set its read deadline; what comes in
// and is not ours goes to other.
func onSTUN(conn net.PacketConn, trace io.Writer, other func(b []byte, from netip.AddrPort)) *stunSocket {
	s := &stunSocket{conn: conn, trace: trace, other: other, done: make(chan struct{}), pending: map[[stun.TransactionIDSize]byte]*stunExchange{}}
	conn.SetReadDeadline(time.Time{}) // one that has passed would leave us deaf
	go s.read()
	return s
}

// close ends reading. A socket of somebody else stays open, without a read deadline.
func (s *stunSocket) close() {
	if s.own {
		s.conn.Close()
		<-s.done
		return
	}
	s.conn.SetReadDeadline(time.Now())
	<-s.done
	s.conn.SetReadDeadline(time.Time{})
}

// local is the address that the socket is bound to.
func (s *stunSocket) local() netip.AddrPort {
	at, _ := addrPortOf(s.conn.LocalAddr())
	return at
}

// read hands out what comes in, until close.
func (s *stunSocket) read() {
	defer close(s.done)
	size := maxSTUN + 1
	if s.other != nil {
		size = 1 << 16 // what others send may be longer, and is to arrive whole
	}
	b := make([]byte, size)
	for {
		n, from, err := readFrom(s.conn, b)
		if err != nil {
			s.fail(err)
			return
		}
		if !s.take(b[:n], from) && s.other != nil {
			s.other(b[:n], from)
		}
	}
}

// fail ends what waits, and what is to come.
func (s *stunSocket) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
	for _, e := range s.pending {
		e.end(stunReply{}, err)
	}
}

// take tells whether a datagram belongs to an exchange.
func (s *stunSocket) take(b []byte, from netip.AddrPort) bool {
	if len(b) > maxSTUN {
		return false
	}
	m := readSTUN(b)
	if m == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.pending[m.TransactionID]
	switch {
	case e == nil:
		return false
	case e.returns:
		if m.Type.Class != stun.ClassRequest {
			return false
		}
		e.end(stunReply{from: from}, nil)
		return true
	case from != e.from && from != e.to:
		return false // nothing that another host sends is believed
	}
	reply, err := replyIn(m)
	if errors.Is(err, errNotSTUN) {
		return false
	}
	reply.from = from
	traceDatagram(s.trace, '<', from, fmt.Append(nil, "binding reply: ", reply.mapped, " ", err))
	e.replies++
	e.end(reply, err)
	return true
}

// stunExchange is one request, its repetitions and its answer.
type stunExchange struct {
	to           netip.AddrPort
	from         netip.AddrPort // who is to answer; zero: to, when prepared. That of to is taken as well, and reply.from tells
	change       byte           // flags of CHANGE-REQUEST
	responsePort uint16         // RESPONSE-PORT; 0: none
	there        bool           // to has answered before, and nothing is asked that it may refuse: what has no reply is lost
	returns      bool           // what is waited for is the request itself, sent to us by ourselves

	request *stun.Message
	got     chan struct{} // closed by the first answer
	reply   stunReply
	err     error
	sent    []time.Time // by await
	replies int         // guarded by the mu of the socket
}

// unanswered is how many requests have had at least so long to be answered. It is called after await.
func (e *stunExchange) unanswered(least time.Duration) (n int) {
	for _, at := range e.sent {
		if time.Since(at) >= least {
			n++
		}
	}
	return n
}

// end keeps the first answer. The mu of the socket is held.
func (e *stunExchange) end(reply stunReply, err error) {
	select {
	case <-e.got:
	default:
		e.reply, e.err = reply, err
		close(e.got)
	}
}

// prepare makes the request, so that the socket knows its answer.
func (s *stunSocket) prepare(e *stunExchange) error {
	request, err := buildSTUN(e.change, e.responsePort)
	if err != nil {
		return err
	}
	if !e.from.IsValid() {
		e.from = e.to
	}
	e.request = request
	return s.expect(e)
}

// expect makes the socket know what answers a request, which may be sent by another.
func (s *stunSocket) expect(e *stunExchange) error {
	e.got = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[e.request.TransactionID] = e
	return s.failure
}

// send sends the request once.
func (s *stunSocket) send(e *stunExchange) error {
	traceDatagram(s.trace, '>', e.to, []byte(e.request.String()))
	_, err := s.conn.WriteTo(e.request.Raw, net.UDPAddrFromAddrPort(e.to))
	return err
}

// ask asks until there is an answer, with rto for stunRTO. Then errSTUNSilent, or the end of ctx, is the error.
func (s *stunSocket) ask(ctx context.Context, e *stunExchange, rto time.Duration) (stunReply, error) {
	if err := s.prepare(e); err != nil {
		return stunReply{}, err
	}
	return e.await(ctx, rto, func() error { return s.send(e) })
}

// await has the request sent until there is an answer.
func (e *stunExchange) await(ctx context.Context, rto time.Duration, send func() error) (stunReply, error) {
	wait := rto
	for i := range stunRequests {
		e.sent = append(e.sent, time.Now())
		if err := send(); err != nil {
			return stunReply{}, err
		}
		if i == stunRequests-1 {
			wait = stunLast * rto
		}
		over := time.NewTimer(wait)
		select {
		case <-e.got:
			over.Stop()
			return e.reply, e.err
		case <-ctx.Done():
			over.Stop()
			return stunReply{}, context.Cause(ctx)
		case <-over.C:
		}
		wait *= 2
	}
	return stunReply{}, errSTUNSilent
}
