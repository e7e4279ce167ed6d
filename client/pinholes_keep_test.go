package client_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// keptPinholes opens and keeps what req asks for until the test ends.
func keptPinholes(t *testing.T, req client.PinholeRequest, o client.Options) *client.Pinholes {
	t.Helper()
	p, err := client.OpenPinholes(t.Context(), req, o)
	if err != nil {
		t.Fatal(err)
	}
	p.Keep(t.Context())
	t.Cleanup(func() { p.Close(context.WithoutCancel(t.Context())) })
	for _, e := range happened(p) {
		if !strings.HasPrefix(e, "mapped ") {
			t.Errorf("as it was opened %s was told", e)
		}
	}
	return p
}

// happened gives what was told of p since it was asked last, at most as much as the channel holds.
func happened(p *client.Pinholes) (all []string) {
	for len(p.Events()) > 0 {
		e := <-p.Events()
		all = append(all, strings.TrimSuffix(fmt.Sprint(e.Kind, " ", e.Pinhole.InternalClient), " "+netip.Addr{}.String()))
	}
	return all
}

// A gateway that restarts has the pinholes back within a second of its first announcement, wherever it has moved to.
func TestPinholeRebootIsHeard(t *testing.T) {
	for name, r := range map[string]emulator.Reboot{
		"silent, as it was":       {ByeBye: new(false), Downtime: emulator.Duration(20 * time.Second)},
		"byebye, another port":    {NewPorts: true, Downtime: emulator.Duration(20 * time.Second)},
		"another path":            {ByeBye: new(false), NewPaths: true, Downtime: emulator.Duration(3 * time.Second)},
		"another name and port":   {ByeBye: new(false), NewPorts: true, NewUDN: true, Downtime: emulator.Duration(time.Minute)},
		"BOOTID is the only sign": {ByeBye: new(false)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLAN6(t, emulator.Options{})
				p := keptPinholes(t, client.PinholeRequest{Port: 8080, Lease: 24 * time.Hour}, client.Options{Net: h.pc, Listen: true})
				time.Sleep(time.Hour)
				happened(p)
				must(t, h.Reboot(r))
				time.Sleep(time.Duration(r.Downtime))
				time.Sleep(time.Second)
				synctest.Wait()
				if n := len(h.Pinholes()); n != 2 {
					t.Errorf("%d of 2 pinholes are back a second after the first announcement", n)
				}
				events := happened(p)
				repaired := slices.DeleteFunc(slices.Clone(events), func(e string) bool { return !strings.HasPrefix(e, "repaired ") })
				slices.Sort(repaired)
				if diff := cmp.Diff([]string{"repaired 2001:db8:1::10", "repaired 2001:db8:1::11"}, repaired); diff != "" {
					t.Errorf("%q (-want +got)\n%s", events, diff)
				}
				time.Sleep(time.Minute) // the rest of the announcements is about the same restart
				synctest.Wait()
				if more := happened(p); len(more) > 0 {
					t.Errorf("and then %q", more)
				}
			})
		})
	}
}

// Where announcements are not heard the gateway is asked, and what has gone is open again, after a restart or because somebody has closed it. Nothing is said
// or sent but that while all is well.
func TestPinholesAreChecked(t *testing.T) {
	for name, lose := range map[string]func(context.Context, *lan6, *client.Pinholes) error{
		"restarted": func(_ context.Context, h *lan6, _ *client.Pinholes) error {
			return h.Reboot(emulator.Reboot{NewPorts: true})
		},
		"closed by somebody": func(ctx context.Context, h *lan6, p *client.Pinholes) error {
			for _, x := range p.All() {
				if err := p.Gateway().DeletePinhole(ctx, x); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLAN6(t, emulator.Options{})
				p := keptPinholes(t, client.PinholeRequest{Port: 8080, Lease: 24 * time.Hour, CheckInterval: time.Minute}, client.Options{Net: h.pc})
				time.Sleep(time.Hour + time.Second)
				synctest.Wait()
				if events, adds, looks := happened(p), len(h.Calls("AddPinhole")), len(h.Calls("GetPinholePackets")); len(events) > 0 || adds != 2 || looks != 120 {
					t.Errorf("in an hour %q, opened %d times and asked %d times; want nothing, 2 and 120", events, adds, looks)
				}
				must(t, lose(t.Context(), h, p))
				time.Sleep(61 * time.Second)
				synctest.Wait()
				if n := len(h.Pinholes()); n != 2 {
					t.Errorf("%d of 2 pinholes are back", n)
				}
				if diff := cmp.Diff([]string{"repaired 2001:db8:1::10", "repaired 2001:db8:1::11"}, happened(p)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A gateway that stays away is told about now and then, and once that a pinhole has ended.
func TestPinholeGatewayStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::10/64"), netip.MustParsePrefix("2001:db8:1::10/64"))
		p := keptPinholes(t, client.PinholeRequest{Port: 8080, Lease: time.Hour}, client.Options{Net: h.pc})
		time.Sleep(time.Minute)
		h.router.SetDown(true)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		count := map[string]int{}
		for _, e := range happened(p) {
			count[strings.Fields(e)[0]]++
		}
		if count["lost"] != 1 || count["gateway"] != 1 || count["retrying"] < 20 || count["retrying"] > 60 || len(count) != 3 {
			t.Errorf("in three hours %v", count)
		}
		h.router.SetDown(false)
		time.Sleep(5*time.Minute + 10*time.Second)
		synctest.Wait()
		events := happened(p)
		if n := len(h.Pinholes()); n != 1 || events[len(events)-1] != "repaired 2001:db8:1::10" {
			t.Errorf("%d pinholes when it is back, %q", n, events)
		}
	})
}
