package emulator_test

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// BenchmarkIdleGateways/memory starts gateways that answer to multicast in one memory network, each on a wire of its own. 10,000 are to
// need less than 5 s and 1 GiB.
//
// BenchmarkIdleGateways/ports starts, in each round, 1,000 on ports of their own of this machine, which are to need about 1 s.
func BenchmarkIdleGateways(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		n := emulator.NewNetwork()
		defer n.Close()
		all := startAll(b, b.N, func(i int) emulator.Options {
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			return emulator.Options{Net: n.Host(fmt.Sprintf("gateway %d", i), netip.PrefixFrom(addr, 32)), LAN: addr, SSDP: "multicast", Seed: uint64(i)}
		})
		b.ReportMetric(all.bytes, "bytes/gateway")
		b.ReportMetric(all.bytes*10_000/(1<<20), "MiB/10000")
		b.ReportMetric(all.took.Seconds()/float64(b.N)*10_000, "s/10000")
		all.close(b)
	})
	b.Run("ports", func(b *testing.B) {
		const n = 1000
		var bytes, files float64
		var took time.Duration
		for range b.N {
			all := startAll(b, n, func(i int) emulator.Options { return emulator.Options{Seed: uint64(i)} })
			bytes += all.bytes
			files += all.files
			took += all.took
			all.close(b)
		}
		b.ReportMetric(bytes/float64(b.N), "bytes/gateway")
		b.ReportMetric(files/float64(b.N), "files/gateway")
		b.ReportMetric(took.Seconds()/float64(b.N), "s/1000")
		b.ReportMetric(0, "ns/op") // which would count the goodbyes
	})
}

// crowd is many gateways at once, and what each of them needs.
type crowd struct {
	gateways     []*emulator.Gateway
	bytes, files float64 // of each; files only where the system tells
	took         time.Duration
}

func startAll(b *testing.B, n int, options func(i int) emulator.Options) crowd {
	b.Helper()
	b.StopTimer()
	all := crowd{gateways: make([]*emulator.Gateway, n)}
	filesBefore, bytesBefore := openFiles(), memory()
	b.StartTimer()
	start := time.Now()
	for i := range all.gateways {
		g, err := emulator.New(b.Context(), options(i))
		if err != nil {
			b.Fatal(err)
		}
		all.gateways[i] = g
	}
	all.took = time.Since(start)
	b.StopTimer()
	all.bytes = float64(memory()-bytesBefore) / float64(n)
	all.files = float64(openFiles()-filesBefore) / float64(n)
	return all
}

func (c crowd) close(b *testing.B) {
	for _, g := range c.gateways {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
	}
}

// memory is what the heap and the stacks hold.
func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// openFiles counts the file descriptors of this process; 0 where /proc does not tell.
func openFiles() int {
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}
