package lab

import (
	"os"
	"slices"
	"time"

	"github.com/igdkit/igdkit/internal/procnet"
)

// readyPause is how long a port that nobody is bound to yet is left alone. The kernel tells nobody when that changes, and a connection
// to find out would be one that the program sees.
const readyPause = 5 * time.Millisecond

// look notes whose ports somebody is bound to by now.
func (c *crew) look() {
	for _, m := range c.all {
		if m.awaited() {
			protocol, port, _ := parsePort(m.cmd.Ready) // Check has seen to it
			m.ready = m.bound(protocol, port)
		}
	}
}

// lookAgain is when to look again; nil: for nobody.
func (c *crew) lookAgain() <-chan time.Time {
	if !slices.ContainsFunc(c.all, (*member).awaited) {
		return nil
	}
	return time.After(readyPause)
}

// awaited tells whether m runs and is not ready yet.
func (m *member) awaited() bool { return m.pid != 0 && !m.ready && !m.ended }

// bound tells whether a socket on the host is bound to a port, of TCP to listen.
func (m *member) bound(protocol string, port uint16) (is bool) {
	_ = m.space.Do(func() error {
		for _, table := range []string{protocol, protocol + "6"} {
			f, err := os.Open("/proc/thread-self/net/" + table)
			if err != nil {
				continue // there is no IPv6
			}
			for s := range procnet.Sockets(f) {
				is = is || s.Local.Port() == port && (protocol == "udp" || s.State == procnet.Listen)
			}
			f.Close()
		}
		return nil
	})
	return is
}
