package emulator_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// BenchmarkDatagrams is a datagram out and its answer back in, between two hosts in memory: through a gateway with a NAT (with so many
// other mappings), by a mapped port, through two NATs, and beside each of them directly, by turns. The ratio is what the plane costs.
func BenchmarkDatagrams(b *testing.B) {
	for _, test := range []struct {
		name     string
		upstream string
		others   int
		mapped   bool
	}{{name: "nat"}, {name: "nat-10000", others: 10000}, {name: "mapped", mapped: true}, {name: "cgnat", upstream: "cgnat"}} {
		b.Run(test.name, func(b *testing.B) {
			home := emulator.Home{Name: "home", Upstream: test.upstream, NAT: behaviour(b, "port-restricted"), Hosts: []emulator.WorldHost{{Name: "pc"}}}
			if test.mapped {
				home.Gateway.Mappings = []emulator.InitialMapping{{Protocol: "UDP", ExternalPort: 7000, InternalPort: 7000, InternalClient: netip.MustParseAddr("192.168.1.10")}}
			}
			town, err := emulator.World{Homes: []emulator.Home{home}, Internet: []emulator.WorldHost{{Name: "server"}, {Name: "direct"}}}.Start(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer town.Close()
			server := listenPacket(b, town.Host("server"), "198.51.100.10:9")
			pc, direct := listenPacket(b, town.Host("pc"), "192.168.1.10:7000"), listenPacket(b, town.Host("direct"), "198.51.100.11:7000")
			for i := range test.others {
				send(b, pc, fmt.Sprintf("198.51.100.12:%d", 1024+i), "x") // one mapping, so many permissions
			}
			payload, buffer := make([]byte, 160), make([]byte, 200) // of 20 ms of G.711
			to := server.LocalAddr()
			// trip is from c to the server and back; the server answers to where it came from.
			trip := func(c net.PacketConn) time.Duration {
				start := time.Now()
				for range 100 {
					if _, err := c.WriteTo(payload, to); err != nil {
						b.Fatal(err)
					}
					_, from, err := server.ReadFrom(buffer)
					if err != nil {
						b.Fatal(err)
					}
					if _, err = server.WriteTo(payload, from); err != nil {
						b.Fatal(err)
					}
					if _, _, err = c.ReadFrom(buffer); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(start)
			}
			if test.mapped {
				send(b, server, "45.66.77.88:7000", "first")
				if _, _, err := pc.ReadFrom(buffer); err != nil {
					b.Fatal(err)
				}
			}
			trip(pc)
			trip(direct)
			var through, beside time.Duration
			n := 0
			for b.Loop() {
				through += trip(pc)
				beside += trip(direct)
				n += 200
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(n)/through.Seconds(), "datagrams/s")
			b.ReportMetric(float64(n)/beside.Seconds(), "direct/s")
			b.ReportMetric(float64(beside)/float64(through), "ratio")
		})
	}
}

// BenchmarkWorld builds 1,000 homes with a host each, half of them behind a carrier's NAT, in which every host hears from its neighbour
// on the Internet's side what that has been told to say: time and memory of each home.
func BenchmarkWorld(b *testing.B) {
	const homes = 1000
	var w emulator.World
	for i := range homes {
		h := emulator.Home{Name: fmt.Sprint("home", i), Hosts: []emulator.WorldHost{{Name: fmt.Sprint("pc", i)}}}
		if i%2 == 1 {
			h.Upstream = "cgnat"
		}
		w.Homes = append(w.Homes, h)
	}
	w.Internet = []emulator.WorldHost{{Name: "server"}}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		town, err := w.Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		built := time.Since(start)
		server := listenPacket(b, town.Host("server"), "198.51.100.10:9")
		buffer := make([]byte, 100)
		start = time.Now()
		for i := range homes {
			pc := listenPacket(b, town.Host(fmt.Sprint("pc", i)), "192.168.1.10:7000")
			send(b, pc, "198.51.100.10:9", "out")
			_, from, err := server.ReadFrom(buffer)
			if err != nil {
				b.Fatal(err)
			}
			send(b, server, from.String(), "back")
			if _, _, err := pc.ReadFrom(buffer); err != nil {
				b.Fatal(err)
			}
		}
		spoken := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(built.Seconds()*1e3/homes, "ms/home")
		b.ReportMetric(float64(spoken.Microseconds())/homes, "µs/trip")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/homes/1024, "KB/home")
		if err := town.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
