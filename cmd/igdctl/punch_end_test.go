package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The other end of --pipe is told when this one is interrupted, and when it has not ended its own stdin by then it learns that nobody is there.
func TestPunchPipeInterrupted(t *testing.T) {
	outlivePipes()() // the runtime begins to watch signals outside of any bubble
	for name, tt := range map[string]struct {
		ended bool // the stdin of the other side
		code  int
		says  string
		took  time.Duration
	}{
		"which sends no more":   {true, 0, "", 2 * time.Second},
		"which waits for stdin": {false, exitBroken, "nothing has come from 45.66.77.1:4000 for 1 minute", 62 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				homes := newHomes(t, false, "port-restricted", "restricted")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				codes := [2]chan int{make(chan int, 1), make(chan int, 1)}
				var words [2]strings.Builder
				var sides [2]context.Context
				sides[0], sides[1] = ctx, t.Context()
				for i, line := range []string{"punch 45.66.77.2:4000 --local 4000 --pipe", "punch 45.66.77.1:4000 --local 4000 --pipe"} {
					stdin, keyboard := io.Pipe()
					defer keyboard.Close() // nobody can stop who reads it
					if i == 1 && tt.ended {
						keyboard.Close()
					}
					go func() {
						codes[i] <- run(sides[i], strings.Fields(line), env{net: homes[i], stdin: stdin, stdout: &words[i], stderr: &words[i], patience: 1 << 40})
					}()
				}
				time.Sleep(10 * time.Minute) // what keeps the path alive shows that both are there
				synctest.Wait()
				if len(codes[0])+len(codes[1]) > 0 {
					t.Fatalf("it has ended:\n%s\n%s", &words[0], &words[1])
				}
				cancel()
				began := time.Now()
				if code := <-codes[0]; code != exitInterrupted {
					t.Errorf("interrupted, it exits with %d", code)
				}
				select {
				case code := <-codes[1]:
					if took := time.Since(began); code != tt.code || took > tt.took || !strings.Contains(words[1].String(), tt.says) {
						t.Errorf("the other one exits with %d after %v\n%s", code, took, &words[1])
					}
				case <-time.After(time.Hour):
					t.Error("the other one hangs")
				}
			})
		})
	}
}

// When nobody answers the router's port is closed again: there is no path that a program could use.
func TestPunchClosesThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := newHomes(t, true, "symmetric")[0]
		if got := says(t.Context(), home, "", "punch 45.66.77.9:4000 --local 4000 --server 198.51.100.1"); got.code != exitBroken || !strings.Contains(got.stderr, "igd=45.66.77.1:4000") {
			t.Errorf("%+v", got)
		}
		if got := says(t.Context(), home, "", "list"); got.code != 0 || strings.Contains(got.stdout, "4000") {
			t.Errorf("the router has %+v", got)
		}
	})
}

// What --listen and --forward need is tried before the other side is.
func TestPunchNearSideFirst(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.LocalAddr().String())
	for _, flag := range []string{"--listen " + port, "--forward name..invalid:1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		var out, words strings.Builder
		line := "punch 127.0.0.1:" + freePort(t) + " --local " + freePort(t) + " --wait 1h --json " + flag
		code := run(ctx, strings.Fields(line), env{stdin: strings.NewReader(""), stdout: &out, stderr: &words})
		cancel()
		var doc struct{ Error failureJSON }
		if err := json.Unmarshal([]byte(out.String()), &doc); err != nil || code != exitLocal || !strings.HasPrefix(doc.Error.Message, strings.Join(strings.Fields(flag), " ")) {
			t.Errorf("%s: %d, %s%s", flag, code, &out, &words)
		}
	}
}
