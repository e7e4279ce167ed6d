package emulator

import (
	"context"
	"net/netip"
	"time"
)

// Wire carries the UDP of a gateway outside of this process, as a lab does, and knows nothing of what a NAT is.
type Wire interface {
	// Carry hands each datagram that comes to the gateway from src to dst to decide, and sends it on with the addresses that decide says,
	// after that delay, or drops it when ok is false. outside tells that it came by the Internet's side, size are the bytes of its
	// payload. What is for the gateway itself is not its business. It returns when ctx ends, with no error then.
	Carry(ctx context.Context, decide Decide) error
}

// Decide says what becomes of a datagram. It may be called by several goroutines at a time.
type Decide = func(src, dst netip.AddrPort, outside bool, size int) (newSrc, newDst netip.AddrPort, delay time.Duration, ok bool)
