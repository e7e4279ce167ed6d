package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// people are those who come to a rendezvous in memory.
type people struct {
	t    *testing.T
	host *emulator.Host
}

func newRendezvous(t *testing.T) people {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	h := n.Internet("meet", netip.MustParseAddr("198.51.100.10"))
	l, err := h.Listen(t.Context(), netip.MustParseAddrPort("198.51.100.10:4000"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- serveRendezvous(t.Context(), l) }()
	t.Cleanup(func() {
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return people{t, h}
}

func (p people) dial() net.Conn {
	p.t.Helper()
	c, err := p.host.Dial(p.t.Context(), "tcp4", netip.Addr{}, "198.51.100.10:4000")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return c
}

// come is somebody at a port who goes to a room; the result is whom he met, and the key.
func (p people) come(room string, port uint16) <-chan string {
	c := p.dial()
	met := make(chan string, 1)
	go func() {
		at := netip.AddrPortFrom(netip.MustParseAddr("45.66.77.88"), port)
		i, err := meet(p.t.Context(), c, hello{room, client.Node{Candidates: []client.Candidate{{Kind: client.MappedCandidate, Addr: at}}}})
		if err != nil {
			met <- err.Error()
			return
		}
		met <- fmt.Sprintf("%v %x", i.Peer, i.Key)
	}()
	synctest.Wait()
	return met
}

func TestRendezvous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRendezvous(t)
		a, x := p.come("garden", 1), p.come("cellar", 9)
		b := p.come("garden", 2)
		c, d := p.come("garden", 3), p.come("garden", 4)
		var keys []string
		for i, met := range []<-chan string{a, b, c, d} {
			peer, key, _ := strings.Cut(<-met, " ")
			if want := fmt.Sprintf("45.66.77.88:%d", []int{2, 1, 4, 3}[i]); peer != want || len(key) != 2*keyBytes {
				t.Errorf("number %d met %s with key %q, want %s", i, peer, key, want)
			}
			keys = append(keys, key)
		}
		if keys[0] != keys[1] || keys[2] != keys[3] || keys[0] == keys[2] {
			t.Errorf("keys %q", keys)
		}
		if got := <-x; got != "the rendezvous let us go: nobody came, or it is full" {
			t.Error(got)
		}
	})
}

// Who has gone is met by nobody, and nonsense does not harm.
func TestRendezvousGoneAndNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRendezvous(t)
		gone := p.dial()
		fmt.Fprintln(gone, `{"room":"garden","node":"45.66.77.88:1"}`)
		synctest.Wait()
		gone.Close()
		for _, says := range []string{"GET / HTTP/1.1\r\n\r\n", `{"room":""}`, `{"room":"x","node":"nowhere"}`, strings.Repeat(" ", 2*maxMessage)} {
			c := p.dial()
			c.SetDeadline(time.Now().Add(time.Minute))
			io.WriteString(c, says)
			if got, err := io.ReadAll(c); len(got) > 0 || err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("%.20q is answered with %q, %v", says, got, err)
			}
		}
		a, b := p.come("garden", 2), p.come("garden", 3)
		if got := <-a; !strings.HasPrefix(got, "45.66.77.88:3 ") {
			t.Error(got)
		}
		<-b
		for i := range maxWaiting {
			fmt.Fprintf(p.dial(), `{"room":"%d","node":"45.66.77.88:1"}`, i)
		}
		synctest.Wait()
		if got := <-p.come("late", 4); got != "the rendezvous let us go: nobody came, or it is full" {
			t.Error(got)
		}
	})
}

// The end of the line that a hello is may come after it, by itself.
func TestRendezvousWaitsForTheEndOfTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRendezvous(t)
		early := p.dial()
		io.WriteString(early, `{"room":"garden","node":"45.66.77.88:2"}`)
		synctest.Wait()
		io.WriteString(early, "\n")
		synctest.Wait()
		if got := <-p.come("garden", 3); !strings.HasPrefix(got, "45.66.77.88:2 ") {
			t.Error(got)
		}
	})
}
