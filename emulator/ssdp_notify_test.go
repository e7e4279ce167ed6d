package emulator_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

func TestSSDPAnnouncements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		member := joinGroup(t, host, "192.168.1.10")
		g := startMulticast(t, gateway, emulator.Options{Version: 2, Seed: 11})
		want := announced(2)

		all := listenFor(t, member, time.Second)
		if len(all) != 2*len(want) {
			t.Fatalf("%d announcements at start, want byebye and alive for each of %d targets", len(all), len(want))
		}
		byebye, alive := all[:len(want)], all[len(want):]
		for i, set := range [][]heard{byebye, alive} {
			if d := cmp.Diff(want, targets(set, "NT")); d != "" {
				t.Errorf("set %d (-want +got):\n%s", i, d)
			}
		}
		// UDA 1.1 §1.2.2 and §1.2.3: header order of the standard's listings.
		if d := cmp.Diff([]string{"HOST", "NT", "NTS", "USN", "BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG"}, byebye[0].names); d != "" {
			t.Errorf("byebye (-want +got):\n%s", d)
		}
		names := []string{"HOST", "CACHE-CONTROL", "LOCATION", "NT", "NTS", "SERVER", "USN", "BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG"}
		if d := cmp.Diff(names, alive[0].names); d != "" {
			t.Errorf("alive (-want +got):\n%s", d)
		}
		h := alive[0]
		if h.start != "NOTIFY * HTTP/1.1" || h.get("NTS") != "ssdp:alive" || h.get("LOCATION") != g.Location() || h.from != "192.168.1.1:1900" ||
			h.get("USN") != testUDN+"::upnp:rootdevice" || h.get("CACHE-CONTROL") != "max-age=1800" || byebye[0].get("NTS") != "ssdp:byebye" {
			t.Errorf("alive is %+v, byebye %+v", h, byebye[0])
		}

		// Again at a random point before half of max-age, each time another.
		gaps := map[time.Duration]bool{}
		for range 5 {
			set := listenFor(t, member, 900*time.Second)
			if len(set) < len(want) || set[0].get("NTS") != "ssdp:alive" {
				t.Fatalf("%d announcements within half of max-age", len(set))
			}
			gaps[set[0].after] = true
		}
		if len(gaps) < 4 {
			t.Errorf("announcements come at regular times: %v", gaps)
		}

		bootID := alive[0].get("BOOTID.UPNP.ORG")
		g.Reboot(emulator.Reboot{})
		again := listenFor(t, member, time.Second)
		if len(again) != 2*len(want) || again[0].get("NTS") != "ssdp:byebye" || again[0].get("BOOTID.UPNP.ORG") != bootID {
			t.Errorf("a reboot: %d announcements, the first %+v", len(again), again[0])
		}
		if last := again[len(again)-1]; last.get("NTS") != "ssdp:alive" || len(last.get("BOOTID.UPNP.ORG")) < len(bootID) || last.get("BOOTID.UPNP.ORG") <= bootID {
			t.Errorf("after a reboot: %+v, want a BOOTID above %s", last, bootID)
		}

		if err := g.Close(); err != nil {
			t.Error(err)
		}
		set := listenFor(t, member, time.Hour)
		if d := cmp.Diff(want, targets(set, "NT")); d != "" || set[0].get("NTS") != "ssdp:byebye" {
			t.Errorf("at close (-want +got):\n%s", d)
		}
	})
}

func TestSSDPPendingEndsWithByebye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g := startMulticast(t, gateway, emulator.Options{})
		c := listenPacket(t, host, "192.168.1.10:4000")
		for range 200 { // two thousand replies are asked for, no more than 1024 wait
			send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "5"))
		}
		got := listenFor(t, c, time.Minute)
		if len(got) > 1024 || len(got) < 512 {
			t.Errorf("%d replies to a flood", len(got))
		}
		send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "5"))
		synctest.Wait()
		g.Close()
		if got := listenFor(t, c, time.Minute); got != nil {
			t.Errorf("%d replies from a gateway that said byebye", len(got))
		}
	})
}

// Announcements may be sent more than once, because datagrams get lost; but not after a byebye.
func TestSSDPSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		member := joinGroup(t, host, "192.168.1.10")
		o := emulator.Options{Version: 1}
		o.Dialect.SSDP.Sets = 3
		g := startMulticast(t, gateway, o)
		want := len(announced(1))
		sets := func(all []heard) (said []string) {
			for i := 0; i+want <= len(all); i += want {
				said = append(said, all[i].get("NTS")+" "+all[i].after.String())
			}
			if len(all)%want != 0 {
				t.Errorf("%d messages, want whole sets of %d", len(all), want)
			}
			return said
		}
		bye := []string{"ssdp:byebye 0s", "ssdp:byebye 0s", "ssdp:byebye 0s"}
		start := append(slices.Clone(bye), "ssdp:alive 0s", "ssdp:alive 200ms", "ssdp:alive 400ms")
		if d := cmp.Diff(start, sets(listenFor(t, member, time.Second))); d != "" {
			t.Errorf("at the start (-want +got):\n%s", d)
		}
		g.Reboot(emulator.Reboot{ByeBye: new(false)})
		g.Close() // before the second set of alive
		if d := cmp.Diff(append([]string{"ssdp:alive 0s"}, bye...), sets(listenFor(t, member, time.Second))); d != "" {
			t.Errorf("at the end (-want +got):\n%s", d)
		}
	})
}
