// Command fakeigd is a home router for tests: an emulated Internet gateway that programs find by SSDP and ask for port
// mappings, on loopback or in a network of its own. It needs no root and touches no real router.
package main

import (
	"context"
	"os"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/cli"
)

func main() {
	if lab.IsChild() {
		os.Exit(lab.Child(prepareLab))
	}
	os.Exit(execute(context.Background(), newUI(), os.Args[1:]))
}

// ui is what a command says with, and what it hands to the commands that it runs.
type ui struct {
	cli.UI
	stdin, stdout, stderr *os.File
}

func newUI() *ui {
	return &ui{
		UI:    cli.UI{Program: "fakeigd", Stdout: os.Stdout, Stderr: os.Stderr, Color: cli.WantsColor(os.Stderr)},
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
	}
}
