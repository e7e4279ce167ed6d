package client_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// Who keeps pinholes from the start need not have a gateway, an address, or its leave: what is missing is told, and they are open as soon as it is there.
func TestKeepPinholesFromTheStart(t *testing.T) {
	v4, link := netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::10/64")
	for name, tt := range map[string]struct {
		miss, come func(*lan6)
		why        func(error) bool
	}{
		"no gateway": {
			func(h *lan6) { h.router.SetDown(true) }, func(h *lan6) { h.router.SetDown(false) },
			func(err error) bool { return errors.Is(err, client.ErrNoGateway) },
		},
		"no address": {
			func(h *lan6) { h.pc.SetAddrs("eth0", v4, link) },
			func(h *lan6) {
				h.pc.SetAddrs("eth0", v4, link, netip.PrefixFrom(six1, 64), netip.PrefixFrom(six2, 64))
			},
			func(err error) bool { return errors.Is(err, client.ErrNoGlobalAddress) },
		},
		"nobody may": {
			func(h *lan6) { h.SetFirewall(true, false) }, func(h *lan6) { h.SetFirewall(true, true) },
			func(err error) bool { _, ok := errors.AsType[*client.FirewallClosedError](err); return ok },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLAN6(t, emulator.Options{})
				tt.miss(h)
				p := client.KeepPinholes(t.Context(), client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
				defer func() { must(t, p.Close(context.WithoutCancel(t.Context()))) }()
				if all := p.All(); len(all) != 0 {
					t.Errorf("open at once: %v", all)
				}
				for range 10 {
					e := <-p.Events()
					if e.Kind != client.Retrying || e.Pinhole != (client.Pinhole{}) || !tt.why(e.Err) || e.After < 800*time.Millisecond || e.After > 5*time.Minute || !tt.why(p.Err()) {
						t.Fatalf("told was %v, and Err is %v", e, p.Err())
					}
				}
				tt.come(h)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+10*time.Second)
				defer cancel()
				must(t, p.Wait(ctx))
				synctest.Wait()
				events := happened(p)
				if diff := cmp.Diff([]string{"mapped 2001:db8:1::10", "mapped 2001:db8:1::11"}, events[max(0, len(events)-2):]); diff != "" {
					t.Errorf("told (-want +got)\n%s", diff)
				}
				want := []string{"6 *:0 → [2001:db8:1::10]:8080 for 2h0m0s", "6 *:0 → [2001:db8:1::11]:8080 for 2h0m0s"}
				if diff := cmp.Diff(want, h.holes()); diff != "" {
					t.Errorf("open (-want +got)\n%s", diff)
				}
				for _, x := range p.All() {
					if left := time.Until(x.Expires); left < 110*time.Minute || left > 2*time.Hour || x.ID == 0 {
						t.Errorf("%+v ends in %v", x, left)
					}
				}
				if len(p.All()) != 2 || p.Err() != nil || p.Gateway() == nil {
					t.Errorf("open are %v, Err is %v, the gateway is %v", p.All(), p.Err(), p.Gateway())
				}
			})
		})
	}
}

// What is refused to one of several is told of that one, and the others are open.
func TestKeepPinholesRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{Policy: emulator.Policy{Pinholes: emulator.PinholePolicy{Capacity: emulator.CapacityPolicy{Entries: 1}}}})
		p := client.KeepPinholes(t.Context(), client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		first, second := <-p.Events(), <-p.Events()
		if first.Kind != client.Mapped || second.Kind != client.Retrying || second.Pinhole.InternalClient != six2 || second.After == 0 || second.Err == nil || p.Err() == nil {
			t.Errorf("told were %v and %v, Err is %v", first, second, p.Err())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(h.Calls("AddPinhole")); len(p.All()) != 1 || n < 10 || n > 40 {
			t.Errorf("open are %v, after %d tries", p.All(), n)
		}
		must(t, p.Gateway().DeletePinhole(t.Context(), p.All()[0])) // which makes room for one, whichever comes first
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if len(p.All()) != 1 || len(h.Pinholes()) != 1 {
			t.Errorf("open are %v, on the gateway %v", p.All(), h.holes())
		}
		must(t, p.Close(t.Context()))
		if len(p.All()) != 0 || len(h.Pinholes()) != 0 || p.Err() != nil {
			t.Errorf("closed, and open are %v, on the gateway %v; Err is %v", p.All(), h.holes(), p.Err())
		}
	})
}

// Kept pinholes are read by anybody, whatever happens to them meanwhile, and closed by whoever comes first.
func TestPinholesReadAndClosedWhileKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		p := keptPinholes(t, client.PinholeRequest{Port: 8080, Protocol: "both", Lease: 10 * time.Minute, CheckInterval: time.Minute}, client.Options{Net: h.pc})
		ctx, stop := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for ctx.Err() == nil {
					for _, x := range p.All() {
						if x.ID == 0 || x.InternalPort != 8080 || x.Expires.IsZero() {
							t.Errorf("open is %+v", x)
						}
					}
					p.Err()
					if p.Gateway() == nil {
						t.Error("no gateway")
					}
					time.Sleep(700 * time.Millisecond)
				}
			})
		}
		time.Sleep(time.Hour)
		if n := len(p.All()); n != 4 {
			t.Errorf("open are %d, want 4", n)
		}
		must(t, h.Reboot(emulator.Reboot{NewPorts: true, NewUDN: true}))
		time.Sleep(time.Hour)
		h.router.SetDown(true)
		time.Sleep(time.Hour)
		if all := p.All(); len(all) > 0 || p.Err() == nil {
			t.Errorf("the gateway is gone, open are %v, Err is %v", all, p.Err())
		}
		h.router.SetDown(false)
		h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::10/64"), netip.PrefixFrom(six1, 64))
		time.Sleep(time.Hour)
		if n := len(p.All()); n != 2 {
			t.Errorf("open are %d, want 2", n)
		}
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(func() { must(t, p.Close(t.Context())) })
		}
		closers.Wait()
		for range p.Events() { // it ends
		}
		if len(p.All()) != 0 || len(h.Pinholes()) != 0 || p.Err() != nil {
			t.Errorf("closed, and open are %v, on the gateway %v; Err is %v", p.All(), h.holes(), p.Err())
		}
		p.Keep(t.Context())
		time.Sleep(time.Hour)
		if n := len(h.Pinholes()); n != 0 {
			t.Errorf("kept after the end: %d", n)
		}
		stop()
		readers.Wait()
	})
}

