package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// otherPort is another place for miniupnpd to serve its description than the one of testdata/miniupnpd.conf.
const otherPort = "http_port=5001"

// otherAddress is another external address.
var otherAddress = netip.MustParseAddr("45.66.77.99")

// forwards tells when the gateway's kernel begins to forward a port.
type forwards struct{ at <-chan time.Time }

// watchForwards listens to the kernel from now on.
func (h *house) watchForwards(t testing.TB) forwards {
	t.Helper()
	m := nftables.NewMonitor() // of everything: asked for rules alone, nftables v0.3.0 waits for the end of a transaction that it filters out
	var events chan *nftables.MonitorEvent
	err := h.gateway.Do(func() (err error) {
		c, err := nftables.New()
		if err != nil {
			return err
		}
		events, err = c.AddMonitor(m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	at := make(chan time.Time, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			rule, ok := e.Data.(*nftables.Rule)
			if ok && e.Type == nftables.MonitorEventTypeNewRule && rule.Chain.Name == "opened" && translates(rule) {
				at <- time.Now()
			}
		}
	}()
	t.Cleanup(func() {
		m.Close()
		<-done
	})
	return forwards{at}
}

func translates(rule *nftables.Rule) bool {
	for _, e := range rule.Exprs {
		if n, ok := e.(*expr.NAT); ok && n.Type == expr.NATTypeDestNAT {
			return true
		}
	}
	return false
}

// next is when the next port begins to be forwarded.
func (f forwards) next(t testing.TB) time.Time {
	t.Helper()
	select {
	case at := <-f.at:
		return at
	case <-time.After(30 * time.Second):
		t.Fatal("no port was forwarded")
		return time.Time{}
	}
}

// event is a line of open --keep --json and of watch --json.
type event struct {
	Event           string `json:"event"`
	External        string `json:"external"`
	PreviousAddress string `json:"previous_address"`
	ExternalIP      string `json:"external_ip"`
}

// until reads events up to the next of that kind.
func (r *running) until(t testing.TB, kind string) event {
	t.Helper()
	for {
		line := r.line(t)
		t.Log(line)
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Event == kind {
			return e
		}
	}
}

// untilText reads lines up to the next that says so.
func (r *running) untilText(t testing.TB, words string) {
	t.Helper()
	for {
		line := r.line(t)
		t.Log(line)
		if strings.Contains(line, words) {
			return
		}
	}
}

// interrupt stops a command that stays, as Ctrl-C does.
func (r *running) interrupt(t testing.TB) {
	t.Helper()
	if err := r.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := r.end(t); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

// TestRebootIsRepaired is the promise of a kept port: a gateway that comes back, on another port and with empty tables, has it again within a second of
// its first announcement.
func TestRebootIsRepaired(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		back wiring
	}{
		"elsewhere":               {nil, wiring{conf: []string{otherPort}}},
		"in the same place":       {nil, wiring{}},
		"named by its location":   {[]string{"--gateway", description}, wiring{conf: []string{otherPort}}},
		"with, for a command":     {nil, wiring{conf: []string{otherPort}}},
		"in its IGD:1 appearance": {nil, wiring{conf: []string{otherPort, "force_igd_desc_v1=yes"}}},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, wiring{}, func(t *testing.T, h *house) {
				h.serve(t, "tcp", 8080)
				forwarded := h.watchForwards(t)
				args := append(tt.args, "open", "--keep", "8080/tcp", "--json")
				if strings.HasPrefix(name, "with") {
					args = append(tt.args, "with", "8080/tcp", "--", "sh", "-c", `trap 'exit 130' INT; echo runs; read word`)
				}
				late := 0
				for range 5 { // each with an igdctl of its own: what is announced soon after a look is looked at later
					r, _ := h.begin(t, command(t, "igdctl"), args...)
					forwarded.next(t)
					if strings.HasPrefix(name, "with") {
						r.untilText(t, "runs")
					} else {
						r.until(t, "mapped")
					}
					h.hears(t, 1)

					h.reboot(t, tt.back)
					back := forwarded.next(t)
					took := back.Sub(h.daemon.alive)
					t.Logf("forwarded again %v after the first announcement, %v after miniupnpd was started", took, back.Sub(h.daemon.started))
					if took > time.Second {
						late++
					}
					if !strings.HasPrefix(name, "with") {
						r.until(t, "repaired")
					}
					h.open(t, "tcp", 8080)
					r.interrupt(t)
					h.closed(t, "tcp", 8080)
					h.reboot(t, wiring{})
				}
				if late > 1 {
					t.Errorf("%d of 5 came later than a second after the first announcement", late)
				}
			})
		})
	}
}

