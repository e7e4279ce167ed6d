package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// onHost runs body on the host of a lab with an emulated gateway, once for each version of the device.
func onHost(t *testing.T, body func(t *testing.T, version int)) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("igd%d", version), func(t *testing.T) {
			t.Parallel()
			s := spec{Version: version, ExternalIP: claimed}
			labtest.Host(t, lab.Options{Spec: s.json(t)}, func(t *testing.T) { body(t, version) })
		})
	}
}

// TestUPnPC lets upnpc (miniupnpc) use every action it knows for port mappings. Its whole output is compared: it talks
// about what it does not like and goes on, often with exit code 0.
func TestUPnPC(t *testing.T) {
	need(t, "upnpc")
	onHost(t, func(t *testing.T, version int) {
		found := fmt.Sprintf("Found valid IGD : http://192.168.1.1:PORT/control/WANIPConnection%d\nLocal LAN ip address : 192.168.1.10\n", version)
		status := `Connection Type : IP_Routed
Status : Connected, uptime=Ns, LastConnectionError : ERROR_NONE
  Time started : DATE
MaxBitRateDown : 100000000 bps (100.0 Mbps)   MaxBitRateUp 40000000 bps (40.0 Mbps)
ExternalIPAddress = 45.66.77.88
`
		added := func(protocol string, external int) string {
			return found + fmt.Sprintf(`ExternalIPAddress = 45.66.77.88
InternalIP:Port = 192.168.1.10:8080
external 45.66.77.88:%d %s is redirected to internal 192.168.1.10:8080 (duration=600)
`, external, protocol)
		}
		const table = " i protocol exPort->inAddr:inPort description remoteHost leaseTime\n"
		tcp := " 0 TCP  8081->192.168.1.10:8080  'web' '' 600\n"
		udp := " 1 UDP  8082->192.168.1.10:8080  'game' '' 600\n"

		type step struct {
			args   string
			code   int
			stdout string
		}
		steps := []step{
			{"-s", 0, found + status + "Bytes:   Sent:        0\tRecv:        0\nPackets: Sent:        0\tRecv:        0\n"},
			{"-e web -a 192.168.1.10 8080 8081 tcp 600", 0, added("TCP", 8081)},
			{"-e game -a @ 8080 8082 udp 600", 0, added("UDP", 8082)},
			{"-l", 0, found + status + table + tcp + udp + "GetGenericPortMappingEntry() returned 713 (SpecifiedArrayIndexInvalid)\n"},
		}
		if version == 2 {
			steps = append(steps,
				step{"-L", 0, found + table + tcp + udp},
				step{"-e more -n 192.168.1.10 8080 8083 tcp 600", 0, added("TCP", 8083)},
				step{"-N 8083 8090 tcp", 0, found + "UPNP_DeletePortMappingRange() returned : 0\n"},
			)
		} else {
			// What IGD:1 does not have, it says so.
			steps = append(steps,
				step{"-L", 0, found + strings.Repeat("GetListOfPortMappings() returned 401 (Invalid Action)\n", 2)},
				step{"-N 8083 8090 tcp", 2, found + "UPNP_DeletePortMappingRange() failed with code : 401\n"},
			)
		}
		steps = append(steps,
			step{"-d 8081 tcp", 0, found + "UPNP_DeletePortMapping() returned : 0\n"},
			step{"-d 8082 udp", 0, found + "UPNP_DeletePortMapping() returned : 0\n"},
			step{"-d 8082 udp", 2, found + "UPNP_DeletePortMapping() failed with code : 714\n"},
			step{"-l", 0, found + status + table + "GetGenericPortMappingEntry() returned 713 (SpecifiedArrayIndexInvalid)\n"},
		)

		// It finds the gateway once by multicast, which always takes it two seconds, and then is told where it is.
		first := local(t, "upnpc", "-s")
		location := regexp.MustCompile(`(?m)^ desc: (http://192\.168\.1\.1:\d+/\S+)$`).FindStringSubmatch(first.stdout)
		if location == nil {
			t.Fatal("upnpc found no gateway")
		}
		search := "List of UPNP devices found on the network :\n desc: http://192.168.1.1:PORT/description.xml\n" +
			" st: urn:schemas-upnp-org:device:InternetGatewayDevice:1\n\n"
		if diff := cmp.Diff(search+steps[0].stdout, plain(first.stdout)); diff != "" {
			t.Errorf("upnpc -s (-want +got):\n%s", diff)
		}
		for _, s := range steps {
			got := local(t, "upnpc", append([]string{"-u", location[1]}, strings.Fields(s.args)...)...)
			if got.code != s.code {
				t.Errorf("upnpc %s: exit code %d, want %d", s.args, got.code, s.code)
			}
			if diff := cmp.Diff(s.stdout, plain(got.stdout)); diff != "" {
				t.Errorf("upnpc %s (-want +got):\n%s", s.args, diff)
			}
			if got.stderr != "" {
				t.Errorf("upnpc %s complains: %s", s.args, got.stderr)
			}
		}
	})
}

