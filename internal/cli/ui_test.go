package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A gateway must not write on the user's terminal.
func TestNothingMovesTheCursor(t *testing.T) {
	var b strings.Builder
	u := &UI{Program: "igdctl", Stdout: &b, Stderr: &b, Color: true}
	evil := "a\x1b[2Jb\r\nc\x00\u202ed\u009be"
	u.Error(evil)
	u.Warn("%s", evil)
	u.Hint(evil)
	u.Print("%s", evil)
	u.Table([][]string{{evil, "x\ty"}})
	const clean = "a [2Jb  c  d e"
	want := "igdctl: \x1b[31merror: \x1b[0m" + clean + "\n" +
		"igdctl: \x1b[33mwarning: \x1b[0m" + clean + "\n" +
		"igdctl: hint: " + clean + "\n" + clean + "\n" + clean + "  x y\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

func TestWaitingIsSaidOnceAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		u := &UI{Program: "igdctl", Stderr: &b}
		// after lets time pass, and gives what was said until then.
		after := func(d time.Duration) string {
			time.Sleep(d)
			synctest.Wait()
			u.mu.Lock()
			defer u.mu.Unlock()
			return b.String()
		}
		over := u.Waiting("searching for a gateway…")
		if said := after(Patience - time.Millisecond); said != "" {
			t.Errorf("said before a second was over: %q", said)
		}
		want := "igdctl: searching for a gateway…\n"
		if said := after(time.Hour); said != want {
			t.Errorf("said %q, want %q", said, want)
		}
		over()

		over = u.Waiting("closing the ports…")
		over()
		if said := after(time.Hour); said != want {
			t.Errorf("said %q although it was over at once", said)
		}
	})
}