// TestDeletionIsRepaired deletes a kept port behind igdctl's back: it is open again at once where the gateway tells, as miniupnpd does to those who
// subscribe, and otherwise after the check interval. What is told soon after a look is looked at ten seconds after that one.
func TestDeletionIsRepaired(t *testing.T) {
	for name, tt := range map[string]struct {
		every  time.Duration
		within []time.Duration // of each deletion
		args   []string
	}{
		"told": {time.Hour, []time.Duration{2 * time.Second, 12 * time.Second}, nil},
		// Where to search is said, so nothing is listened to. The look that follows an opening is the first.
		"not told": {2 * time.Second, []time.Duration{5 * time.Second, 5 * time.Second}, []string{"--ssdp", "192.168.77.1:1900"}},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, wiring{}, func(t *testing.T, h *house) {
				h.serve(t, "tcp", 8080)
				forwarded := h.watchForwards(t)
				r, _ := h.begin(t, command(t, "igdctl"), append(tt.args, "open", "--keep", "--check", tt.every.String(), "8080/tcp", "--json")...)
				r.until(t, "mapped")
				forwarded.next(t)
				for _, within := range tt.within {
					if got := h.run(t, "upnpc", "-u", description, "-d", "8080", "tcp"); got.code != 0 {
						t.Fatal("upnpc -d failed")
					}
					deleted := time.Now()
					late := forwarded.next(t).Sub(deleted)
					t.Logf("forwarded again %v after the deletion", late)
					if late > within {
						t.Errorf("%v after the deletion, want %v at most", late, within)
					}
					r.until(t, "repaired")
					h.open(t, "tcp", 8080)
				}
				r.interrupt(t)
			})
		})
	}
}

// TestAddressChange restarts the gateway with another external address: watch says so, to people and to programs, and so does open --keep.
func TestAddressChange(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		igdctl := command(t, "igdctl")
		keep, _ := h.begin(t, igdctl, "open", "--keep", "8080/tcp", "--json")
		keep.until(t, "mapped")
		words, _ := h.begin(t, igdctl, "watch")
		words.untilText(t, " is there, ")
		lines, _ := h.begin(t, igdctl, "watch", "--json")
		if e := lines.until(t, "gateway_appeared"); e.ExternalIP != claimed.String() {
			t.Errorf("watch --json begins with the address %q", e.ExternalIP)
		}
		h.hears(t, 3)

		h.reboot(t, wiring{conf: []string{otherPort, fmt.Sprintf("ext_ip=%v", otherAddress)}})
		words.untilText(t, fmt.Sprintf("the external address is %v (public), it was %v (public)", otherAddress, claimed))
		if e := lines.until(t, "address_changed"); e.ExternalIP != otherAddress.String() || e.PreviousAddress != claimed.String() {
			t.Errorf("watch --json: %+v", e)
		}
		if e := keep.until(t, "address_changed"); e.External != otherAddress.String()+":8080" || e.PreviousAddress != claimed.String() {
			t.Errorf("open --keep --json: %+v", e)
		}
		keep.interrupt(t)
		words.interrupt(t)
		lines.interrupt(t)
	})
}

// hears returns when as many sockets of the LAN's host are in the group that gateways announce themselves to. It looks every 10 ms, as the kernel tells
// nobody.
func (h *house) hears(t testing.TB, sockets int) {
	t.Helper()
	next := time.NewTicker(10 * time.Millisecond)
	defer next.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-next.C {
		var table []byte
		err := h.lan.Do(func() (err error) {
			table, err = os.ReadFile("/proc/thread-self/net/igmp")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		users := 0
		_, eth0, _ := strings.Cut(string(table), "eth0")
		for line := range strings.Lines(eth0) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "FAFFFFEF" { // 239.255.255.250
				users, _ = strconv.Atoi(f[1])
			}
		}
		if users == sockets {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets hear announcements, want %d\n%s", users, sockets, table)
		}
	}
}

// TestDeaf has another program hold the port that announcements come to: that is said once, and the rest works.
func TestDeaf(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		var taken net.PacketConn
		err := h.lan.Do(func() (err error) {
			taken, err = net.ListenPacket("udp4", ":1900")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		h.serve(t, "tcp", 8080)
		r, _ := h.begin(t, command(t, "igdctl"), "open", "--keep", "8080/tcp", "4500:8080/tcp", "--json")
		r.until(t, "mapped")
		r.until(t, "mapped")
		h.open(t, "tcp", 8080)
		r.interrupt(t)
		warning := "igdctl: warning: announcements are not heard, and a restart of the gateway is noticed later: "
		if said := r.stderr.String(); strings.Count(said, "warning") != 1 || !strings.Contains(said, warning) || !strings.Contains(said, "address already in use") {
			t.Errorf("it says %q, want one warning", said)
		}
		h.closed(t, "tcp", 8080)

		// A command that ends at once wants no such port.
		if got := h.igdctl(t, "open", "8080/tcp"); got.code != 0 || got.stderr != "" {
			t.Errorf("exit code %d: %s", got.code, got.stderr)
		}
	})
}
