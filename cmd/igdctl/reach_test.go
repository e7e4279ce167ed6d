package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// freePort is the number of a UDP port that nobody has.
func freePort(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return port
}

// newHomes are computers in homes of their own, 192.168.1.10, 192.168.2.10, …, behind 45.66.77.1, 45.66.77.2, …, and a STUN server.
func newHomes(t *testing.T, igd bool, natures ...string) (homes []*emulator.Host) {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	addrs := []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")}
	s, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: n.Internet("stun", addrs[0]), Addrs: addrs, Ports: [2]uint16{3478, 3479}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i, is := range natures {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		lan := netip.AddrFrom4([4]byte{192, 168, byte(1 + i), 1})
		router := n.Host(fmt.Sprint("router", i), netip.PrefixFrom(lan, 24))
		emulator.Start(t, emulator.Options{
			Name: fmt.Sprint("router", i), Net: router, LAN: lan, SSDP: "multicast", Mute: !igd, ExternalIP: netip.AddrFrom4([4]byte{45, 66, 77, byte(1 + i)}), Seed: 1,
			Plane: emulator.Plane{NAT: &b, Stealth: true},
		})
		pc := n.Host(fmt.Sprint("pc", i), netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(1 + i), 10}), 24))
		pc.SetDefaultGateway(lan)
		homes = append(homes, pc)
	}
	return homes
}

// said is what a command line gave.
type said struct {
	code           int
	stdout, stderr string
}

// secret is one for both sides, as a shell reads it before a command.
const secret = "IGD_PUNCH_KEY=0123456789abcdef "

// parted are the variables before a command, and its words.
func parted(line string) (environ, args []string) {
	args = strings.Fields(line)
	for len(args) > 0 && strings.HasPrefix(args[0], "IGD_") {
		environ, args = append(environ, args[0]), args[1:]
	}
	return environ, args
}

// says runs a command line on a computer.
func says(ctx context.Context, h *emulator.Host, stdin string, line string) said {
	var out, words strings.Builder
	environ, args := parted(line)
	code := run(ctx, args, env{environ: environ, net: h, stdin: strings.NewReader(stdin), stdout: &out, stderr: &words, patience: 1 << 40})
	return said{code, out.String(), words.String()}
}

func TestReachWords(t *testing.T) {
	for _, tt := range []struct {
		is   string
		igd  bool
		line string
		want said
	}{
		{"symmetric", true, "reach 4000 --server 198.51.100.1", said{0, `plan     igd: anybody reaches the address, which the gateway has opened
address  45.66.77.1:4000
nat      symmetric
open     until 02:00; igdctl close 4000/udp closes it
node     igd=45.66.77.1:4000,45.66.77.1:RANDOM,host=192.168.1.10:4000,nat=apdm/apdf
`, ""}},
		{"port-restricted", false, "reach 4000 --server 198.51.100.1 --no-igd", said{0, `plan     punch: both sides have to send at one time, as igdctl punch does
address  45.66.77.1:4000
nat      port-restricted
node     45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/apdf
`, ""}},
		{"port-restricted", false, "reach 4000 --server 198.51.100.1 --no-igd --json", said{0, `{
  "plan": "punch",
  "address": "45.66.77.1:4000",
  "method": "punch",
  "node": "45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/apdf",
  "mapped": "45.66.77.1:4000",
  "rfc3489": "port-restricted",
  "igd": null,
  "igd_expires": null,
  "failures": []
}
`, ""}},
		{"symmetric", false, "reach 4000 --server 198.51.100.1 --no-igd", said{6, `plan  relay: only who can be called from here is connected; others need a relay
nat   symmetric
node  45.66.77.1:RANDOM,host=192.168.1.10:4000,nat=apdm/apdf
`, ""}},
		// A server that is silent.
		{"blocked", false, "reach 4000 --server 198.51.100.1 --no-igd --json", said{6, `{
  "plan": "unknown",
  "address": null,
  "method": null,
  "node": "host=192.168.1.10:4000",
  "mapped": null,
  "rfc3489": null,
  "igd": null,
  "igd_expires": null,
  "failures": [
    {
      "kind": "unreachable",
      "code": 0,
      "name": "",
      "message": "the STUN server 198.51.100.1:3478 does not tell what it sees: no answer",
      "hint": "--server takes another one; the port is 3478 unless given; if none answers, a firewall keeps UDP from the Internet"
    }
  ]
}
`, ""}},
		{"full-cone", false, "reach 4000/udp", said{6, `plan  unknown: nobody could be asked
node  host=192.168.1.10:4000
`, `igdctl: warning: no gateway answered on eth0
igdctl: hint: --server asks a STUN server on the Internet, such as stun.example.org:3478
`}},
	} {
		t.Run(tt.is+" "+tt.line, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				t.Setenv("TZ", "UTC")
				got := says(t.Context(), newHomes(t, tt.igd, tt.is)[0], "", tt.line)
				got.stdout = regexp.MustCompile(`45\.66\.77\.1:\d{5}`).ReplaceAllString(got.stdout, "45.66.77.1:RANDOM")
				if got != tt.want {
					t.Errorf("got %d\n%s\n%s\nwant %d\n%s\n%s", got.code, got.stdout, got.stderr, tt.want.code, tt.want.stdout, tt.want.stderr)
				}
			})
		})
	}
}

