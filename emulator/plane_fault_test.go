package emulator_test

import (
	"bytes"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/emulator"
)

// listedNotForwarding is the row life-listed-not-forwarding (Technicolor CGA4131COM, tailscale#21208).
func listedNotForwarding() emulator.Fault {
	return emulator.Fault{
		Name: "life-listed-not-forwarding", On: "forward",
		If:   emulator.Condition{Age: emulator.Age{Over: emulator.Duration(time.Hour)}},
		When: emulator.When{Until: "deleted"},
		Do:   emulator.Deed{Drop: true},
	}
}

func TestListedNotForwarding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Faults: []emulator.Fault{listedNotForwarding()}})
		l := listen(t, h.nas, "192.168.1.10:80")
		inner, outer := socket(t, h.nas, "192.168.1.10:5000"), socket(t, h.peer, peerAddr+":7000")
		h.add("TCP", 8080, 80, 0)
		h.add("UDP", 5001, 5000, 0)
		near, far := h.connect(l, external+":8080")
		over := func() (tcp, udp bool) {
			say(t, outer, external+":5001", "datagram")
			inner.SetReadDeadline(time.Now().Add(time.Second))
			_, _, err := inner.ReadFrom(make([]byte, 64))
			return crosses(t, near, far), err == nil
		}
		time.Sleep(time.Hour)
		if tcp, udp := over(); !tcp || !udp {
			t.Errorf("after an hour TCP %v, UDP %v: too soon", tcp, udp)
		}
		time.Sleep(time.Hour)
		if tcp, udp := over(); tcp || udp {
			t.Errorf("after two hours TCP %v, UDP %v still pass", tcp, udp)
		}
		if n := len(h.g.Mappings()); n != 2 {
			t.Errorf("%d mappings are listed", n)
		}
		h.add("TCP", 8080, 80, 0)
		h.add("UDP", 5001, 5000, 0)
		if tcp, udp := over(); tcp || udp {
			t.Errorf("adding again cured TCP %v, UDP %v", tcp, udp)
		}
		if _, err := h.dial(external + ":8080"); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("a new connection: %v", err)
		}
		h.delete("TCP", 8080)
		h.delete("UDP", 5001)
		wantReset(t, "the peer", near)
		h.add("TCP", 8080, 80, 0)
		h.add("UDP", 5001, 5000, 0)
		near, far = h.connect(l, external+":8080")
		if tcp, udp := over(); !tcp || !udp {
			t.Errorf("deleted and added, TCP %v, UDP %v", tcp, udp)
		}
	})
}

// What stops for a time goes on afterwards: TCP sends again, datagrams are lost.
func TestForwardingComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Faults: []emulator.Fault{{
			On: "forward", When: emulator.When{Cycle: &emulator.Cycle{Off: emulator.Duration(time.Minute), On: emulator.Duration(20 * time.Second)}},
			Do: emulator.Deed{Drop: true},
		}}})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		near, far := h.connect(l, external+":8080")
		if !crosses(t, near, far) {
			t.Fatal("it stops too soon")
		}
		time.Sleep(70 * time.Second)
		if crosses(t, far, near) {
			t.Error("it does not stop")
		}
		b := make([]byte, 8)
		start := time.Now()
		if n, err := near.Read(b); err != nil || string(b[:n]) != "over" {
			t.Errorf("it does not go on: %q, %v", b[:n], err)
		}
		// Stopped at 60 s and held at 70 s: tried again after 1, 2, 4, 8 s, of which the last is beyond 80 s. A second had passed.
		if took := time.Since(start); took != 14*time.Second {
			t.Errorf("it goes on after %v", took)
		}
	})
}

func TestForwardVerbs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  emulator.Fault
		dial   error
		took   time.Duration
		passes bool
	}{
		{name: "first SYN lost", fault: emulator.Fault{When: emulator.When{First: 1}, Do: emulator.Deed{Drop: true}}, took: time.Second, passes: true},
		{name: "drop", fault: emulator.Fault{Do: emulator.Deed{Drop: true}}, dial: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "rst", fault: emulator.Fault{Do: emulator.Deed{Close: emulator.RST}}, dial: syscall.ECONNREFUSED},
		{name: "hang", fault: emulator.Fault{Do: emulator.Deed{Hang: true}}},
		{name: "delay", fault: emulator.Fault{Do: emulator.Deed{Delay: emulator.Span{Min: 3 * time.Second, Max: 3 * time.Second}}}, took: 3 * time.Second, passes: true},
		{name: "another port", fault: emulator.Fault{If: emulator.Condition{Arg: map[string]emulator.Test{"NewExternalPort": {Equals: new("9")}}}, Do: emulator.Deed{Drop: true}}, passes: true},
		{name: "second connection", fault: emulator.Fault{When: emulator.When{AfterCount: 1}, Do: emulator.Deed{Close: emulator.RST}}, passes: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.fault.On = "forward"
				h := newHome(t, emulator.Options{Faults: []emulator.Fault{tt.fault}})
				l := listen(t, h.nas, "192.168.1.10:80")
				h.add("TCP", 8080, 80, 0)
				start := time.Now()
				near, err := h.dial(external + ":8080")
				if took := time.Since(start); !errors.Is(err, tt.dial) || took != tt.took {
					t.Fatalf("%v after %v, want %v after %v", err, took, tt.dial, tt.took)
				}
				if err != nil {
					return
				}
				defer near.Close()
				far, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer far.Close()
				for range 3 { // of one connection
					if got := crosses(t, near, far); got != tt.passes {
						t.Errorf("bytes pass: %v", got)
					}
				}
			})
		})
	}
}

func TestForwardedDatagramsAreCountedEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Faults: []emulator.Fault{
			{On: "forward", When: emulator.When{Every: 2}, Do: emulator.Deed{Drop: true}},
			{On: "forward", Do: emulator.Deed{Delay: emulator.Span{Min: time.Minute, Max: time.Minute}}},
		}})
		inner, outer := socket(t, h.nas, "192.168.1.10:5000"), socket(t, h.peer, peerAddr+":7000")
		h.add("UDP", 5001, 5000, 0)
		for _, text := range []string{"1", "2", "3", "4", "5"} {
			say(t, outer, external+":5001", text)
		}
		start := time.Now()
		time.Sleep(time.Minute)
		for _, text := range []string{"1", "3", "5"} {
			hear(t, inner, text, peerAddr+":7000")
		}
		if time.Since(start) != time.Minute {
			t.Errorf("heard after %v", time.Since(start))
		}
	})
}

func TestForwardingInJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Faults: []emulator.Fault{listedNotForwarding()}})
		listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		time.Sleep(2 * time.Hour)
		h.dial(external + ":8080")
		var kinds []string
		for _, e := range h.g.Journal() {
			if e.Kind == "forward.open" || e.Kind == "fault" {
				kinds = append(kinds, e.Kind+" "+e.Name)
				if e.Peer.Addr() != netip.MustParseAddr(peerAddr) {
					t.Errorf("peer %v", e.Peer)
				}
			}
		}
		if len(kinds) != 14 || kinds[0] != "forward.open TCP 8080 → 192.168.1.10:80" || kinds[1] != "fault life-listed-not-forwarding" { // seven SYNs
			t.Errorf("journal %q", kinds)
		}
	})
}

// What nothing passes through is what a gateway takes for unused.
func TestTrafficIsUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Timeline: []emulator.Moment{{
			Every: emulator.Recurrence{Period: emulator.Duration(10 * time.Minute)}, Do: []emulator.Action{{Remove: "unused"}},
		}}})
		l := listen(t, h.nas, "192.168.1.10:80")
		inner, outer := socket(t, h.nas, "192.168.1.10:5000"), socket(t, h.peer, peerAddr+":7000")
		h.add("TCP", 8080, 80, 0)
		h.add("TCP", 8081, 80, 0)
		h.add("UDP", 5001, 5000, 0)
		near, far := h.connect(l, external+":8080")
		listed := func() (ports []uint16) {
			for _, m := range h.g.Mappings() {
				ports = append(ports, m.ExternalPort)
			}
			return ports
		}
		for _, step := range []struct {
			use  func()
			want []uint16
		}{
			{func() {}, []uint16{8080, 8081, 5001}}, // they are new
			{func() { say(t, outer, external+":5001", "in"); crosses(t, near, far) }, []uint16{8080, 5001}},
			{func() { crosses(t, far, near) }, []uint16{8080}}, // out is use as well
			{func() {}, nil},
		} {
			step.use()
			time.Sleep(10 * time.Minute)
			if diff := cmp.Diff(step.want, listed()); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
		}
		hear(t, inner, "in", peerAddr+":7000")
	})
}

func TestTrafficIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		inner, outer := socket(t, h.nas, "192.168.1.10:5000"), socket(t, h.peer, peerAddr+":7000")
		h.add("TCP", 8080, 80, 0)
		h.add("UDP", 5001, 5000, 0)
		near, far := h.connect(l, external+":8080")
		say(t, outer, external+":5001", "datagram")
		say(t, inner, peerAddr+":7000", "answer")
		say(t, outer, external+":5002", "not mapped")
		crosses(t, near, far)
		crosses(t, near, far)
		crosses(t, far, near)
		u, err := url.Parse(h.g.Location())
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/control/WANCommonInterfaceConfig1"
		c := &internetgateway2.WANCommonInterfaceConfig1{}
		c.SOAPClient = goupnpsoap.NewSOAPClient(*u)
		c.SOAPClient.HTTPClient.Transport = h.igd.SOAPClient.HTTPClient.Transport
		for name, count := range map[string]struct {
			ask  func() (uint64, error)
			want uint64
		}{
			"bytes received":   {c.GetTotalBytesReceived, uint64(len("datagram") + 2*len("over"))},
			"bytes sent":       {c.GetTotalBytesSent, uint64(len("answer") + len("over"))},
			"packets received": {func() (uint64, error) { n, err := c.GetTotalPacketsReceived(); return uint64(n), err }, 3},
			"packets sent":     {func() (uint64, error) { n, err := c.GetTotalPacketsSent(); return uint64(n), err }, 2},
		} {
			if got, err := count.ask(); err != nil || got != count.want {
				t.Errorf("%s: %d, %v; want %d", name, got, err, count.want)
			}
		}
	})
}

// The same seed and the same peers give the same journal, byte for byte.
func TestSameTrafficSameJournal(t *testing.T) {
	run := func() string {
		var journal bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Seed: 7, Journal: &journal, Faults: []emulator.Fault{
				{On: "forward", When: emulator.When{Chance: 0.3}, Do: emulator.Deed{Drop: true}},
				{On: "forward", Do: emulator.Deed{Delay: emulator.Span{Min: time.Second, Max: time.Minute}}},
			}})
			l := listen(t, h.nas, "192.168.1.10:80")
			outer := socket(t, h.peer, peerAddr+":7000")
			h.add("TCP", 8080, 80, 0)
			h.add("UDP", 5001, 5000, 0)
			for range 10 {
				say(t, outer, external+":5001", "datagram")
				near, far := h.connect(l, external+":8080")
				crosses(t, near, far)
			}
			h.g.Close()
		})
		return journal.String()
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if n := strings.Count(first, `"kind":"fault"`); n < 10 {
		t.Errorf("only %d faults", n)
	}
}
