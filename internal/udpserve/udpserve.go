// Package udpserve reads the requests of a server.
package udpserve

import (
	"errors"
	"net"
	"time"
)

// pause is how long a socket that fails is left alone: what is wrong may pass, and is not to keep a processor busy until then.
const pause = time.Millisecond

// Serve hands what c reads to handle, until c is closed. A datagram of more than size bytes is dropped; on Windows it is an error. b is read into again
// when handle returns.
func Serve(c net.PacketConn, size int, handle func(b []byte, from net.Addr)) {
	for b := make([]byte, size+1); ; {
		n, from, err := c.ReadFrom(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(pause)
		case n <= size:
			handle(b[:n], from)
		}
	}
}
