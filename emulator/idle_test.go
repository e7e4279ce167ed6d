package emulator_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/igdkit/igdkit/emulator"
)

// BenchmarkIdleGateways starts gateways that answer to multicast in one memory network, each on a wire of its own. 10,000 are to
// need less than 5 s and 1 GiB.
func BenchmarkIdleGateways(b *testing.B) {
	n := emulator.NewNetwork()
	defer n.Close()
	all := make([]*emulator.Gateway, b.N)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for i := range all {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		g, err := emulator.New(b.Context(), emulator.Options{
			Net: n.Host(fmt.Sprintf("gateway %d", i), netip.PrefixFrom(addr, 32)), LAN: addr, SSDP: "multicast", Seed: uint64(i),
		})
		if err != nil {
			b.Fatal(err)
		}
		all[i] = g
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/float64(b.N), "bytes/gateway")
	for _, g := range all {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
	}
}
