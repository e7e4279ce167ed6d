package client_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// A gateway that restarts has the mappings back within a second of its first announcement, wherever it has moved to, and whatever was asked of it
// meanwhile: a connection to nobody is tried again after one second, then two, so that what is under way would learn late.
func TestRebootIsHeard(t *testing.T) {
	for name, tt := range map[string]struct {
		emulator.Reboot
		check time.Duration // 0: none comes now
	}{
		"silent, as it was":       {Reboot: emulator.Reboot{ByeBye: new(false), Downtime: emulator.Duration(20 * time.Second)}},
		"byebye, another port":    {Reboot: emulator.Reboot{NewPorts: true, Downtime: emulator.Duration(20 * time.Second)}},
		"silent, another port":    {Reboot: emulator.Reboot{ByeBye: new(false), NewPorts: true, Downtime: emulator.Duration(3 * time.Second)}},
		"another path":            {Reboot: emulator.Reboot{ByeBye: new(false), NewPaths: true, Downtime: emulator.Duration(3 * time.Second)}},
		"another name and port":   {Reboot: emulator.Reboot{ByeBye: new(false), NewPorts: true, NewUDN: true, Downtime: emulator.Duration(time.Minute)}},
		"BOOTID is the only sign": {Reboot: emulator.Reboot{ByeBye: new(false)}},
		"during a look":           {emulator.Reboot{Downtime: emulator.Duration(3 * time.Second)}, time.Second},
		"during a look, moved":    {emulator.Reboot{NewPorts: true, Downtime: emulator.Duration(3 * time.Second)}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				c := client.New(client.Options{Net: h.pc, Listen: true})
				var all []*client.Mapping
				for port := uint16(8000); port < 8020; port++ {
					m := c.Keep(t.Context(), client.Request{InternalPort: port, CheckInterval: tt.check})
					defer m.Close(t.Context())
					if err := m.Wait(t.Context()); err != nil {
						t.Fatal(err)
					}
					all = append(all, m)
				}
				if time.Sleep(time.Minute); tt.check == 0 {
					time.Sleep(time.Hour) // its BOOTID is known by then
				}
				if err := h.Reboot(tt.Reboot); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(tt.Downtime))
				if n := len(h.table()); n != 0 && tt.Downtime > 0 && tt.check == 0 { // else they may be back already
					t.Fatalf("%d mappings survived", n)
				}
				alive := time.Now()
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if n := len(h.table()); n != len(all) {
					t.Errorf("%d of %d mappings are back after %v", n, len(all), time.Since(alive))
				}
			})
		})
	}
}

// A second restart is repaired as the first one, when the gateway says that it has restarted; one that says nothing of it is looked at when it announces
// itself, and again when it does so soon after.
func TestTwoRestartsInARow(t *testing.T) {
	for name, tt := range map[string]struct {
		reboot emulator.Reboot
		within []time.Duration
	}{
		"BOOTID":     {emulator.Reboot{ByeBye: new(false)}, []time.Duration{time.Second, time.Second, time.Second}},
		"byebye":     {emulator.Reboot{BootID: new(false)}, []time.Duration{time.Second, time.Second, time.Second}},
		"both":       {emulator.Reboot{NewPorts: true}, []time.Duration{time.Second, time.Second, time.Second}},
		"not a word": {emulator.Reboot{ByeBye: new(false), BootID: new(false)}, []time.Duration{time.Second, 10 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				m := client.Keep(t.Context(), client.Request{InternalPort: 8000}, client.Options{Net: h.pc, Listen: true})
				defer m.Close(t.Context())
				if err := m.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				for i, within := range tt.within {
					if err := h.Reboot(tt.reboot); err != nil {
						t.Fatal(err)
					}
					time.Sleep(within)
					synctest.Wait()
					if len(h.table()) != 1 {
						t.Errorf("not back %v after restart %d", within, i+1)
					}
					time.Sleep(3 * time.Second)
				}
			})
		})
	}
}

// Without an ear the same takes until the next look.
func TestRebootIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8000, CheckInterval: time.Minute}, client.Options{Net: h.pc})
		defer m.Close(t.Context())
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := h.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Second)
		if n := len(h.table()); n != 1 {
			t.Errorf("%d mappings", n)
		}
	})
}

// An address of this computer that changes moves the mapping at once; to another port, since the gateway does not let us delete the entry of
// the old address.
func TestNetworkChangeIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8000, AnyPort: true}, client.Options{Net: h.pc})
		defer m.Close(t.Context())
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.77/24"))
		time.Sleep(7 * time.Second)
		synctest.Wait()
		found := false
		for _, m := range h.Mappings() {
			found = found || m.InternalClient.String() == "192.168.1.77"
		}
		if !found {
			t.Errorf("the table is %v", h.table())
		}
	})
}
