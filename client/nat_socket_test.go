package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// How long a mapping lasts is told between two times of the RFC's search; here it is 60 s.
func TestNATLifetime(t *testing.T) {
	for _, tt := range []struct {
		is      string
		o       emulator.STUNOptions
		ask     time.Duration
		want    BindingLifetime
		unknown string
	}{
		{is: "port-restricted,timeout=1m", ask: 10 * time.Minute, want: BindingLifetime{57 * time.Second, 80 * time.Second}},
		{is: "full-cone,timeout=30s,ports=random", ask: 10 * time.Minute, want: BindingLifetime{28 * time.Second, 40 * time.Second}},
		{is: "symmetric,timeout=2m", ask: 10 * time.Minute, want: BindingLifetime{113 * time.Second, 160 * time.Second}},
		{is: "symmetric-firewall,timeout=30s", ask: time.Minute, want: BindingLifetime{28 * time.Second, 40 * time.Second}},
		{is: "port-restricted,timeout=3s", ask: time.Minute, want: BindingLifetime{0, 5 * time.Second}},
		{is: "port-restricted,timeout=5m", ask: 2 * time.Minute, want: BindingLifetime{2 * time.Minute, 0}},
		{is: "port-restricted,timeout=1m", o: emulator.STUNOptions{Faults: emulator.STUNFaults{Drop: []int{1, 5, 9, 13, 17, 21, 24, 27}}}, ask: 10 * time.Minute, want: BindingLifetime{57 * time.Second, 80 * time.Second}},
		{is: "port-restricted", o: emulator.STUNOptions{Faults: emulator.STUNFaults{NoResponsePort: true}}, ask: time.Minute,
			unknown: "the server cannot answer to another port (RESPONSE-PORT of RFC 5780)"},
	} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			var began []NATPart
			r := newNATStand(t, n, tt.is, tt.o).ask(NATQuery{Lifetime: tt.ask, Begins: func(p NATPart) { began = append(began, p) }})
			if r.Lifetime != tt.want || r.Unknown[PartLifetime] != tt.unknown {
				t.Errorf("%s: %v, %q", tt.is, r.Lifetime, r.Unknown[PartLifetime])
			}
			if !slices.Equal(began, []NATPart{PartMapping, PartLifetime}) {
				t.Errorf("began %v", began)
			}
		})
	}
}

// A program's own socket: its mapping is what is told, what others send to it arrives meanwhile, and it is as before afterwards.
func TestNATBehaviourOfASocket(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newNATStand(t, n, "full-cone", emulator.STUNOptions{})
		conn, err := s.pc.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:5000"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		peer, err := n.Internet("peer", netip.MustParseAddr("198.51.100.40")).ListenPacket(t.Context(), netip.MustParseAddrPort("198.51.100.40:9"))
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		conn.SetReadDeadline(time.Now().Add(-time.Second)) // what the program had set before must not make us deaf
		mapped := netip.MustParseAddrPort("45.66.77.88:5000")
		talk := make(chan struct{})
		go func() {
			defer close(talk)
			for i := range 100 {
				time.Sleep(20 * time.Millisecond)
				peer.WriteTo([]byte(fmt.Sprint("datagram ", i, strings.Repeat(" long", 400))), net.UDPAddrFromAddrPort(mapped))
			}
		}()
		var heard []string
		other := func(b []byte, from netip.AddrPort) {
			if from.String() != "198.51.100.40:9" {
				t.Errorf("%q from %v", b, from)
			}
			heard = append(heard, string(b[:11]))
		}
		r, err := natBehaviourOf(t.Context(), conn, other, NATQuery{Servers: []string{"198.51.100.1"}}, Options{Net: s.pc})
		if err != nil || r.Mapped != mapped || r.Mapping != EndpointIndependent || r.Class != FullCone {
			t.Errorf("%+v, %v", r, err)
		}
		during := len(heard)
		b := make([]byte, 4000)
		for i := during; i < 100; i++ {
			size, _, err := conn.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			heard = append(heard, string(b[:min(size, 11)]))
		}
		<-talk
		for i, got := range heard {
			if want := fmt.Sprintf("%-11s", fmt.Sprint("datagram ", i)); got != want {
				t.Fatalf("datagram %d is %q", i, got)
			}
		}
		if during == 0 {
			t.Error("nothing was handed on")
		}
	})
}

func TestNATBehaviourEnds(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newNATStand(t, n, "port-restricted", emulator.STUNOptions{})
		n.Internet("dead", netip.MustParseAddr("198.51.100.77"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := NATBehaviour(ctx, NATQuery{Servers: []string{"198.51.100.1"}}, Options{Net: s.pc}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := NATBehaviour(ctx, NATQuery{Servers: []string{"198.51.100.1"}, Lifetime: time.Hour}, Options{Net: s.pc}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		began := time.Now()
		if _, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.77"}}, Options{Net: s.pc, Timeout: 2 * time.Second}); !errors.Is(err, errSTUNSilent) {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		for _, q := range []NATQuery{{}, {Servers: []string{"a b"}}, {Servers: make([]string, 9)}, {Servers: []string{"198.51.100.1"}, Lifetime: 25 * time.Hour}, {Servers: []string{"198.51.100.1"}, Lifetime: -1}} {
			_, err := NATBehaviour(t.Context(), q, Options{Net: s.pc})
			if _, ok := errors.AsType[*ArgumentError](err); !ok {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}
