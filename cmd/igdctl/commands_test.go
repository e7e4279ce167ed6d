package main

import (
	"strings"
	"testing"
)

// Only the command that a command line means is made, and it is the one that all of them together would have given.
func TestRootFor(t *testing.T) {
	for line, one := range map[string]bool{
		"open 8080":                             true,
		"--json open 8080":                      true,
		"--interface list open 8080":            true,
		"--interface list --gateway open close": true,
		"open --description close 8080":         true,
		"open --help":                           true,
		"pinhole close 8080":                    true,
		"with 8080 -- igdctl list":              true,
		"":                                      false,
		"--help":                                false,
		"--version":                             false,
		"opne list":                             false,
		"--interface open":                      false,
		"help open":                             false,
		"completion bash":                       false,
		"__complete open --t":                   false,
	} {
		args := strings.Fields(line)
		want, _, _ := newRootCmd(&app{}).Find(args)
		root := rootFor(&app{}, args)
		got, _, _ := root.Find(args)
		if got.CommandPath() != want.CommandPath() {
			t.Errorf("%q means %q, want %q", line, got.CommandPath(), want.CommandPath())
		}
		if all := len(root.Commands()) >= len(commands()); all == one {
			t.Errorf("%q: %d commands were made", line, len(root.Commands()))
		}
	}
}

// A command is made under its own name.
func TestCommandNames(t *testing.T) {
	for _, c := range commands() {
		if made := c.make(&app{}); made.Name() != c.name || len(made.Aliases) > 0 {
			t.Errorf("%q makes %q %q", c.name, made.Name(), made.Aliases)
		}
	}
}
