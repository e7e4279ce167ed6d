package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// descriptions are the two faces of one miniupnpd: its own, and the one for clients that know no IGD:2.
func descriptions() map[string]wiring {
	return map[string]wiring{
		"igd2": {conf: []string{"secure_mode=yes"}},
		"igd1": {conf: []string{"secure_mode=yes", "force_igd_desc_v1=yes"}},
	}
}

// TestOpenCarriesBytes is the promise of igdctl: after open, the Internet reaches the program; after close it does not.
func TestOpenCarriesBytes(t *testing.T) {
	for name, w := range descriptions() {
		t.Run(name, func(t *testing.T) {
			inHouse(t, w, func(t *testing.T, h *house) {
				service := map[string]string{
					"igd1": "urn:schemas-upnp-org:service:WANIPConnection:1",
					"igd2": "urn:schemas-upnp-org:service:WANIPConnection:2",
				}[name]
				var status struct{ Service string }
				h.igdctl(t, "status", "--json").decode(t, &status)
				if status.Service != service {
					t.Errorf("service %q, want %q", status.Service, service)
				}
				for _, protocol := range []string{"tcp", "udp"} {
					h.serve(t, protocol, 8080)
					h.closed(t, protocol, 8081)
					var opened struct{ Mappings []mapping }
					h.igdctl(t, "open", "--json", "8081:8080/"+protocol).decode(t, &opened)
					want := []mapping{{
						Protocol: strings.ToUpper(protocol), ExternalPort: 8081, InternalClient: lanHost.String(), InternalPort: 8080,
						Enabled: true, LeaseSeconds: 86400, Mine: true, External: claimed.String() + ":8081", Verified: true,
					}}
					if diff := cmp.Diff(want, opened.Mappings); diff != "" {
						t.Errorf("opened (-want +got):\n%s", diff)
					}
					h.open(t, protocol, 8081)
					h.igdctl(t, "close", "--json", "8081:8080/"+protocol).decode(t, new(struct{}))
					h.closed(t, protocol, 8081)
				}
				if left := h.entries(t); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		})
	}
}

// mapping is what a script reads in igdctl's --json.
type mapping struct {
	Protocol       string `json:"protocol"`
	ExternalPort   uint16 `json:"external_port"`
	InternalClient string `json:"internal_client"`
	InternalPort   uint16 `json:"internal_port"`
	Enabled        bool   `json:"enabled"`
	LeaseSeconds   int    `json:"lease_seconds"`
	RemoteHost     string `json:"remote_host"`
	Mine           bool   `json:"mine"`
	External       string `json:"external"`
	Verified       bool   `json:"verified"`
}

// decode reads the one JSON document of a command that succeeded.
func (s said) decode(t testing.TB, v any) {
	t.Helper()
	if s.code != 0 {
		t.Fatalf("exit code %d", s.code)
	}
	if err := json.Unmarshal([]byte(s.stdout), v); err != nil {
		t.Fatal(err)
	}
}

// TestLeaseEnds lets the gateway close the ports that nobody renews.
func TestLeaseEnds(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		h.serve(t, "tcp", 8080)
		h.serve(t, "udp", 8080)
		if got := h.igdctl(t, "open", "--for", "4s", "8080/both"); got.code != 0 {
			t.Fatal("not opened")
		}
		h.open(t, "tcp", 8080)
		h.open(t, "udp", 8080)
		h.closes(t, "tcp", 8080, 20*time.Second)
		h.closes(t, "udp", 8080, 20*time.Second)
	})
}

// TestKeep holds a port open beyond its lease, until it is told to stop.
func TestKeep(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		h.serve(t, "tcp", 8080)
		r, _ := h.begin(t, command(t, "igdctl"), "open", "--keep", "--for", "3s", "8080/tcp", "--json")
		var kinds []string
		for renewed := 0; renewed < 3; {
			var event struct{ Event string }
			if err := json.Unmarshal([]byte(r.line(t)), &event); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, event.Event)
			if event.Event == "renewed" {
				renewed++
				h.open(t, "tcp", 8080)
			}
		}
		t.Log(kinds)
		if err := r.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if code := r.end(t); code != 130 {
			t.Errorf("exit code %d, want 130", code)
		}
		h.closed(t, "tcp", 8080)
	})
}

