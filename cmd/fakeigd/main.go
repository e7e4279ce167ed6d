// Command fakeigd is a home router for tests: an emulated Internet gateway that programs find by SSDP and ask for port
// mappings, on loopback or in a network of its own. It needs no root and touches no real router.
package main

import (
	"context"
	"os"

	"github.com/igdkit/igdkit/emulator/lab"
)

func main() {
	if lab.IsChild() {
		os.Exit(lab.Child(startInLab))
	}
	u := &ui{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, color: wantsColor(os.Stderr)}
	os.Exit(execute(context.Background(), u, os.Args[1:]))
}

// wantsColor reports whether f is a terminal whose owner has not asked for plain text (no-color.org).
func wantsColor(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
