package lab_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
)

// sendTime is how long each measurement sends.
const sendTime = time.Second

// measure is what the tools for benchmarks do.
func measure() map[string]func(args []string) error {
	return map[string]func(args []string) error{"udp-sink": udpSink, "udp-flood": udpFlood, "tcp-sink": tcpSink, "tcp-flood": tcpFlood}
}

// udpSink prints how many datagrams of 160 bytes, the size of 20 ms of G.711, came within a second from the first.
func udpSink(args []string) error {
	c, err := net.ListenPacket("udp4", args[0])
	if err != nil {
		return err
	}
	_ = c.(*net.UDPConn).SetReadBuffer(4 << 20)
	b := make([]byte, 2048)
	count, begin := 0, time.Time{}
	for begin.IsZero() || time.Since(begin) < sendTime {
		if _, _, err := c.ReadFrom(b); err != nil {
			return err
		}
		if count++; begin.IsZero() {
			begin = time.Now()
		}
	}
	fmt.Printf("rate %.0f\n", float64(count)/time.Since(begin).Seconds())
	return nil
}

func udpFlood(args []string) error {
	c, err := net.Dial("udp4", args[0])
	if err != nil {
		return err
	}
	for b := make([]byte, 160); ; {
		_, _ = c.Write(b) // a full queue is not the end
	}
}

func tcpSink(args []string) error {
	l, err := net.Listen("tcp4", args[0])
	if err != nil {
		return err
	}
	c, err := l.Accept()
	if err != nil {
		return err
	}
	begin, b, sum := time.Now(), make([]byte, 1<<18), 0
	for time.Since(begin) < sendTime {
		n, err := c.Read(b)
		if err != nil {
			return err
		}
		sum += n
	}
	fmt.Printf("rate %.0f\n", float64(sum)/time.Since(begin).Seconds())
	return nil
}

func tcpFlood(args []string) error {
	c, err := net.Dial("tcp4", args[0])
	if err != nil {
		return err
	}
	for b := make([]byte, 1<<18); ; {
		if _, err := c.Write(b); err != nil {
			return nil
		}
	}
}

// rate is what the sink measured of a flood from a host that is behind the gateway of that name; "": on the Internet as the sink is.
func rate(b *testing.B, protocol, behind string) float64 {
	b.Helper()
	const port = "7001"
	var out bytes.Buffer
	_, err := lab.RunNetwork(b.Context(), lab.Options{Spec: []byte("nat:port-restricted"), Stdout: &out, Stderr: io.Discard}, lab.Network{
		Gateways: []lab.Gateway{{Name: "home", WAN: wan(1)}},
		Hosts: []lab.Host{
			{Name: "sink", Command: &lab.Command{Argv: tool(protocol+"-sink", "0.0.0.0:"+port), Ready: protocol + "/" + port}},
			{Name: "flood", Gateway: behind, Command: &lab.Command{
				Argv: tool(protocol+"-flood", "198.51.100.10:"+port), Background: true, After: []string{"sink"},
			}},
		},
	})
	var v float64
	if _, scan := fmt.Sscanf(strings.TrimPrefix(out.String(), "sink  | "), "rate %f", &v); err != nil || scan != nil {
		b.Fatalf("%v, %v: %s", err, scan, &out)
	}
	return v
}

// BenchmarkWire measures, by turns, what gets from a host to another on the Internet: through a gateway, and from one that is on the
// Internet too, with a veth pair to the router in between as the gateway has one.
func BenchmarkWire(b *testing.B) {
	available(b)
	for _, protocol := range []string{"udp", "tcp"} {
		b.Run(protocol, func(b *testing.B) {
			var through, plain float64
			for b.Loop() {
				plain += rate(b, protocol, "")
				through += rate(b, protocol, "home")
			}
			unit, scale := "packets/s", 1.0
			if protocol == "tcp" {
				unit, scale = "MB/s", 1e-6
			}
			b.ReportMetric(through*scale/float64(b.N), unit)
			b.ReportMetric(plain*scale/float64(b.N), "plain-"+unit)
			b.ReportMetric(through/plain, "x-plain")
			b.ReportMetric(0, "ns/op")
		})
	}
}
