package e2e

import (
	"bytes"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// BenchmarkOpen opens a port on a real miniupnpd, with nothing remembered from before: with igdctl, with a minimal program
// that makes the same seven exchanges, and with upnpc, by turns. It reports the median of each and igdctl's ratio to them.
func BenchmarkOpen(b *testing.B) {
	need(b, "miniupnpd", "nft", "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{}, func(b *testing.B) {
		h := build(b, wiring{})
		h.serve(b, "tcp", 8080) // a port on which nothing listens earns a warning, which takes igdctl a look
		igdctl, minimal := command(b, "igdctl"), command(b, "minimal")
		var ours, least, upnpc []time.Duration
		for b.Loop() {
			for range 5 {
				ours = append(ours, h.timed(b, igdctl, "open", "8080/tcp"))
				least = append(least, h.timed(b, minimal, lanHost.String(), "8080"))
			}
			upnpc = append(upnpc, h.timed(b, "upnpc", "-a", lanHost.String(), "8080", "8080", "tcp", "86400"))
		}
		b.ReportMetric(milliseconds(ours), "igdctl-ms")
		b.ReportMetric(milliseconds(least), "minimal-ms")
		b.ReportMetric(milliseconds(upnpc), "upnpc-ms")
		b.ReportMetric(milliseconds(ours)/milliseconds(least), "x-minimal")
		b.ReportMetric(milliseconds(upnpc)/milliseconds(ours), "x-faster-than-upnpc")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkOpenWarm is the warm case: igdctl remembers the gateway from before, and the minimal program is told where its description is.
func BenchmarkOpenWarm(b *testing.B) { warm(b) }

// BenchmarkOpenKnown gives the location of the gateway's description to both.
func BenchmarkOpenKnown(b *testing.B) { warm(b, "--gateway", description) }

func warm(b *testing.B, flags ...string) {
	need(b, "miniupnpd", "nft", "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{}, func(b *testing.B) {
		h := build(b, wiring{})
		h.home = b.TempDir()
		h.serve(b, "tcp", 8080)
		igdctl, minimal := command(b, "igdctl"), command(b, "minimal")
		args := append(flags, "open", "8080/tcp")
		h.timed(b, igdctl, args...)
		var ours, least []time.Duration
		for b.Loop() {
			for range 5 {
				ours = append(ours, h.timed(b, igdctl, args...))
				least = append(least, h.timed(b, minimal, lanHost.String(), "8080", description))
			}
		}
		b.ReportMetric(milliseconds(ours), "igdctl-ms")
		b.ReportMetric(milliseconds(least), "minimal-ms")
		b.ReportMetric(milliseconds(ours)/milliseconds(least), "x-minimal")
		b.ReportMetric(0, "ns/op")
	})
}

// timed is the time that a command takes to open TCP port 8080, which is closed again afterwards.
func (h *house) timed(b *testing.B, name string, args ...string) time.Duration {
	b.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(b.Context(), name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = h.environ(b), &out, &out
	begin := time.Now()
	if err := h.lan.Do(cmd.Start); err != nil {
		b.Fatal(err)
	}
	err := cmd.Wait()
	took := time.Since(begin)
	if err != nil {
		b.Fatalf("%s: %v\n%s", name, err, &out)
	}
	closing := exec.CommandContext(b.Context(), "upnpc", "-u", description, "-d", strconv.Itoa(8080), "tcp")
	if err := h.lan.Do(closing.Start); err != nil {
		b.Fatal(err)
	}
	if err := closing.Wait(); err != nil {
		b.Fatalf("%s opened nothing: %v\n%s", name, err, &out)
	}
	return took
}

// milliseconds is the median.
func milliseconds(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}
