package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// wire is the Wire of one gateway. nftables hands what crosses the gateway by UDP to one transparent socket (TPROXY), which tells where each
// datagram was to go; a raw socket sends it on, from whatever address the gateway is to show.
type wire struct {
	in      *ipv4.PacketConn
	out     *ipv4.RawConn
	outside int // the number of the interface on the Internet's side
	delayed atomic.Int32
	ids     uint16 // of fragments
}

const (
	wireMark = 1 // of packets on their way to the transparent socket

	// wireBatch is how many datagrams are read and sent by one call of the system.
	wireBatch = 32

	// wireBuffer is what the kernel holds for a gateway that is busy: more is lost, as on any router.
	wireBuffer = 4 << 20

	// maxDelayed bounds what waits for its delay to be over.
	maxDelayed = 4096
)

// openWire takes over the UDP of a gateway. What comes waits until Carry is called.
func (s *site) openWire() (Wire, error) {
	w := &wire{}
	err := s.space.Do(func() (err error) {
		lc := net.ListenConfig{Control: transparent}
		// Of loopback, where nobody else's datagram finds it: one that it sends, and gets back, would go round.
		c, err := lc.ListenPacket(context.Background(), "udp4", net.JoinHostPort(loopback().String(), "0"))
		if err != nil {
			return err
		}
		w.in = ipv4.NewPacketConn(c)
		ifi, err := net.InterfaceByName(wanInterface)
		if err != nil {
			return err
		}
		w.outside = ifi.Index
		w.out, err = openRaw()
		return err
	})
	if err == nil {
		err = s.space.TakeMarked(wireMark)
	}
	if err == nil {
		err = s.divert(uint16(w.in.LocalAddr().(*net.UDPAddr).Port))
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("lab: carry UDP: %w", err)
	}
	return w, nil
}

// loopback is the address of the transparent socket.
func loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

// transparent makes a socket receive what is addressed to others.
func transparent(_, _ string, c syscall.RawConn) error {
	var failed error
	set := func(fd uintptr) {
		for _, o := range [][3]int{
			{unix.SOL_IP, unix.IP_TRANSPARENT, 1},
			{unix.SOL_IP, unix.IP_RECVORIGDSTADDR, 1},
			{unix.SOL_IP, unix.IP_PKTINFO, 1},
			{unix.SOL_IP, unix.IP_RECVTTL, 1},
			{unix.SOL_IP, unix.IP_RECVTOS, 1},
		} {
			if err := unix.SetsockoptInt(int(fd), o[0], o[1], o[2]); err != nil && failed == nil {
				failed = os.NewSyscallError("setsockopt", err)
			}
		}
		enlarge(int(fd), unix.SO_RCVBUFFORCE, unix.SO_RCVBUF)
	}
	return errors.Join(c.Control(set), failed)
}

// enlarge gives a socket a buffer as large as it may have.
func enlarge(fd, force, ask int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, wireBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, ask, wireBuffer)
	}
}

func openRaw() (*ipv4.RawConn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_RAW)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	enlarge(fd, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF)
	file := os.NewFile(uintptr(fd), "raw")
	defer file.Close() // the connection has a copy
	c, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	return ipv4.NewRawConn(c)
}

