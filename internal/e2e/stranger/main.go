// Command stranger runs, on the host of a lab, programs that know nothing of igdkit, one after the other, with something that listens on port
// 8080, and tells as JSON what each said and what the gateway's witness (witness_test.go) then sees. The address at which the witness calls is the
// first that the program says in a line of its own words: "address A", "ExternalIPAddress = A", or "external": "A:PORT".
// The program's home is empty.
//
//	stranger PROGRAM [ARG…] [-- PROGRAM [ARG…]]…
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"time"
)

const (
	here    = "192.168.1.10:8080"
	witness = "192.168.1.1:9"

	// patience is for the program: goupnp waits for ever by itself.
	patience = 25 * time.Second
)

// report is what is told.
type report struct {
	Said string          // on both outputs
	Exit int             // -1: it was still running when patience was at its end
	Told string          // the external address that it told, with or without the port
	Seen json.RawMessage // by the witness
}

func main() {
	l, err := net.Listen("tcp", here)
	if err == nil {
		defer l.Close()
		go echo(l)
		err = runAll(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stranger:", err)
		os.Exit(1)
	}
}

func runAll(args []string) error {
	for len(args) > 0 {
		argv := args
		if i := slices.Index(args, "--"); i >= 0 {
			argv, args = args[:i], args[i+1:]
		} else {
			args = nil
		}
		r, err := run(argv)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", argv[0], err)
		}
	}
	return nil
}

func run(argv []string) (*report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	home, err := os.MkdirTemp("", "igdkit-stranger-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME=", "XDG_STATE_HOME=")
	if err := cmd.Run(); cmd.ProcessState == nil {
		return nil, err
	}
	r := &report{Said: out.String(), Exit: cmd.ProcessState.ExitCode()}
	if m := regexp.MustCompile(`(?m)^(?:address |ExternalIPAddress = | *"external": ")([^"\s]+)(?:",)?$`).FindStringSubmatch(r.Said); m != nil {
		r.Told = m[1]
	}

	c, err := net.DialTimeout("tcp", witness, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintln(c, r.Told); err != nil {
		return nil, err
	}
	if r.Seen, err = io.ReadAll(c); err != nil {
		return nil, err
	}
	return r, nil
}

// echo sends back what comes.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			io.CopyN(c, c, 4)
		}()
	}
}
