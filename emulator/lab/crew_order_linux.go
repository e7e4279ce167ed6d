package lab

import (
	"cmp"
	"fmt"
	"syscall"
	"time"
)

// advance starts what can be started now, gives up what never can, and ends the background when nothing else is left.
func (c *crew) advance() *failure {
	for progress := true; progress; {
		progress = false
		for _, m := range c.all {
			if m.pid != 0 || m.ended {
				continue
			}
			why, wait := c.held(m)
			if wait && why == "" {
				c.watch(m)
			}
			switch {
			case why != "":
				m.Skipped, m.ended, progress = why, true, true
			case !wait:
				if fail := c.start(m); fail != nil {
					return fail
				}
				progress = true
			}
		}
	}
	for _, m := range c.all {
		if !m.ended && !m.Background {
			return nil
		}
	}
	for _, m := range c.all {
		if !m.ended && !c.stopping {
			c.stop()
			c.signal(syscall.SIGTERM, false)
			break
		}
	}
	return nil
}

// held is why m can never start, or whether it has to wait.
func (c *crew) held(m *member) (why string, wait bool) {
	if c.stopping {
		return "the lab was ended before", false
	}
	for _, name := range m.cmd.After {
		for _, o := range c.all {
			if o.host.Name != name {
				continue
			}
			stays := o.Background || o.cmd.Ready != ""
			switch {
			case o.Skipped != "":
				return name + " was not started", false
			case stays && o.ready:
			case stays && o.ended:
				return name + " ended before it was ready", false
			case !stays && o.ended && o.Exit != 0:
				return fmt.Sprintf("%s ended with %d", name, o.Exit), false
			case stays || !o.ended:
				wait = true
			}
		}
	}
	return "", wait
}

// slowPort is how long a port may stay unbound before somebody is told who waits for it.
const slowPort = time.Second

// watch bounds how long m waits for ports of what has been started, from when it waits for nothing else: by its own Timeout.
func (c *crew) watch(m *member) {
	if m.watched || c.unready(m) == nil {
		return
	}
	m.watched = true
	time.AfterFunc(slowPort, func() {
		c.happen <- func() {
			if o := c.unready(m); o != nil && m.waits() {
				c.voices.tell(fmt.Sprintf("lab: %s waits until somebody on %s is bound to %s", m.Host, o.Host, o.cmd.Ready))
			}
		}
	})
	if m.cmd.Timeout > 0 {
		time.AfterFunc(m.cmd.Timeout, func() {
			c.happen <- func() {
				if o := c.unready(m); o != nil && m.waits() {
					m.Skipped, m.TimedOut, m.ended = o.Host+" was not ready in time", true, true
				}
			}
		})
	}
}

// unready is a member whose port alone m waits for; nil when it waits for none, or for something else as well.
func (c *crew) unready(m *member) (first *member) {
	for _, name := range m.cmd.After {
		for _, o := range c.all {
			switch {
			case o.Host != name:
			case o.pid != 0 && o.cmd.Ready != "" && !o.ready:
				first = cmp.Or(first, o)
			case o.pid == 0, !o.Background && o.cmd.Ready == "" && !o.ended:
				return nil
			}
		}
	}
	return first
}

// waits tells whether m is to be started still.
func (m *member) waits() bool { return m.pid == 0 && !m.ended }
