package netns

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// carry returns when the ends, which are of n, carry.
func (n *Namespace) carry(ctx context.Context, ends []End) error {
	waiting, err := n.silent(ends)
	if len(waiting) == 0 || err != nil {
		return err
	}
	// From here on something of what happens is heard, if not all: the kernel holds little of what nobody reads. So it is asked again.
	var news *socket
	if err := n.Do(func() (err error) { news, err = openSocket(unix.RTMGRP_LINK); return err }); err != nil {
		return err
	}
	defer news.close()
	for {
		if waiting, err = n.silent(waiting); len(waiting) == 0 || err != nil {
			return err
		}
		if err := news.hear(ctx); err != nil {
			return fmt.Errorf("interface %s did not come up: %w", waiting[0].Name, err)
		}
	}
}

// silent are those that do not carry yet.
func (n *Namespace) silent(ends []End) ([]End, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var failed error
	return slices.DeleteFunc(slices.Clone(ends), func(e End) (carries bool) {
		index, err := n.indexOf(e.Name)
		if err == nil {
			m := nl.NewIfInfomsg(unix.AF_UNSPEC)
			m.Index = int32(index)
			err = n.list(request(unix.RTM_GETLINK, 0, m, briefly()), func(l link) { carries = l.up })
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("interface %s: %w", e.Name, err)
		}
		return carries
	}), failed
}

// hear waits for news, which are thrown away.
func (s *socket) hear(ctx context.Context) error {
	const step = 20 * time.Millisecond // after which ctx is looked at
	for ctx.Err() == nil {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, int(step/time.Millisecond))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("link news: %w", err)
		}
		if n <= 0 {
			continue
		}
		for err == nil { // ENOBUFS is news, too
			_, _, err = unix.Recvfrom(s.fd, s.buffer[:], unix.MSG_DONTWAIT)
		}
		return nil
	}
	return ctx.Err()
}
