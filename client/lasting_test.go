package client

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// forgetful is a gateway that drops every entry a time after it was added, or with leased only those that have an end.
func forgetful(after time.Duration, leased bool) *fakeGateway {
	gw := &fakeGateway{address: "203.0.113.7"}
	gw.after = func(action string, m PortMapping) error {
		if action == "AddPortMapping" && (m.Lease > 0 || !leased) {
			time.AfterFunc(after, func() { gw.drop(m.Key()) })
		}
		return nil
	}
	return gw
}

// A gateway that takes leases and does not keep them is asked for an entry without an end, when that is no accident any more.
func TestKeepLeaseDoesNotLast(t *testing.T) {
	for _, after := range []time.Duration{5 * time.Second, time.Minute, 20 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			gw := forgetful(after, true)
			m := kept(t, gw, Request{Protocol: "both", InternalPort: 8080, Lease: 2 * time.Hour}, nil)
			time.Sleep(2 * time.Hour)
			n := gw.count("AddPortMapping")
			for range 24 * 60 {
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(gw.table()) != 2 {
					t.Fatalf("after %s: it is closed, and told to be open: %v, %v", after, m.Entries(), m.Err())
				}
			}
			if got := gw.count("AddPortMapping"); got != n {
				t.Errorf("after %s: %d adds while it stood", after, got-n)
			}

			// What is lost for another reason is asked for with an end, as at first.
			gw.after = nil
			gw.drop(Key{ExternalPort: 8080, Protocol: "TCP"})
			time.Sleep(20 * time.Minute)
			if e := m.Entries(); len(e) != 2 || e[0].Lease.Permanent() || !e[1].Lease.Permanent() {
				t.Errorf("after %s: %+v", after, e)
			}
			m.Close(context.Background())
		})
	}
}

// Accidents do not make an entry that stays for ever, nor does what helps nothing.
func TestKeepAccidents(t *testing.T) {
	key := Key{ExternalPort: 8080, Protocol: "TCP"}
	for name, lives := range map[string][]time.Duration{
		"now and then":         {time.Minute, 3 * time.Hour, time.Minute, time.Minute, 3 * time.Hour, time.Minute},
		"each night":           {24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour},
		"without an end too":   {time.Minute, time.Minute, time.Minute, time.Minute},
		"that one refused too": {time.Minute, time.Minute, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			gw := &fakeGateway{address: "203.0.113.7"}
			gw.before = func(action string, m PortMapping) error {
				if name == "that one refused too" && action == "AddPortMapping" && m.Lease == 0 {
					return fault(soap.ActionNotAuthorized)
				}
				return nil
			}
			m := kept(t, gw, Request{InternalPort: 8080, Lease: 7 * 24 * time.Hour}, nil)
			for _, d := range lives {
				time.Sleep(d)
				gw.drop(key)
				for len(gw.table()) == 0 {
					time.Sleep(time.Second)
				}
			}
			time.Sleep(time.Minute)
			if e := m.Entries(); len(e) != 1 || e[0].Lease.Permanent() {
				t.Errorf("%s: %+v", name, e)
			}
			wantNo(t, m, Lost)
		})
	}
}

// wantNo fails for an event of that kind.
func wantNo(t *testing.T, m *Mapping, kind EventKind) {
	t.Helper()
	for _, k := range kinds(m) {
		if k == string(kind) {
			t.Errorf("event %s", k)
		}
	}
}

// A router that is restarted while it is asked to renew a lease, once, is asked for leases ever after. One that has never taken any is not.
func TestKeepRestartedInAnAdd(t *testing.T) {
	for nth, permanent := range map[int]bool{1: true, 2: false, 5: false} {
		synctest.Test(t, func(t *testing.T) {
			gw, n, down := &fakeGateway{address: "203.0.113.7"}, 0, time.Time{}
			gw.before = func(action string, m PortMapping) error {
				if action == "AddPortMapping" {
					if n++; n == nth {
						down = time.Now()
						return io.EOF
					}
				}
				if !down.IsZero() && time.Since(down) < time.Minute {
					return &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
				}
				return nil
			}
			m := kept(t, gw, Request{InternalPort: 8080, Lease: 2 * time.Hour}, nil)
			time.Sleep(48 * time.Hour)
			if e := m.Entries(); len(e) != 1 || e[0].Lease.Permanent() != permanent {
				t.Errorf("restarted in add %d: %+v", nth, e)
			}
		})
	}
}

// An entry that cannot be renewed, and was deleted to be added anew, counts as closed from then on, whatever came of the add.
func TestKeepRenewedByDeletion(t *testing.T) {
	for name, after := range map[string]error{"refused": fault(soap.ActionNotAuthorized), "unanswered": errReset} {
		synctest.Test(t, func(t *testing.T) {
			gw, adds := &fakeGateway{address: "203.0.113.7"}, 0
			deleted := false
			gw.before = func(action string, m PortMapping) error {
				switch {
				case action == "DeletePortMapping":
					deleted = true
				case deleted:
					return after
				case action == "AddPortMapping":
					if adds++; adds > 1 {
						return fault(soap.ActionNotAuthorized)
					}
				}
				return nil
			}
			m := kept(t, gw, Request{InternalPort: 8080, Lease: 2 * time.Hour}, nil)
			for at := time.Now(); time.Since(at) < 3*time.Hour; time.Sleep(time.Second) {
				synctest.Wait()
				if open, told := len(gw.table()), len(m.Entries()); open != told {
					t.Fatalf("%s, after %s: %d open, and told: %d, %v", name, time.Since(at), open, told, m.Err())
				}
			}
			lost := 0
			for _, k := range kinds(m) {
				if k == string(Lost) {
					lost++
				}
			}
			if !deleted || lost != 1 {
				t.Errorf("%s: deleted %v, told as lost %d times", name, deleted, lost)
			}
		})
	}
}
