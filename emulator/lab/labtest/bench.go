package labtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
)

// Bench runs body on the host of a lab as the benchmark b, and reports the metrics that it reported there. As with
// [Host], the code before Bench runs twice.
func Bench(b *testing.B, o lab.Options, body func(b *testing.B)) {
	b.Helper()
	if os.Getenv(inside) == b.Name() {
		body(b)
		return
	}
	var out bytes.Buffer
	o.Env = append(os.Environ(), inside+"="+b.Name())
	o.Stdin, o.Stdout, o.Stderr = nil, &out, &out
	args := []string{"/proc/self/exe", "-test.run=^$", "-test.bench=" + exactly(b.Name())}
	if f := flag.Lookup("test.benchtime"); f != nil {
		args = append(args, "-test.benchtime="+f.Value.String())
	}
	for ran := false; b.Loop(); ran = true { // once: inside it takes all the time or rounds that there are
		if ran {
			continue
		}
		code, err := lab.Run(b.Context(), o, args)
		if unavailable, ok := errors.AsType[*lab.UnavailableError](err); ok {
			Skip(b, fmt.Sprintf("%v; %s", unavailable, unavailable.Hint()))
		}
		if err != nil || code != 0 {
			b.Fatalf("in the lab: exit code %d, %v\n%s", code, err, &out)
		}
	}
	line := regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+(\S.*)$`).FindStringSubmatch(out.String())
	if line == nil {
		b.Fatalf("in the lab: no result\n%s", &out)
	}
	fields := strings.Fields(line[1])
	for i := 0; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			b.Fatalf("in the lab: %v in %q", err, line[0])
		}
		b.ReportMetric(value, fields[i+1])
	}
	b.ReportMetric(0, "ns/op") // of starting the lab
}
