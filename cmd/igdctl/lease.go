package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// lease is the value of --for: a duration as Go writes it, or whole days, such as 7d.
type lease time.Duration

const day = 24 * time.Hour

// Set reads a lease of one second to 49710 days, the largest number that a gateway can be sent.
func (l *lease) Set(s string) error {
	d, err := time.ParseDuration(s)
	if days, found := strings.CutSuffix(s, "d"); err != nil && found && digits(days) {
		n, tooMany := strconv.ParseUint(days, 10, 16)
		if tooMany != nil {
			n = 1 << 16
		}
		d, err = time.Duration(n)*day, nil
	}
	switch {
	case err != nil && digits(s):
		return errors.New("has no unit; " + s + "m are minutes, " + s + "h hours and " + s + "d days")
	case err != nil:
		return errors.New("is no time; examples are 90m, 2h and 7d")
	case d < time.Second:
		return errors.New("is too short; a port is open for a second at least")
	case d > maxLease:
		return errors.New("is too long; --permanent opens a port for ever")
	}
	*l = lease(d)
	return nil
}

const maxLease = 49710 * day // what fits into 32 bits of seconds

// String is what --help shows as the default: none.
func (l *lease) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

// Type is the name of the value in --help.
func (l *lease) Type() string { return "TIME" }
