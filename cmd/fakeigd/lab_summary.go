package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/cli"
	"github.com/igdkit/igdkit/internal/words"
)

// exitTimedOut is that of timeout(1).
const exitTimedOut = 124

// commandJSON is what has become of a command, as --json tells.
type commandJSON struct {
	Host       string   `json:"host"`
	Home       string   `json:"home"` // "": on the Internet
	Command    []string `json:"command"`
	Background bool     `json:"background"`
	Started    bool     `json:"started"`
	Ok         bool     `json:"ok"`
	Exit       int      `json:"exit"`
	TimedOut   bool     `json:"timed_out"`
	Seconds    float64  `json:"seconds"`
	Why        string   `json:"why"` // it was not started
	Log        string   `json:"log"`
}

// exitOf is the exit code of a lab of several commands: that of the first, in the order of the file, that did not go well.
func exitOf(all []lab.Outcome) int {
	for _, o := range all {
		switch {
		case !o.Failed():
		case o.TimedOut:
			return exitTimedOut
		case o.Skipped == "":
			return o.Exit
		}
	}
	for _, o := range all {
		if o.Failed() {
			return cmp.Or(o.Exit, exitLocal) // what was not started although all others ended well
		}
	}
	return 0
}

// tellLab says what has become of the commands: on stderr, or as a document on stdout.
func (u *ui) tellLab(n lab.Network, all []lab.Outcome, code int) {
	hosts := map[string]lab.Host{}
	for _, h := range n.Hosts {
		hosts[h.Name] = h
	}
	if u.JSON {
		docs := []commandJSON{}
		for _, o := range all {
			h := hosts[o.Host]
			docs = append(docs, commandJSON{
				Host: o.Host, Home: h.Gateway, Command: o.Argv, Background: o.Background, Started: o.Skipped == "", Ok: !o.Failed(),
				Exit: o.Exit, TimedOut: o.TimedOut, Seconds: o.Took.Seconds(), Why: o.Skipped, Log: h.Command.Log,
			})
		}
		u.Document(map[string]any{"commands": docs, "exit": code})
		return
	}
	rows := [][]string{{"HOST", "HOME", "ENDED", "TOOK", "COMMAND"}}
	for _, o := range all {
		home := cmp.Or(hosts[o.Host].Gateway, "the Internet")
		took := o.Took.Round(time.Millisecond).String()
		if o.Skipped != "" {
			took = "–"
		}
		rows = append(rows, []string{o.Host, home, ended(o), took, commandLine(o.Argv)})
	}
	cli.Align(u.stderr, rows)
}

// ended is how a command ended, in a word or two.
func ended(o lab.Outcome) string {
	switch {
	case o.Skipped != "":
		return "not started: " + o.Skipped
	case o.TimedOut:
		return "too slow"
	case o.Stopped && o.Background:
		return "stopped"
	case o.Exit == 0:
		return "well"
	}
	return fmt.Sprintf("with %d", o.Exit)
}

// commandLine is a command as somebody has typed it: see [emulator.Command].
func commandLine(argv []string) string {
	if len(argv) == 3 && argv[0] == "sh" && argv[1] == "-c" {
		return cli.OneLine(argv[2])
	}
	return shellWords(argv)
}

func shellWords(argv []string) string {
	var all []string
	for _, a := range argv {
		all = append(all, words.Shell(a))
	}
	return strings.Join(all, " ")
}
