package emulator

import (
	"encoding/binary"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// RFC 8489 §6.2.2: messages one after the other over a connection, however they are cut. What only a datagram can do is refused, and what is no STUN ends it.
func TestSTUNByTCP(t *testing.T) {
	inSTUN(t, STUNOptions{TCP: true}, func(s *stunStand) {
		c, err := s.server.options.Net.Dial(t.Context(), "tcp", netip.Addr{}, s.server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer := c.LocalAddr().String()
		c.SetDeadline(time.Now().Add(time.Second))
		request, refused := bindingRequest(), bindingRequest(changeRequest(2))
		for _, part := range [][]byte{request[:7], append(append([]byte{}, request[7:]...), refused...), bindingRequest(stun.Fingerprint)} {
			if _, err := c.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{
			"success response XOR=" + peer + " MAPPED-ADDRESS=" + peer + " RESPONSE-ORIGIN=198.51.100.1:3478 OTHER-ADDRESS=198.51.100.2:3479",
			"error response 400",
			"success response XOR=" + peer + " MAPPED-ADDRESS=" + peer + " RESPONSE-ORIGIN=198.51.100.1:3478 OTHER-ADDRESS=198.51.100.2:3479 fingerprint",
		} {
			b := make([]byte, maxSTUN)
			if _, err := io.ReadFull(c, b[:stunHeader]); err != nil {
				t.Fatal(err)
			}
			size := stunHeader + int(binary.BigEndian.Uint16(b[2:4]))
			if _, err := io.ReadFull(c, b[stunHeader:size]); err != nil {
				t.Fatal(err)
			}
			if got := saidBySTUN(t, b[:size]); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		c.Write([]byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"))
		if n, err := c.Read(make([]byte, 100)); err == nil {
			t.Errorf("%d bytes answer what is no STUN", n)
		}
	})
}
