package main

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// A gateway that answers multicast says that it is there, and on SIGTERM that it goes.
func TestServeMulticast(t *testing.T) {
	labtest.Host(t, lab.Options{Spec: []byte("{}")}, func(t *testing.T) {
		me := netip.MustParseAddr("192.168.1.10")
		group, err := emulator.SystemNet().ListenGroup(t.Context(), me, netip.MustParseAddrPort(ssdp.GroupV4))
		if err != nil {
			t.Fatal(err)
		}
		defer group.Close()
		if err := group.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		hear := func(kind ssdp.Kind, location string) {
			t.Helper()
			buf := make([]byte, 8192)
			for {
				n, _, err := group.ReadFrom(buf)
				if err != nil {
					t.Fatalf("waiting for %v: %v", kind, err)
				}
				m, err := ssdp.Parse(buf[:n])
				if err == nil && m.Kind == kind && m.Location == location {
					return
				}
			}
		}
		p := background(t, "fakeigd", "serve", "--listen", me.String(), "--ssdp", "multicast")
		ready := p.object(t)
		hear(ssdp.Alive, ready["location"].(string))
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		hear(ssdp.ByeBye, "")
		if last := p.object(t); last["reason"] != "sigterm" {
			t.Errorf("last line %v", last)
		}
		p.code(t)
	})
}
