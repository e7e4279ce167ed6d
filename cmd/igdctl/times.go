package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parseTime reads a duration as Go writes it, or whole days, such as 7d. Its error continues the words that name the flag.
func parseTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, found := strings.CutSuffix(s, "d"); err != nil && found && digits(days) {
		n, tooMany := strconv.ParseUint(days, 10, 16)
		if tooMany != nil {
			n = 1<<16 - 1
		}
		return time.Duration(n) * day, nil
	}
	switch {
	case err != nil && digits(s):
		return 0, errors.New("has no unit; " + s + "s are seconds, " + s + "m minutes, " + s + "h hours and " + s + "d days")
	case err != nil:
		return 0, errors.New("is no time; examples are 30s, 90m, 2h and 7d")
	}
	return d, nil
}

// lease is the value of --for: one second to 49710 days, the largest number of seconds that a gateway can be sent.
type lease time.Duration

const maxLease = 49710 * day

func (l *lease) Set(s string) error {
	d, err := parseTime(s)
	switch {
	case err != nil:
		return err
	case d < time.Second:
		return errors.New("is too short; a port is open for a second at least")
	case d > maxLease:
		return errors.New("is too long; --permanent opens a port for ever")
	}
	*l = lease(d)
	return nil
}

// String is what --help shows as the default: none.
func (l *lease) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

// Type is the name of the value in --help.
func (l *lease) Type() string { return "TIME" }

// timeout is the value of --timeout.
type timeout time.Duration

func (t *timeout) Set(s string) error {
	d, err := parseTime(s)
	if err == nil && d <= 0 {
		err = errors.New("leaves no time at all")
	}
	if err == nil {
		*t = timeout(d)
	}
	return err
}

func (t *timeout) String() string { return time.Duration(*t).String() }

func (t *timeout) Type() string { return "TIME" }

// endText is an end that lies ahead: with the year when the day could be that of another one.
func endText(end, now time.Time) string {
	if end.Sub(now) > 300*day {
		return end.Local().Format("Mon 2 Jan 2006 15:04")
	}
	return end.Local().Format("Mon 2 Jan 15:04")
}