// TestWith opens a port for the time of a command, however that time ends.
func TestWith(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		h.serve(t, "tcp", 8080)
		h.serve(t, "udp", 8080)
		for _, tt := range []struct {
			name string
			end  func(r *running, stdin io.Closer) error
			code int
		}{
			{"the command ends", func(_ *running, stdin io.Closer) error { return stdin.Close() }, 7},
			{"SIGINT", func(r *running, _ io.Closer) error { return r.Process.Signal(syscall.SIGINT) }, 128 + 2},
			{"SIGTERM", func(r *running, _ io.Closer) error { return r.Process.Signal(syscall.SIGTERM) }, 128 + 15},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h.closed(t, "tcp", 8081)
				r, stdin := h.begin(t, command(t, "igdctl"), "with", "8081:8080/both", "--",
					"sh", "-c", `trap 'exit 130' INT; trap 'exit 143' TERM; echo "$IGD_EXTERNAL_IP:$IGD_EXTERNAL_PORT"; read word; exit 7`)
				if got, want := r.line(t), fmt.Sprintf("%v:8081", claimed); got != want {
					t.Errorf("the command sees %q, want %q", got, want)
				}
				h.open(t, "tcp", 8081)
				h.open(t, "udp", 8081)
				if err := tt.end(r, stdin); err != nil {
					t.Fatal(err)
				}
				if code := r.end(t); code != tt.code {
					t.Errorf("exit code %d, want %d", code, tt.code)
				}
				h.closed(t, "tcp", 8081)
				h.closed(t, "udp", 8081)
				if left := h.entries(t); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		}
	})
}

// failed is an error in igdctl's --json.
type failed struct {
	Error struct {
		Kind string `json:"kind"`
		Code int    `json:"code"`
		Name string `json:"name"`
	} `json:"error"`
}

// refused fails the test unless a command was refused with one of the UPnP codes, and says so to scripts and people.
func (s said) refused(t testing.TB, codes ...int) {
	t.Helper()
	if s.code != 4 {
		t.Errorf("exit code %d, want 4", s.code)
	}
	var f struct {
		failed
		Mappings []failed `json:"mappings"`
	}
	if err := json.Unmarshal([]byte(s.stdout), &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Mappings) == 1 {
		f.failed = f.Mappings[0]
	}
	for _, code := range codes {
		if f.Error.Code == code {
			return
		}
	}
	t.Errorf("error %+v, want one of the codes %v", f.Error, codes)
}

// TestReservedAddress has a gateway behind another NAT: it knows no external address and opens nothing.
func TestReservedAddress(t *testing.T) {
	inHouse(t, wiring{reserved: true}, func(t *testing.T, h *house) {
		h.serve(t, "tcp", 8080)
		h.igdctl(t, "open", "--json", "8080").refused(t, 501)
		h.closed(t, "tcp", 8080)
		var ip struct {
			ExternalIP string `json:"external_ip"`
			Verdict    string `json:"verdict"`
		}
		h.igdctl(t, "ip", "--json").decode(t, &ip)
		if ip.ExternalIP != "" || ip.Verdict != "none" {
			t.Errorf("external address %q, verdict %q; want none", ip.ExternalIP, ip.Verdict)
		}
	})
}

// TestDenied asks for what the gateway's rules forbid: a low port, and a port for another computer.
func TestDenied(t *testing.T) {
	for name, w := range descriptions() {
		t.Run(name, func(t *testing.T) {
			inHouse(t, w, func(t *testing.T, h *house) {
				h.igdctl(t, "open", "--json", "80:8080").refused(t, 606, 718)
				h.igdctl(t, "open", "--json", "--to", "192.168.77.20", "8080").refused(t, 606, 718)
				if got := h.entries(t); len(got) > 0 {
					t.Errorf("opened all the same: %q", got)
				}
			})
		})
	}
}

// TestOtherProgram leaves the port of another program on the same computer alone: the gateway itself would hand it over.
func TestOtherProgram(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		if got := h.run(t, "upnpc", "-u", description, "-e", "other program", "-a", lanHost.String(), "9999", "8081", "tcp"); got.code != 0 {
			t.Fatal("upnpc -a failed")
		}
		before := h.entries(t)
		if len(before) != 1 {
			t.Fatalf("entries %q", before)
		}
		got := h.igdctl(t, "open", "--json", "8081:8080")
		got.refused(t, 0) // nobody asked the gateway, which would have said yes
		if !strings.Contains(got.stdout, "other program") {
			t.Error("the refusal does not name the owner")
		}
		h.igdctl(t, "close", "--json", "8081:8080").refused(t, 0)
		after := h.entries(t)
		if diff := cmp.Diff(withoutLease(before), withoutLease(after)); diff != "" {
			t.Errorf("entries (-before +after):\n%s", diff)
		}
		// Another port will do, and the first one still leads to the other program.
		var opened struct{ Mappings []mapping }
		h.igdctl(t, "open", "--json", "--any", "8081:8080").decode(t, &opened)
		if len(opened.Mappings) != 1 || opened.Mappings[0].ExternalPort == 8081 {
			t.Fatalf("opened %+v, want another port than 8081", opened.Mappings)
		}
		h.serve(t, "tcp", 8080)
		h.open(t, "tcp", opened.Mappings[0].ExternalPort)
		if all := withoutLease(h.entries(t)); len(all) != 2 || !slices.Contains(all, withoutLease(before)[0]) {
			t.Errorf("entries %q, want %q and ours", all, before)
		}
	})
}

// withoutLease drops the last word of each entry, the seconds that are left.
func withoutLease(entries []string) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e[:strings.LastIndex(e, " ")])
	}
	return all
}
