package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

const (
	// The other screen of a terminal keeps what was on the first; the cursor has no place in a table.
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	// recentChanges are shown below the table.
	recentChanges = 8
)

// screen is what watch draws on a terminal. A nil one draws nothing.
type screen struct {
	app     *app
	size    func() (width, height int, ok bool)
	now     func() time.Time
	gateway string // its state, one line
	table   map[client.Key]shownMapping
	recent  []string
}

// shownMapping is an entry as it was last seen.
type shownMapping struct {
	client.PortMapping
	internal string
	seen     time.Time
}

// screen gives a screen when stdout is a terminal and the table is for a person.
func (a *app) screen() *screen {
	if a.JSON || a.env.size == nil {
		return nil
	}
	if _, _, ok := a.env.size(); !ok {
		return nil
	}
	s := &screen{app: a, size: a.env.size, now: time.Now, gateway: "searching for a gateway…", table: map[client.Key]shownMapping{}}
	fmt.Fprint(a, enterScreen)
	s.draw()
	return s
}

// close gives the terminal back as it was.
func (s *screen) close() {
	if s != nil {
		fmt.Fprint(s.app, leaveScreen)
	}
}

// take takes one change in, and draws.
func (s *screen) take(c client.Change) {
	if s == nil {
		return
	}
	switch c.Kind {
	case client.GatewayAppeared, client.GatewayRebooted, client.AddressChanged, client.ConnectionChanged:
		if c.Kind == client.GatewayAppeared {
			clear(s.table)
		}
		state := c.Connection
		if c.Kind == client.AddressChanged {
			state = client.Status{Connected: c.Address.IsValid(), Connection: "no address"}
		}
		s.gateway = fmt.Sprintf("%s  %s  %s", c.Gateway.Name(), connectionText(state), addressWords(c.Address, client.Judge(c.Address)))
	case client.GatewayGone:
		s.gateway = changeText(c)
	case client.MappingRemoved:
		delete(s.table, c.Mapping.Key())
	case client.MappingListed, client.MappingAdded, client.MappingChanged, client.MappingRenewed:
		s.table[c.Mapping.Key()] = shownMapping{c.Mapping, internalText(c.Mapping, c.Gateway, nil), c.Time}
	}
	if c.Kind != client.MappingListed {
		s.recent = append(s.recent, c.Time.Local().Format("15:04:05")+"  "+changeText(c))
		s.recent = s.recent[max(0, len(s.recent)-recentChanges):]
	}
	s.draw()
}

// draw draws everything again: another program may have written on the terminal, and it may have another size now.
func (s *screen) draw() {
	if s == nil {
		return
	}
	width, height, ok := s.size()
	if !ok {
		return
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, line := range s.lines(width, height) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	s.app.Write([]byte(b.String()))
}

// lines are what fits on the terminal: the gateway, as much of the table as there is room for, and what changed last.
func (s *screen) lines(width, height int) []string {
	top := []string{s.gateway, ""}
	var bottom []string
	if len(s.recent) > 0 {
		bottom = append([]string{""}, s.recent[max(0, len(s.recent)-max(1, height/3)):]...)
	}
	middle := s.tableLines()
	if room := max(0, height-len(top)-len(bottom)); len(middle) > room {
		more := len(middle) - max(0, room-1)
		middle = append(middle[:max(0, room-1)], fmt.Sprintf("… and %d more", more))
	}
	all := slices.Concat(top, middle, bottom)
	all = all[:min(len(all), height)]
	for i, line := range all {
		if r := []rune(cli.OneLine(line)); len(r) > width {
			all[i] = string(r[:width-1]) + "…"
		} else {
			all[i] = string(r)
		}
	}
	return all
}

// tableLines is the table, by port, with what remains of the leases by now.
func (s *screen) tableLines() []string {
	if len(s.table) == 0 {
		return []string{"no mappings"}
	}
	rows := [][]string{{"EXTERNAL", "INTERNAL", "REMAINING", "DESCRIPTION"}}
	entries := make([]shownMapping, 0, len(s.table))
	for _, m := range s.table {
		entries = append(entries, m)
	}
	slices.SortFunc(entries, func(a, b shownMapping) int {
		return cmp.Or(cmp.Compare(a.ExternalPort, b.ExternalPort), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.RemoteHost, b.RemoteHost))
	})
	for _, m := range entries {
		left := m.PortMapping
		if left.Lease > 0 {
			left.Lease = max(time.Second, left.Lease-s.now().Sub(m.seen))
		}
		rows = append(rows, []string{externalText(m.PortMapping), m.internal, remainingText(left), m.Description})
	}
	var b strings.Builder
	cli.Align(&b, rows)
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}
