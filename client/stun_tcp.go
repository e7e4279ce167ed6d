package client

import (
	"context"
	"encoding/binary"
	"io"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
)

const stunHeader = 20 // bytes: RFC 8489 §5

// askSTUNByTCP asks a server over a connection, where the length in the header tells where a message ends (RFC 8489 §6.2.2). ctx bounds it all. The
// address that it gives is that of the connection, and tells nothing of UDP.
func askSTUNByTCP(ctx context.Context, o Options, local netip.Addr, to netip.AddrPort) (stunReply, error) {
	if local.IsUnspecified() {
		local = netip.Addr{}
	}
	c, err := o.Net.Dial(ctx, "tcp", local, to.String())
	if err != nil {
		return stunReply{}, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	request, err := buildSTUN(0, 0)
	if err != nil {
		return stunReply{}, err
	}
	if _, err := c.Write(request.Raw); err != nil {
		return stunReply{}, err
	}
	b := make([]byte, maxSTUN)
	if _, err := io.ReadFull(c, b[:stunHeader]); err != nil {
		return stunReply{}, err
	}
	size := stunHeader + int(binary.BigEndian.Uint16(b[2:4]))
	if !stun.IsMessage(b[:stunHeader]) || size > maxSTUN {
		return stunReply{}, errNotSTUN
	}
	if _, err := io.ReadFull(c, b[stunHeader:size]); err != nil {
		return stunReply{}, err
	}
	return parseSTUN(b[:size], request.TransactionID)
}
