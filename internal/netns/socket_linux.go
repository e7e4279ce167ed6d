package netns

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// socket is one of rtnetlink(7). It belongs to the namespace that it was opened in.
type socket struct {
	fd     int
	buffer [16 << 10]byte // for an answer: of a link it is about 1 KB
}

// openSocket opens one in the namespace of the calling thread, which hears of what is in groups.
func openSocket(groups uint32) (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &socket{fd: fd}, nil
}

func (s *socket) close() {
	if s != nil {
		unix.Close(s.fd)
	}
}

// batchSize is how many requests go to the kernel at once. It keeps the complaint about each until it is read.
const batchSize = 64

// change sends requests, which the kernel serves in their order, also after one that it refuses. It tells of each that it refuses.
func (s *socket) change(all []*nl.NetlinkRequest, refused func(i int, err error)) error {
	for begin := 0; begin < len(all); begin += batchSize {
		part := all[begin:min(begin+batchSize, len(all))]
		last := part[len(part)-1]
		last.Flags |= unix.NLM_F_ACK // of the others the kernel says something only when it refuses them
		var b []byte
		numbers := make(map[uint32]int, len(part))
		for i, r := range part {
			b = append(b, r.Serialize()...)
			numbers[r.Seq] = begin + i
		}
		err := s.exchange(b, func(m *syscall.NetlinkMessage) (over bool) {
			if errno := errorOf(m); errno != 0 {
				if i, ours := numbers[m.Header.Seq]; ours {
					refused(i, errno)
				}
			}
			return m.Header.Seq == last.Seq
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ask sends one request and tells of each message that answers it.
func (s *socket) ask(r *nl.NetlinkRequest, tell func(m *syscall.NetlinkMessage)) error {
	var failed error
	err := s.exchange(r.Serialize(), func(m *syscall.NetlinkMessage) (over bool) {
		switch {
		case m.Header.Seq != r.Seq:
			return false
		case m.Header.Type == unix.NLMSG_ERROR:
			if errno := errorOf(m); errno != 0 {
				failed = errno
			}
			return true
		case m.Header.Type == unix.NLMSG_DONE:
			return true
		}
		tell(m)
		return m.Header.Flags&unix.NLM_F_MULTI == 0
	})
	if err != nil {
		return err
	}
	return failed
}

// exchange sends b and reads until over.
func (s *socket) exchange(b []byte, over func(m *syscall.NetlinkMessage) bool) error {
	if err := unix.Sendto(s.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	for {
		n, _, err := unix.Recvfrom(s.fd, s.buffer[:], 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		messages, err := syscall.ParseNetlinkMessage(s.buffer[:n])
		if err != nil {
			return os.NewSyscallError("netlink", err)
		}
		end := false
		for i := range messages {
			end = over(&messages[i]) || end
		}
		if end {
			return nil
		}
	}
}

// errorOf is what the kernel refuses a request for; 0: it does not.
func errorOf(m *syscall.NetlinkMessage) syscall.Errno {
	if m.Header.Type != unix.NLMSG_ERROR || len(m.Data) < 4 {
		return 0
	}
	return syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
}
