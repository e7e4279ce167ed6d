//go:build unix

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

func TestServeSignals(t *testing.T) {
	for _, tt := range []struct {
		signal os.Signal
		reason string
		code   int
	}{
		{syscall.SIGTERM, "sigterm", 0},
		{os.Interrupt, "sigint", exitInterrupted},
		{syscall.SIGHUP, "sighup", exitHungUp},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			p := background(t, "fakeigd", "serve", "--scenario", "igd1", "--scenario", "igd2")
			p.object(t)
			start := time.Now()
			if err := p.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			last, took := p.object(t), time.Since(start)
			if last["event"] != "stopped" || last["reason"] != tt.reason {
				t.Errorf("last line %v", last)
			}
			if code := p.code(t); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if took > time.Second {
				t.Errorf("it took %v to end", took)
			}
		})
	}
}

// `fakeigd serve | head -1` leaves a server that works: events have no reader, and that is all.
func TestServeReaderGone(t *testing.T) {
	p := background(t, "fakeigd", "serve")
	ready := p.object(t)
	if err := p.pipe.Close(); err != nil {
		t.Fatal(err)
	}
	gateway := client.Options{Gateway: ready["location"].(string)}
	for port := range uint16(3) { // each gives an event that cannot be written
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 8080 + port}, gateway); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.code(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Signals go to the command, and its exit code comes back: in run and in the lab.
func TestSignalsReachCommand(t *testing.T) {
	for _, mode := range []string{"run", "lab"} {
		for _, tt := range []struct {
			signal syscall.Signal
			want   string
		}{
			{syscall.SIGTERM, "got terminated"},
			{syscall.SIGINT, "got interrupt"},
			{syscall.SIGHUP, "got hangup"},
		} {
			t.Run(mode+"/"+strings.TrimPrefix(tt.want, "got "), func(t *testing.T) {
				if err := lab.Check(); mode == "lab" && err != nil {
					labtest.Skip(t, err.Error())
				}
				p := background(t, "fakeigd", mode, "--", "peer", "wait")
				if s := p.line(t); s != "started" {
					t.Fatalf("first line %q", s)
				}
				if err := p.Process.Signal(tt.signal); err != nil {
					t.Fatal(err)
				}
				if s := p.line(t); s != tt.want {
					t.Errorf("the command says %q, want %q", s, tt.want)
				}
				if code := p.code(t); code != 7 {
					t.Errorf("exit code %d, want the command's, 7", code)
				}
			})
		}
	}
}
