package client

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// Anybody can announce ever new places in the gateway's name. While it is down they must not keep the watch from what comes after them, and that it has
// moved is seen all the same.
func TestForgedPlacesAreCheap(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		c := New(Options{Net: newPC(n)})
		from := netip.MustParseAddrPort("192.168.1.1:1900") // where nobody is
		c.gateway = &Gateway{Location: "http://192.168.1.1:5000/rootDesc.xml", Responder: from.Addr()}
		w := newWatch(c)
		ctx, cancel := context.WithCancel(t.Context())
		defer w.ending.Wait()
		defer cancel()
		began := time.Now()
		for i := range 200 {
			w.hear(ctx, announcement{alive: true, nt: "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
				location: fmt.Sprintf("http://192.168.1.1:%d/rootDesc.xml", 6000+i), from: from})
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("200 forged announcements took %v", took)
		}
		if w.errands != maxErrands {
			t.Errorf("%d errands", w.errands)
		}
		for w.errands > 0 {
			(<-w.back)()
		}
		if w.met.IsZero() {
			t.Error("no description was read, although the gateway is not where it was")
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the errands took %v", took)
		}
	})
}