// divert makes the gateway's kernel hand UDP that crosses it to the socket at port.
func (s *site) divert(port uint16) error {
	n := s.kern
	n.mu.Lock()
	defer n.mu.Unlock()
	udp := []expr.Any{meta(expr.MetaKeyL4PROTO), equals([]byte{unix.IPPROTO_UDP})}
	rule := func(c *nftables.Chain, exprs ...expr.Any) { n.rule(c, 0, append(udp[:2:2], exprs...)...) }
	// Nothing of it is the kernel's affair, which would keep a table of its own and find other ports where two flows look alike to it.
	for _, hook := range []*nftables.ChainHook{nftables.ChainHookPrerouting, nftables.ChainHookOutput} {
		c := n.conn.AddChain(&nftables.Chain{
			Name: fmt.Sprintf("untracked-%d", *hook), Table: n.table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityRaw,
		})
		rule(c, &expr.Notrack{})
	}
	c := n.conn.AddChain(&nftables.Chain{
		Name: "divert", Table: n.table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityMangle,
	})
	accept := &expr.Verdict{Kind: expr.VerdictAccept}
	lan := s.LAN.Masked()
	mask := binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-lan.Bits()))
	for _, own := range [][]expr.Any{
		{meta(expr.MetaKeyPKTTYPE), differs([]byte{unix.PACKET_HOST})}, // SSDP and the like
		{meta(expr.MetaKeyIIFNAME), named("lo")},
		{meta(expr.MetaKeyIIFNAME), named(lanInterface), destination(), masked(mask), equals(lan.Addr().AsSlice())}, // the resolver's, say
		{&expr.Socket{Key: expr.SocketKeyWildcard, Register: 1}, equals([]byte{0})},                                 // what has a socket at that address
	} {
		rule(c, append(own, accept)...)
	}
	rule(c,
		load(1, native(wireMark)), &expr.Meta{Key: expr.MetaKeyMARK, Register: 1, SourceRegister: true},
		load(1, loopback().AsSlice()), load(2, binaryutil.BigEndian.PutUint16(port)),
		&expr.TProxy{Family: unix.NFPROTO_IPV4, TableFamily: unix.NFPROTO_IPV4, RegAddr: 1, RegPort: 2},
		accept)
	return n.conn.Flush()
}

func (w *wire) close() {
	if w.in != nil {
		w.in.Close()
	}
	if w.out != nil {
		w.out.Close()
	}
}

// Carry is Wire's.
func (w *wire) Carry(ctx context.Context, decide Decide) error {
	stop := context.AfterFunc(ctx, w.close)
	defer stop()
	defer w.close()
	var from []ipv4.Message // as many as have come at once
	to := make([]ipv4.Message, wireBatch)
	for i := range to {
		to[i] = ipv4.Message{Buffers: make([][]byte, 1)}
	}
	for n := 0; ; {
		for n == len(from) && len(from) < wireBatch {
			from = append(from, ipv4.Message{Buffers: [][]byte{make([]byte, 1<<16)}, OOB: make([]byte, 256)})
		}
		var err error
		n, err = w.in.ReadBatch(from, 0)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("lab: carry UDP: %w", err)
		case err != nil:
			time.Sleep(time.Millisecond) // an error of one datagram is nobody's, and what else is wrong may pass
			continue
		}
		sending := 0
		for i := range from[:n] {
			d, ok := w.read(&from[i])
			if !ok {
				continue
			}
			w.ids++
			d.id = max(w.ids, 1)
			var delay time.Duration
			if d.src, d.dst, delay, ok = decide(d.src, d.dst, d.outside, len(d.payload)); !ok {
				continue
			}
			if delay > 0 {
				w.later(ctx, d, delay)
				continue
			}
			sending = d.packets(to, sending, w.send)
		}
		w.send(to[:sending])
	}
}

// later sends d when its delay is over.
func (w *wire) later(ctx context.Context, d datagram, delay time.Duration) {
	if w.delayed.Add(1) > maxDelayed {
		w.delayed.Add(-1)
		return
	}
	d.payload = append([]byte(nil), d.payload...)
	time.AfterFunc(delay, func() {
		defer w.delayed.Add(-1)
		if ctx.Err() != nil {
			return
		}
		to := make([]ipv4.Message, 1)
		to[0].Buffers = make([][]byte, 1)
		w.send(to[:d.packets(to, 0, w.send)])
	})
}

// send sends packets. What cannot be sent is lost.
func (w *wire) send(packets []ipv4.Message) {
	for len(packets) > 0 {
		n, err := w.out.WriteBatch(packets, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n == 0 {
			n = 1 // the first is what failed
		}
		packets = packets[n:]
	}
}
