package client

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// baseline asks a gateway that has answered no search, because it was remembered or named, for the BOOTID that it has: with the first one that it
// announces there would be nothing to compare, and a restart may show by nothing else.
func (w *watch) baseline(ctx context.Context) {
	w.client.mu.Lock()
	g := w.client.gateway
	w.client.mu.Unlock()
	if !w.o.Listen || g == nil || g == w.based || g.boot != nil || !g.unnamed || !g.Local.IsValid() {
		return
	}
	w.based = g
	w.ending.Go(func() {
		udn, boot := g.askBoot(ctx, w.o)
		if boot == nil {
			return // a device of UDA 1.0, or deaf: the look at its uptime is left
		}
		select {
		case w.back <- func() {
			if _, heard := w.boots[udn]; !heard && w.based == g && len(w.boots) < maxDevices {
				w.boots[udn] = *boot
			}
		}:
		case <-ctx.Done():
		}
	})
}

// baselinePauses are after the searches for a BOOTID, of three datagrams each. They end with the first answer.
func baselinePauses() []time.Duration {
	return []time.Duration{500 * time.Millisecond, time.Second, time.Second}
}

// askBoot searches the gateway for its BOOTID, by its name among its devices; nil: it tells none.
func (g *Gateway) askBoot(ctx context.Context, o Options) (udn string, boot *uint32) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(g.Local, 0))
	if err != nil {
		return "", nil
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	k := &socket{conn: conn, local: g.Local}
	group := netip.MustParseAddrPort(ssdp.GroupV4)
	kind := g.Root.Device.DeviceType
	if kind == "" {
		kind = ssdp.RootDevice
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, pause := range baselinePauses() {
			// What cannot be sent one way may be sent the other, or later.
			k.ask(o.Trace, netip.AddrPortFrom(g.Responder, ssdp.Port), []string{kind, ssdp.RootDevice}, burst{})
			k.ask(o.Trace, group, []string{kind}, burst{mx: 1})
			if sleep(ctx, pause) != nil {
				return
			}
		}
		cancel()
	}()
	names := g.udns()
	receive(ctx, conn, o.Trace, func(from netip.AddrPort, m *ssdp.Message) bool {
		if m == nil || m.Kind != ssdp.SearchReply || from.Addr() != g.Responder || !slices.Contains(names, uuid(m.USN)) {
			return true
		}
		udn, boot = uuid(m.USN), m.BootID
		return false
	})
	cancel()
	<-done
	return udn, boot
}