// both runs a command line on each of two computers at one time.
func both(ctx context.Context, homes []*emulator.Host, stdin [2]string, lines [2]string) (r [2]said) {
	done := make(chan struct{})
	for i := range 2 {
		go func() { r[i] = says(ctx, homes[i], stdin[i], lines[i]); done <- struct{}{} }()
	}
	<-done
	<-done
	return r
}

func TestPunchWords(t *testing.T) {
	outlivePipes()() // the runtime begins to watch signals outside of any bubble
	symmetric := "apdm/apdf,ports=sequential"
	for name, tt := range map[string]struct {
		natures []string
		igd     bool
		stdin   [2]string
		lines   [2]string
		want    [2]said
	}{
		"without a third party": {
			natures: []string{"port-restricted", "restricted"},
			lines:   [2]string{"punch 45.66.77.2:4000 --local 4000", "punch 45.66.77.1:4000 --local 4000 --json"},
			want: [2]said{{0, "45.66.77.2:4000 (punch)\n", ""}, {0, `{
  "plan": null,
  "address": "45.66.77.1:4000",
  "method": "punch",
  "local": "0.0.0.0:4000",
  "seen": "45.66.77.2:4000"
}
`, ""}},
		},
		"with a rendezvous that is two people": {
			natures: []string{"port-restricted", symmetric},
			stdin:   [2]string{"\n 45.66.77.2:1031,host=192.168.2.10:4000,nat=apdm/apdf/next \nhello from 1", "45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/apdf\nhello from 2"},
			lines:   [2]string{secret + "punch --local 4000 --server 198.51.100.1 --no-igd --pipe", secret + "punch --local 4000 --server 198.51.100.1 --no-igd --pipe"},
			want: [2]said{{0, "hello from 2", `igdctl: the other side is to be told: 45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/apdf
igdctl: what has the other side told?
igdctl: open to 45.66.77.2:1032 (guess)
`}, {0, "hello from 1", `igdctl: the other side is to be told: 45.66.77.2:1031,host=192.168.2.10:4000,nat=apdm/apdf/next
igdctl: what has the other side told?
igdctl: open to 45.66.77.1:4000 (punch)
`}},
		},
		"a rendezvous of two programs": {
			natures: []string{"port-restricted", "restricted"},
			stdin:   [2]string{"45.66.77.2:4000\n", "45.66.77.1:4000"},
			lines:   [2]string{"punch --local 4000 --server 198.51.100.1 --no-igd --json", "punch --local 4000 --server 198.51.100.1 --no-igd --json"},
			want: [2]said{{0, `{"node":"45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/apdf","plan":"punch"}
{"plan":"punch","address":"45.66.77.2:4000","method":"punch","local":"0.0.0.0:4000","seen":"45.66.77.1:4000"}
`, "igdctl: what has the other side told?\n"}, {0, `{"node":"45.66.77.2:4000,host=192.168.2.10:4000,nat=eim/adf","plan":"punch"}
{"plan":"punch","address":"45.66.77.1:4000","method":"punch","local":"0.0.0.0:4000","seen":"45.66.77.2:4000"}
`, "igdctl: what has the other side told?\n"}},
		},
		"what no other side has told": {
			natures: []string{"full-cone", "full-cone"},
			stdin:   [2]string{"\n \n", strings.Repeat("1", 5000)},
			lines:   [2]string{"punch --local 4000 --server 198.51.100.1 --no-igd", "punch --local 4000 --server 198.51.100.1 --no-igd"},
			want: [2]said{{2, "", `igdctl: the other side is to be told: 45.66.77.1:4000,host=192.168.1.10:4000,nat=eim/eif
igdctl: what has the other side told?
igdctl: error: stdin ended before it said what the other side has told
igdctl: hint: or give it as PEER
`}, {2, "", `igdctl: the other side is to be told: 45.66.77.2:4000,host=192.168.2.10:4000,nat=eim/eif
igdctl: what has the other side told?
igdctl: error: stdin: the line is too long for what the other side has told
igdctl: hint: it is what igdctl reach or punch told on the other side
`}},
		},
		"an IGD rescues": {
			natures: []string{"symmetric", "symmetric"}, igd: true,
			lines: [2]string{secret + "punch 45.66.77.2:4000 --local 4000", secret + "punch igd=45.66.77.1:4000 --local 4000 --server 198.51.100.1"},
			want:  [2]said{{0, "45.66.77.2:4000 (punch)\n", ""}, {0, "45.66.77.1:RANDOM (direct)\n", "igdctl: the other side is to be told: igd=45.66.77.2:4000,45.66.77.2:RANDOM,host=192.168.2.10:4000,nat=apdm/apdf\nigdctl: 45.66.77.2:4000 stays open on the router; igdctl close 4000/udp closes it\n"}},
		},
		"nobody": {
			natures: []string{"full-cone", "full-cone"},
			lines:   [2]string{"punch 45.66.77.9:4000 --local 4000", "punch 45.66.77.9:4000 --local 4000 --json"},
			want: [2]said{{5, "", `igdctl: error: nobody answered at 45.66.77.9:4000
igdctl: hint: both sides have to run igdctl punch at one time, with the same IGD_PUNCH_KEY
igdctl: hint: --server, on both sides, finds out what each is to be told
`}, {5, `{
  "error": {
    "kind": "no_path",
    "code": 0,
    "name": "",
    "message": "nobody answered at 45.66.77.9:4000",
    "hint": "both sides have to run igdctl punch at one time, with the same IGD_PUNCH_KEY; --server, on both sides, finds out what each is to be told"
  }
}
`, ""}},
		},
		"no path": {
			natures: []string{"symmetric", "full-cone"},
			lines:   [2]string{"punch 45.66.77.2:4000,nat=eim/apdf --local 4000 --server 198.51.100.1 --no-igd", "punch"},
			want: [2]said{{6, "", `igdctl: the other side is to be told: 45.66.77.1:RANDOM,host=192.168.1.10:4000,nat=apdm/apdf
igdctl: error: the routers of this side and of 45.66.77.2:4000,nat=eim/apdf let no path through
igdctl: hint: igdctl open PORT/udp on either side opens one, if a router speaks UPnP
igdctl: hint: otherwise it takes a relay, or a router with another NAT
`}, {2, "", `igdctl: error: punch takes --local, the UDP port of this computer
igdctl: hint: an example is igdctl punch 45.66.77.88:4000 --local 4000
`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := both(t.Context(), newHomes(t, tt.igd, tt.natures...), tt.stdin, tt.lines)
				for i := range got {
					random := regexp.MustCompile(`(45\.66\.77\.\d):(\d{5}|[5-9]\d{3})`)
					got[i].stdout, got[i].stderr = random.ReplaceAllString(got[i].stdout, "$1:RANDOM"), random.ReplaceAllString(got[i].stderr, "$1:RANDOM")
					if w := tt.want[i]; got[i] != w {
						t.Errorf("%d: got %d\n%s\n%s\nwant %d\n%s\n%s", i, got[i].code, got[i].stdout, got[i].stderr, w.code, w.stdout, w.stderr)
					}
				}
			})
		})
	}
}

