package scenarios_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// The announcements that were captured.
func TestProfilesAnnounce(t *testing.T) {
	for _, p := range profiles() {
		if p.alive == "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				router, pc, o := p.stand(t)
				c, err := pc.ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.10"), netip.MustParseAddrPort(group))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				o.Net, o.SSDP = router, "multicast"
				g := emulator.Start(t, o)
				fill := strings.NewReplacer("$UDN", g.UDN(), "$NOW", now, "$LOCATION", g.Location())
				announced(t, c, crlf(fill.Replace(p.alive)))
				if err := g.Close(); err != nil {
					t.Error(err)
				}
				if p.byebye != "" {
					announced(t, c, crlf(fill.Replace(p.byebye)))
				}
			})
		})
	}
}

// announced waits for a datagram.
func announced(t *testing.T, c net.PacketConn, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	var heard []string
	for b := make([]byte, 4096); ; {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatalf("not announced, but %s: (-want +got)\n%s", err, cmp.Diff(want, heard))
		}
		if heard = append(heard, string(b[:n])); string(b[:n]) == want {
			return
		}
	}
}
