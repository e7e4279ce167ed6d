package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// BenchmarkRepair lets a real miniupnpd lose a port that igdctl open --keep keeps: by upnpc -d, and by a power cut after which it is on another
// port. It reports the medians of the time until the kernel forwards the port again: since the deletion, since the first announcement, and since
// miniupnpd was started.
func BenchmarkRepair(b *testing.B) {
	need(b, "miniupnpd", "nft", "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{}, func(b *testing.B) {
		h := build(b, wiring{})
		h.serve(b, "tcp", 8080)
		forwarded := h.watchForwards(b)
		var deletion, alive, started []time.Duration
		for place := 0; b.Loop(); place++ {
			r, _ := h.begin(b, command(b, "igdctl"), "open", "--keep", "8080/tcp", "--json")
			r.until(b, "mapped")
			forwarded.next(b)
			h.hears(b, 1)
			deleting := exec.CommandContext(b.Context(), "upnpc", "-u", h.daemon.description(), "-d", "8080", "tcp")
			if err := h.lan.Do(deleting.Start); err != nil {
				b.Fatal(err)
			}
			if err := deleting.Wait(); err != nil {
				b.Fatal(err)
			}
			deleted := time.Now()
			deletion = append(deletion, forwarded.next(b).Sub(deleted))
			r.until(b, "repaired")

			var back wiring
			if place%2 == 0 {
				back.conf = []string{otherPort}
			}
			h.reboot(b, back)
			again := forwarded.next(b)
			alive, started = append(alive, again.Sub(h.daemon.alive)), append(started, again.Sub(h.daemon.started))
			r.until(b, "repaired")
			r.interrupt(b)
		}
		b.ReportMetric(milliseconds(deletion), "deletion-ms")
		b.ReportMetric(milliseconds(alive), "reboot-ms")
		b.ReportMetric(worst(alive), "worst-reboot-ms")
		b.ReportMetric(milliseconds(started), "since-start-ms")
		b.ReportMetric(0, "ns/op")
	})
}

// worst is the longest, in milliseconds.
func worst(all []time.Duration) float64 {
	longest := time.Duration(0)
	for _, d := range all {
		longest = max(longest, d)
	}
	return float64(longest.Microseconds()) / 1000
}