// unanswered is a gateway that opens pinholes and does not get to say so, the first few times.
func unanswered(first int) emulator.Fault {
	return emulator.Fault{On: "http.head", If: emulator.Condition{Header: map[string]emulator.Test{"SOAPAction": {Contains: new("#AddPinhole")}}},
		When: emulator.When{First: first}, Do: emulator.Deed{Hang: true}}
}

// Close in the middle of a request that is not answered is over in time, and what that may have opened is closed too.
func TestPinholesClosedWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		must(t, h.AddFault(unanswered(1)))
		p := client.KeepPinholes(t.Context(), client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		for len(h.Pinholes()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if all := p.All(); len(all) > 0 {
			t.Errorf("taken to be open: %v", all)
		}
		began := time.Now()
		must(t, p.Close(t.Context()))
		if took := time.Since(began); took > time.Second || len(h.Pinholes()) != 0 {
			t.Errorf("closed after %v, open are %v", took, h.holes())
		}
		if err := p.Wait(t.Context()); !errors.Is(err, client.ErrClosed) {
			t.Errorf("it waits for %v", err)
		}
	})
}

// Whoever breaks OpenPinholes off has nothing open, not what the gateway opened without an answer either.
func TestOpenPinholesBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		must(t, h.AddFault(unanswered(1)))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := client.OpenPinholes(ctx, client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		if calls := len(h.Calls("AddPinhole")); !errors.Is(err, context.DeadlineExceeded) || calls != 2 || len(h.Pinholes()) != 0 {
			t.Errorf("%v after %d calls, open are %v", err, calls, h.holes())
		}
	})
}

// A gateway that hangs holds Close up for ten seconds at most, and may be asked again.
func TestPinholesCloseInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		p := keptPinholes(t, client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		h.router.Blackhole(true)
		began := time.Now()
		if err := p.Close(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		h.router.Blackhole(false)
		if must(t, p.Close(t.Context())); len(h.Pinholes()) != 0 {
			t.Errorf("open are %v", h.holes())
		}
	})
}

// Wait and Err tell why pinholes never will be open.
func TestPinholesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		for name, tt := range map[string]struct {
			req client.PinholeRequest
			o   client.Options
		}{
			"request": {client.PinholeRequest{Port: 8080, Protocol: "sctp"}, client.Options{Net: h.pc}},
			"options": {client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc, Gateway: "ftp://192.168.1.1/"}},
		} {
			p := client.KeepPinholes(t.Context(), tt.req, tt.o)
			err := p.Wait(t.Context())
			var request *client.RequestError
			var argument *client.ArgumentError
			if !errors.As(err, &request) && !errors.As(err, &argument) || err != p.Err() {
				t.Errorf("%s: it waits for %v, Err is %v", name, err, p.Err())
			}
			e, last := <-p.Events(), true
			for range p.Events() {
				last = false
			}
			if e.Kind != client.Failed || e.Err != err || !last {
				t.Errorf("%s: told was %v", name, e)
			}
			must(t, p.Close(t.Context()))
		}

		h.router.SetDown(true)
		ctx, stop := context.WithCancel(t.Context())
		p := client.KeepPinholes(ctx, client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		soon, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.Wait(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a limit: %v", err)
		}
		stop()
		if err := p.Wait(t.Context()); !errors.Is(err, client.ErrNoGateway) {
			t.Errorf("not kept any more: %v", err)
		}
		p = client.KeepPinholes(ctx, client.PinholeRequest{Port: 8080}, client.Options{Net: h.pc})
		if err := p.Wait(t.Context()); err != client.ErrClosed {
			t.Errorf("never kept: %v", err)
		}
	})
}

// When ctx ends nothing is closed, and nobody is told of anything any more; Close closes it.
func TestPinholesStayWithoutKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		ctx, stop := context.WithCancel(t.Context())
		p := client.KeepPinholes(ctx, client.PinholeRequest{Port: 8080, Lease: time.Hour}, client.Options{Net: h.pc})
		must(t, p.Wait(t.Context()))
		stop()
		var events []client.EventKind
		for e := range p.Events() {
			events = append(events, e.Kind)
		}
		if !slices.Equal(events, []client.EventKind{client.Mapped, client.Mapped}) || len(h.Pinholes()) != 2 || len(p.All()) != 2 || p.Err() != nil {
			t.Errorf("told were %v, open are %v, Err is %v", events, h.holes(), p.Err())
		}
		must(t, p.Close(t.Context()))
		if len(h.Pinholes()) != 0 {
			t.Errorf("open are %v", h.holes())
		}
	})
}
