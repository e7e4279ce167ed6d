package client_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// Two homes with the same LAN, in each of which the node has the same address, behind NATs whose next ports are guessed: one begins when the other
// has tried everything already. What was sent to that address, its own, came before the guess, and an answer to the other took the port that was guessed.
func TestPunchSameLAN(t *testing.T) {
	for _, name := range []string{"apdm/eif,ports=preserve", "apdm/adf,ports=preserve", "apdm/eif,ports=sequential"} {
		for _, later := range []time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second} {
			t.Run(name+" "+later.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b, err := nat.Parse(name)
					if err != nil {
						t.Fatal(err)
					}
					home := func(name string) emulator.Home {
						return emulator.Home{Name: name, NAT: &b, Hosts: []emulator.WorldHost{{Name: "pc-" + name}}}
					}
					town := emulator.StartWorld(t, emulator.World{Homes: []emulator.Home{home("alice"), home("bob")}})
					stun := emulator.STUNAddrs()
					server, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: town.STUN, Addrs: stun[:], Ports: [2]uint16{3478, 3479}})
					if err != nil {
						t.Fatal(err)
					}
					defer server.Close()
					var conns [2]net.PacketConn
					var nodes [2]client.Node
					for i, name := range []string{"pc-alice", "pc-bob"} {
						pc := town.Host(name)
						if conns[i], err = pc.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:4000")); err != nil {
							t.Fatal(err)
						}
						defer conns[i].Close()
						r, err := client.Reach(t.Context(), conns[i], client.ReachOptions{Options: client.Options{Net: pc, STUN: "198.51.100.1:3478"}, NoIGD: true})
						if err != nil {
							t.Fatal(err)
						}
						nodes[i] = r.Node
					}
					var both sync.WaitGroup
					for i, name := range []string{"pc-alice", "pc-bob"} {
						both.Go(func() {
							time.Sleep(time.Duration(i) * later)
							path, err := client.Punch(t.Context(), conns[i], nodes[1-i], client.PunchOptions{Key: []byte("key"), Self: nodes[i], Net: town.Host(name)})
							if err != nil {
								t.Errorf("%s: %v", name, err)
								return
							}
							defer path.Close()
						})
					}
					both.Wait()
				})
			})
		}
	}
}
