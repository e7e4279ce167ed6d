package nat

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// One packet out, or in, through a table of so many mappings: what a plane pays for each. The time moves, so that mappings are
// refreshed, in an order that is not that in which they were made.
func BenchmarkPacket(b *testing.B) {
	for _, is := range []string{"full-cone", "port-restricted", "symmetric", "open"} {
		for _, n := range []int{10, 10000} {
			r := newRig(b, is+",refresh=both")
			packets, answers := make([]Packet, n), make([]Packet, n)
			for i := range packets {
				packets[i] = Packet{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), uint16(2000+i)), ap(y1)}
				p, v := r.Out(r.now, packets[i])
				if v != Passed {
					b.Fatal(v)
				}
				answers[i] = Packet{p.Dst, p.Src}
			}
			for way, do := range map[string]func(i int) Verdict{
				"out": func(i int) Verdict { _, v := r.Out(r.now, packets[i]); return v },
				"in":  func(i int) Verdict { _, v := r.In(r.now, answers[i]); return v },
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", is, way, n), func(b *testing.B) {
					b.ReportAllocs()
					i := 0
					for b.Loop() {
						if i += 7919; i >= n { // a prime: all in turn, but not one after the other
							i %= n
						}
						r.now = r.now.Add(time.Nanosecond)
						if v := do(i); v != Passed {
							b.Fatal(v)
						}
					}
				})
			}
		}
	}
}

// A new mapping while the oldest expires, with so many alive.
func BenchmarkMapping(b *testing.B) {
	for _, ports := range []string{"preserve", "sequential", "random"} {
		for _, n := range []int{10, 10000} {
			b.Run(fmt.Sprintf("%s/%d", ports, n), func(b *testing.B) {
				r := newRig(b, "apdm/apdf,timeout=1s,ports="+ports, func(o *Options) { o.Observe = nil })
				step, i, from := time.Second/time.Duration(n), 0, ap(x1)
				b.ReportAllocs()
				for b.Loop() {
					i++
					r.now = r.now.Add(step)
					remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 3478)
					if _, v := r.Out(r.now, Packet{from, remote}); v != Passed {
						b.Fatal(v)
					}
				}
			})
		}
	}
}
