package inputrules

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxBytes bounds what is read of a ruleset.
	maxBytes = 16 << 20
	// maxElements bounds the elements of all sets together.
	maxElements = 1 << 17
	// maxReadTime is how long it may take. The kernel answers without waiting for anybody.
	maxReadTime = 2 * time.Second
	// maxTries is how often a ruleset is read that changes meanwhile.
	maxTries = 4
)

// errChanged says that the rules were changed while they were read.
var errChanged = errors.New("the rules change all the time")

func read(ctx context.Context) (*Ruleset, error) {
	ctx, cancel := context.WithTimeout(ctx, maxReadTime)
	defer cancel()
	runtime.LockOSThread() // both questions are to one namespace
	defer runtime.UnlockOSThread()
	for try := 1; ; try++ {
		d := newDecoder()
		err := dumpAll(ctx, d, d.take)
		if errors.Is(err, errChanged) && try < maxTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		rules := d.complete()
		rules.Legacy = legacyTables()
		return rules, nil
	}
}

// legacyTables are those of iptables-legacy in this namespace.
func legacyTables() []string {
	f, err := os.Open("/proc/thread-self/net/ip_tables_names")
	if err != nil {
		return nil // the module is not there
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, 4<<10))
	return strings.Fields(string(b))
}

// dumpAll asks for everything, and then for the elements of those sets that d wants.
func dumpAll(ctx context.Context, d *decoder, take func(kind uint8, b []byte)) error {
	s, err := openSocket(ctx)
	if err != nil {
		return err
	}
	defer unix.Close(s.fd)
	for _, question := range []uint16{unix.NFT_MSG_GETTABLE, unix.NFT_MSG_GETCHAIN, unix.NFT_MSG_GETRULE, unix.NFT_MSG_GETSET} {
		if err := s.dump(question, 0, nil, take); err != nil {
			return err
		}
	}
	for n := range d.rules.sets {
		of := append(attribute(unix.NFTA_SET_ELEM_LIST_TABLE, n.table), attribute(unix.NFTA_SET_ELEM_LIST_SET, n.name)...)
		if err := s.dump(unix.NFT_MSG_GETSETELEM, n.family, of, take); err != nil {
			return err
		}
		if d.elements > maxElements {
			return ErrTooLarge
		}
	}
	return nil
}

// attribute is one that holds a name.
func attribute(kind uint16, text string) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(text)+1))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(append(b, text...), 0)
	return append(b, make([]byte, -len(b)&3)...)
}

// socket asks nf_tables.
type socket struct {
	fd         int
	ctx        context.Context
	sequence   uint32
	left       int // bytes that may still be read
	generation uint16
	begun      bool // generation is set
	buffer     [64 << 10]byte
}

func openSocket(ctx context.Context) (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	wait := unix.NsecToTimeval(int64(maxReadTime))
	err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("netlink", err)
	}
	return &socket{fd: fd, ctx: ctx, left: maxBytes}, nil
}

// dump asks for everything of a kind.
func (s *socket) dump(question uint16, of family, what []byte, take func(kind uint8, b []byte)) error {
	s.sequence++
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+4+len(what)))
	b = binary.NativeEndian.AppendUint16(b, unix.NFNL_SUBSYS_NFTABLES<<8|question)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	b = binary.NativeEndian.AppendUint32(b, s.sequence)
	b = append(b, 0, 0, 0, 0, byte(of), unix.NFNETLINK_V0, 0, 0)
	b = append(b, what...)
	if err := unix.Sendto(s.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	for over := false; !over; {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, _, flags, from, err := unix.Recvmsg(s.fd, s.buffer[:], nil, 0)
		switch kernel, ok := from.(*unix.SockaddrNetlink); {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return context.DeadlineExceeded
		case err != nil:
			return os.NewSyscallError("recvmsg", err)
		case flags&unix.MSG_TRUNC != 0:
			return ErrTooLarge
		case !ok || kernel.Pid != 0:
			continue // from a program
		}
		if s.left -= n; s.left < 0 {
			return ErrTooLarge
		}
		if over, err = s.messages(bytes.Clone(s.buffer[:n]), take); err != nil {
			return err
		}
	}
	return nil
}

// messages takes those of one datagram, and tells whether they were the last.
func (s *socket) messages(b []byte, take func(kind uint8, b []byte)) (over bool, err error) {
	all, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return false, os.NewSyscallError("netlink", err)
	}
	for _, m := range all {
		switch {
		case m.Header.Seq != s.sequence:
			continue
		case m.Header.Flags&unix.NLM_F_DUMP_INTR != 0:
			return false, errChanged
		case m.Header.Type == unix.NLMSG_DONE, m.Header.Type == unix.NLMSG_ERROR:
			if len(m.Data) >= 4 {
				if errno := syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data))); errno != 0 {
					return false, s.refused(errno)
				}
			}
			return true, nil
		}
		if len(m.Data) < 4 {
			continue
		}
		// struct nfgenmsg ends in the last bits of the number of the ruleset.
		if g := binary.BigEndian.Uint16(m.Data[2:]); !s.begun {
			s.generation, s.begun = g, true
		} else if g != s.generation {
			return false, errChanged
		}
		take(uint8(m.Header.Type), m.Data)
	}
	return false, nil
}

// refused is why the kernel does not tell. A table or a set that is not there any more was removed meanwhile.
func (s *socket) refused(errno syscall.Errno) error {
	if errno == unix.ENOENT && s.begun {
		return errChanged
	}
	return errno
}