func TestHostName(t *testing.T) {
	for text, want := range map[string]bool{"bob.example.org": true, "localhost": true, "45.66.77.88": false, "::1": false, "": false,
		"45.66.77.88:1,host=192.168.1.10": false, "igd=45.66.77.88": false} {
		if hostName(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestPunchUsage(t *testing.T) {
	for line, want := range map[string]string{
		"punch --local 4000":                                    "punch takes a PEER, or --server to find out what the two sides are to tell each other",
		"punch 1.2.3.4:5 --local 0":                             "port 0 is not between",
		"punch 1.2.3.4 --local 4000":                            "PEER: ",
		"punch localhost:x --local 4000":                        "x",
		"punch peer.invalid:99999 --local 4000":                 "99999",
		"punch 1.2.3.4:5 6.7.8.9:1 --local 4000":                "punch takes one PEER",
		"punch 1.2.3.4:5 --local 4000 --pipe --json":            "with --pipe stdout is what the other side sends",
		"punch 1.2.3.4:5 --local 4000 --pipe --listen 5":        "--pipe, --forward and --listen exclude each other",
		"punch 1.2.3.4:5 --local 4000 --forward x":              "--forward \"x\" is not HOST:PORT",
		"punch 1.2.3.4:5 --local 4000 --server :1":              "--server \":1\" is not HOST:PORT",
		"punch 1.2.3.4:5 --local 4000 --wait 0s":                "",
		"punch 1.2.3.4:5 --local 4000 --key k":                  "--key",
		"IGD_PUNCH_KEY=8d03a1c57f punch 1.2.3.4:5 --local 4000": "IGD_PUNCH_KEY has 10 characters, and 16 are needed",
		"reach":             "reach takes one port",
		"reach 70000":       "",
		"reach 4000/tcp":    "\"4000/tcp\" is a TCP port, and this is about UDP",
		"reach 5 --server ": "",
	} {
		var out, words strings.Builder
		environ, args := parted(line)
		code := run(t.Context(), args, env{environ: environ, stdin: strings.NewReader(""), stdout: &out, stderr: &words})
		if text := out.String() + words.String(); code != exitUsage || !strings.Contains(text, want) {
			t.Errorf("%s: %d, %s", line, code, text)
		}
	}
}

// A program on one computer calls one on the other by --listen and --forward.
func TestPunchJoin(t *testing.T) {
	echo, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := echo.ReadFrom(b)
			if err != nil {
				return
			}
			echo.WriteTo(append([]byte("echo of "), b[:n]...), from)
		}
	}()
	one, two, listen := freePort(t), freePort(t), freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	codes := make(chan int, 2)
	var out [2]strings.Builder
	for i, line := range []string{
		secret + "punch 127.0.0.1:" + two + " --local " + one + " --forward " + echo.LocalAddr().String(),
		secret + "punch 127.0.0.1:" + one + " --local " + two + " --json --listen " + listen,
	} {
		go func() {
			environ, args := parted(line)
			codes <- run(ctx, args, env{environ: environ, stdin: strings.NewReader(""), stdout: &out[i], stderr: &out[i]})
		}()
	}
	program, err := net.Dial("udp4", "127.0.0.1:"+listen)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	b := make([]byte, 100)
	for answered := false; !answered; {
		if len(codes) > 0 {
			t.Fatalf("it ended:\n%s\n%s", &out[0], &out[1])
		}
		program.Write([]byte("hello"))
		program.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := program.Read(b)
		if answered = err == nil; answered && string(b[:n]) != "echo of hello" {
			t.Errorf("the program gets %q", b[:n])
		}
	}
	cancel()
	for range 2 {
		if code := <-codes; code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
	}
	if want := "127.0.0.1:" + two + " (punch)\n"; out[0].String() != want {
		t.Errorf("one says %q, want %q", &out[0], want)
	}
	if !strings.Contains(out[1].String(), `"address":"127.0.0.1:`+one+`"`) {
		t.Errorf("the other says %s", &out[1])
	}
}

// Two programs want one port: that is said before anything else.
func TestReachTaken(t *testing.T) {
	c, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	var words strings.Builder
	code := run(t.Context(), []string{"reach", port, "--no-igd"}, env{stdin: strings.NewReader(""), stdout: &words, stderr: &words})
	if want := "igdctl: error: UDP port " + port + " is in use by another program\n"; code != exitLocal || !strings.HasPrefix(words.String(), want) {
		t.Errorf("%d, %s", code, &words)
	}
}

// Where no UDP passes, nobody can be called from here either.
func TestPlanMeansBlocked(t *testing.T) {
	r := &client.Reachability{Plan: client.RelayPlan, NAT: &client.NATReport{Class: client.UDPBlocked}}
	if got, want := planMeans(r), "no UDP passes; only a relay by TCP helps"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.NAT.Class = client.SymmetricNAT
	if got := planMeans(r); !strings.HasPrefix(got, "only who can be called from here") {
		t.Errorf("symmetric: %q", got)
	}
}
