package lab_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// BenchmarkStart measures, by turns, the time to a command's first word in a lab and under plain unshare, which makes
// the same kinds of namespaces but one of each and no network in it.
func BenchmarkStart(b *testing.B) {
	available(b)
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		labtest.Skip(b, "no unshare (util-linux) to compare with")
	}
	var ours, plain time.Duration
	for b.Loop() {
		w := &firstWord{begin: time.Now()}
		if code, err := lab.Run(b.Context(), lab.Options{Stdout: w}, []string{"echo"}); code != 0 || err != nil {
			b.Fatal(code, err)
		}
		ours += w.after

		w = &firstWord{begin: time.Now()}
		cmd := exec.Command(unshare, "-Urnpm", "--fork", "echo")
		cmd.Stdout = w
		if err := cmd.Run(); err != nil {
			b.Fatal("unshare: ", err)
		}
		plain += w.after
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "lab-ms")
	b.ReportMetric(float64(plain.Microseconds())/1000/float64(b.N), "unshare-ms")
	b.ReportMetric(float64(ours)/float64(plain), "x-unshare")
	b.ReportMetric(0, "ns/op")
}

// firstWord notes when something was first written to it.
type firstWord struct {
	begin time.Time
	after time.Duration
}

func (w *firstWord) Write(p []byte) (int, error) {
	if w.after == 0 {
		w.after = time.Since(w.begin)
	}
	return len(p), nil
}
