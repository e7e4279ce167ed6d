package lab

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
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
			is = is || listed(bufio.NewScanner(f), protocol, port)
			f.Close()
		}
		return nil
	})
	return is
}

// listed looks for the port in a table of /proc/net: "  0: 0100007F:1F90 00000000:0000 0A …" (proc_pid_net(5)).
func listed(lines *bufio.Scanner, protocol string, port uint16) bool {
	const listening = "0A" // TCP_LISTEN
	suffix := fmt.Sprintf(":%04X", port)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) > 3 && strings.HasSuffix(f[1], suffix) && (protocol == "udp" || f[3] == listening) {
			return true
		}
	}
	return false
}
