package client

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
)

// failingSocket gives an error at each read until it has none left, and then a datagram.
type failingSocket struct {
	net.PacketConn
	errs []error
	from net.Addr
}

func (s *failingSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	if len(s.errs) == 0 {
		return copy(b, "hello"), s.from, nil
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return 0, nil, err
}

// Errors that may pass are passed over, up to a number; a deadline and a closed socket end a read at once.
func TestReadFrom(t *testing.T) {
	passing := errors.New("a message sent on a datagram socket was larger than the internal message buffer")
	times := func(n int) (all []error) {
		for range n {
			all = append(all, passing)
		}
		return all
	}
	somebody := &net.UDPAddr{IP: net.IPv4(192, 168, 1, 1), Port: 1900} // in 16 bytes, as the system gives it
	for name, tt := range map[string]struct {
		errs []error
		from net.Addr
		want error // nil: it is read
		left int   // errors
	}{
		"at once":         {from: somebody},
		"after some":      {errs: times(maxReadFailures - 1), from: somebody},
		"after too many":  {errs: times(maxReadFailures + 3), from: somebody, want: passing, left: 3},
		"closed":          {errs: append([]error{net.ErrClosed}, times(2)...), from: somebody, want: net.ErrClosed, left: 2},
		"a deadline":      {errs: append([]error{os.ErrDeadlineExceeded}, times(2)...), from: somebody, want: os.ErrDeadlineExceeded, left: 2},
		"from no address": {from: &net.UnixAddr{Name: "x"}, want: errNoUDP},
	} {
		s := &failingSocket{errs: tt.errs, from: tt.from}
		n, from, err := readFrom(s, make([]byte, 10))
		if !errors.Is(err, tt.want) || len(s.errs) != tt.left {
			t.Errorf("%s: %v, and %d errors are left", name, err, len(s.errs))
		}
		if tt.want == nil && (n != 5 || from != netip.MustParseAddrPort("192.168.1.1:1900")) {
			t.Errorf("%s: %d bytes from %v", name, n, from)
		}
	}
}