// plain drops upnpc's greeting and replaces what differs from run to run.
func plain(s string) string {
	if _, after, ok := strings.Cut(s, "for more information.\n"); ok {
		s = after
	}
	for pattern, with := range map[string]string{
		`http://192\.168\.1\.1:\d+/`: "http://192.168.1.1:PORT/",
		`uptime=\d+s`:                "uptime=Ns",
		`Time started : .*`:          "Time started : DATE",
		`(?m)'' (600|5\d\d)$`:        "'' 600", // seconds pass on a busy machine
	} {
		s = regexp.MustCompile(pattern).ReplaceAllString(s, with)
	}
	return s
}

// local runs a command on this host.
func local(t testing.TB, name string, args ...string) said {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code says it
	t.Logf("%s %s: exit code %d\n%s%s", name, strings.Join(args, " "), cmd.ProcessState.ExitCode(), &stdout, &stderr)
	return said{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestGSSDPDiscover searches with gssdp-discover (GUPnP), which drops every answer that it finds fault with.
func TestGSSDPDiscover(t *testing.T) {
	need(t, "gssdp-discover")
	onHost(t, func(t *testing.T, version int) {
		searches := []string{
			"upnp:rootdevice",
			"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
			"urn:schemas-upnp-org:service:WANIPConnection:1",
		}
		if version == 2 {
			searches = append(searches,
				"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
				"urn:schemas-upnp-org:service:WANIPConnection:2")
		}
		for _, target := range searches {
			t.Run(target, func(t *testing.T) {
				t.Parallel()
				got := local(t, "gssdp-discover", "-n", "4", "-m", "available", "-t", target)
				pattern := regexp.MustCompile(`^Using network interface eth0
Scanning for resources matching ` + regexp.QuoteMeta(target) + `
Showing "available" messages
resource available
  USN:      uuid:[0-9a-f-]{36}::` + regexp.QuoteMeta(target) + `
  Location: http://192\.168\.1\.1:\d+/description\.xml
$`)
				if got.code != 0 || got.stderr != "" || !pattern.MatchString(got.stdout) {
					t.Errorf("want it to match %s", pattern)
				}
			})
		}
		t.Run("ssdp:all", func(t *testing.T) {
			t.Parallel()
			got := local(t, "gssdp-discover", "-n", "4", "-m", "available", "-t", "ssdp:all")
			seen := map[string]bool{}
			for _, m := range regexp.MustCompile(`(?m)^  USN:      uuid:\S+?(?:::(\S+))?$`).FindAllStringSubmatch(got.stdout, -1) {
				seen[m[1]] = true
			}
			delete(seen, "") // the devices by their uuid alone
			want := []string{
				"upnp:rootdevice",
				"urn:schemas-upnp-org:device:InternetGatewayDevice:%d",
				"urn:schemas-upnp-org:device:WANConnectionDevice:%d",
				"urn:schemas-upnp-org:device:WANDevice:%d",
				"urn:schemas-upnp-org:service:Layer3Forwarding:1",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1",
				"urn:schemas-upnp-org:service:WANIPConnection:%d",
			}
			if version == 2 {
				want = append(want, "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1")
			}
			for i, w := range want {
				want[i] = strings.ReplaceAll(w, "%d", fmt.Sprint(version))
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seen))); diff != "" {
				t.Errorf("announced (-want +got):\n%s", diff)
			}
		})
	})
}

// TestFakeigdLab runs upnpc in the lab that a user gets.
func TestFakeigdLab(t *testing.T) {
	t.Parallel()
	need(t, "upnpc")
	needLab(t)
	for _, scenario := range []string{"igd1", "igd2"} {
		got := local(t, command(t, "fakeigd"), "lab", "--scenario", scenario, "--", "upnpc", "-s")
		if got.code != 0 || !strings.Contains(got.stdout, "\nFound valid IGD : ") ||
			!strings.Contains(got.stdout, "\nExternalIPAddress = "+claimed.String()+"\n") {
			t.Errorf("upnpc -s behind %s: exit code %d", scenario, got.code)
		}
	}
}
