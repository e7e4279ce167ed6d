package client

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// withGateway runs a test with one gateway whose control URL is /ctl; answers are added to those of a connected service.
func withGateway(t *testing.T, service string, answers map[string]any, test func(t *testing.T, s *stub, g *Gateway)) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", service, "/ctl"))
		all := connected("45.66.77.88")
		for action, a := range answers {
			all[action] = a
		}
		s.actions("/ctl", all)
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		test(t, s, g)
	})
}

// record answers an action with out-arguments and keeps what was asked.
func record(into *[]soap.Arg, out ...soap.Arg) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		m, _, err := soap.Parse(b, "", soap.Limits{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		*into = m.Args
		w.Write(soap.WriteResponse(m.Service, m.Action, out))
	}
}

func TestAddPortMapping(t *testing.T) {
	var got []soap.Arg
	withGateway(t, "WANIPConnection:2", map[string]any{
		"AddPortMapping":    record(&got),
		"AddAnyPortMapping": record(&got, soap.Arg{Name: "NewReservedPort", Value: "8081"}),
		"DeletePortMapping": record(&got),
	}, func(t *testing.T, _ *stub, g *Gateway) {
		m := PortMapping{ExternalPort: 8080, Protocol: "tcp", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true,
			Description: "a <b> & c", Lease: 90*time.Second + time.Millisecond}
		want := []soap.Arg{{Name: "NewRemoteHost"}, {Name: "NewExternalPort", Value: "8080"}, {Name: "NewProtocol", Value: "TCP"}, {Name: "NewInternalPort", Value: "80"},
			{Name: "NewInternalClient", Value: "192.168.1.10"}, {Name: "NewEnabled", Value: "1"}, {Name: "NewPortMappingDescription", Value: "a <b> & c"}, {Name: "NewLeaseDuration", Value: "91"}}
		if err := g.AddPortMapping(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("AddPortMapping (-want +got)\n%s", diff)
		}
		port, err := g.AddAnyPortMapping(t.Context(), m)
		if err != nil || port != 8081 {
			t.Errorf("AddAnyPortMapping = %d, %v", port, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("AddAnyPortMapping (-want +got)\n%s", diff)
		}
		if err := g.DeletePortMapping(t.Context(), m.Key()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:3], got); diff != "" {
			t.Errorf("DeletePortMapping (-want +got)\n%s", diff)
		}
	})
}

// miniupnpd before 2.3.5 names the port otherwise (desc-scpd-lies-addany).
func TestAddAnyNamesThePortOtherwise(t *testing.T) {
	var got []soap.Arg
	withGateway(t, "WANIPConnection:2", map[string]any{
		"AddAnyPortMapping": record(&got, soap.Arg{Name: "NewExternalPort", Value: "9000"}),
	}, func(t *testing.T, _ *stub, g *Gateway) {
		m := PortMapping{ExternalPort: 8080, Protocol: "UDP", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true}
		if port, err := g.AddAnyPortMapping(t.Context(), m); err != nil || port != 9000 {
			t.Errorf("AddAnyPortMapping = %d, %v", port, err)
		}
	})
}

func TestAddAnyWithoutAPort(t *testing.T) {
	for _, value := range []string{"", "0", "many", "70000"} {
		withGateway(t, "WANIPConnection:2", map[string]any{"AddAnyPortMapping": []soap.Arg{{Name: "NewReservedPort", Value: value}}}, func(t *testing.T, _ *stub, g *Gateway) {
			var unreadable *ValueError
			port, err := g.AddAnyPortMapping(t.Context(), ports(8080)[0])
			if !errors.As(err, &unreadable) || port != 0 {
				t.Errorf("AddAnyPortMapping with %q = %d, %v", value, port, err)
			}
		})
	}
}

// What cannot be right is refused before anything is sent.
func TestArgumentsRefused(t *testing.T) {
	sound := PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10"}
	tests := []struct {
		name, argument string
		change         func(*PortMapping)
	}{
		{"external wildcard", "NewExternalPort", func(m *PortMapping) { m.ExternalPort = 0 }},
		{"internal port 0", "NewInternalPort", func(m *PortMapping) { m.InternalPort = 0 }},
		{"protocol", "NewProtocol", func(m *PortMapping) { m.Protocol = "SCTP" }},
		{"control character", "NewPortMappingDescription", func(m *PortMapping) { m.Description = "a\x00b" }},
		{"line break", "NewPortMappingDescription", func(m *PortMapping) { m.Description = "a\nb" }},
		{"invalid UTF-8", "NewPortMappingDescription", func(m *PortMapping) { m.Description = "\xff" }},
		{"markup in the client", "NewInternalClient", func(m *PortMapping) { m.InternalClient = "\x1b[2J" }},
		{"remote host", "NewRemoteHost", func(m *PortMapping) { m.RemoteHost = "\r\n" }},
		{"negative lease", "NewLeaseDuration", func(m *PortMapping) { m.Lease = -time.Second }},
		{"endless lease", "NewLeaseDuration", func(m *PortMapping) { m.Lease = (1 << 32) * time.Second }},
		{"longest lease", "NewLeaseDuration", func(m *PortMapping) { m.Lease = math.MaxInt64 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withGateway(t, "WANIPConnection:1", nil, func(t *testing.T, s *stub, g *Gateway) {
				m := sound
				tt.change(&m)
				var refused *ArgumentError
				if err := g.AddPortMapping(t.Context(), m); !errors.As(err, &refused) || refused.Argument != tt.argument {
					t.Errorf("AddPortMapping = %v, want an ArgumentError about %s", err, tt.argument)
				}
				if s.times("/ctl#AddPortMapping") != 0 {
					t.Error("it was sent")
				}
			})
		})
	}
}

func TestPortMapping(t *testing.T) {
	out := func(lease string) []soap.Arg {
		return []soap.Arg{{Name: "NewInternalPort", Value: "80"}, {Name: "NewInternalClient", Value: "192.168.1.10"}, {Name: "NewEnabled", Value: "1"},
			{Name: "NewPortMappingDescription", Value: "x"}, {Name: "NewLeaseDuration", Value: lease}}
	}
	want := PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true, Description: "x"}
	leased := want
	leased.Lease, leased.LeaseKnown = time.Hour, true
	permanent := want
	permanent.LeaseKnown = true
	noPort := want
	noPort.InternalPort = 0
	tests := []struct {
		name   string
		answer any
		want   PortMapping
		code   int
	}{
		{"leased", out("3600"), leased, 0},
		{"permanent", out("0"), permanent, 0},
		{"unreadable lease is not permanent", out("3600s"), want, 0},
		{"empty lease is not permanent", out(""), want, 0},
		{"negative lease is not permanent", out("-1"), want, 0},
		{"no lease is not permanent", out("")[:4], want, 0},
		{"no internal port", out("")[1:4], noPort, 0},
		{"absent", soap.NoSuchEntryInArray, PortMapping{}, soap.NoSuchEntryInArray},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withGateway(t, "WANIPConnection:1", map[string]any{"GetSpecificPortMappingEntry": tt.answer}, func(t *testing.T, _ *stub, g *Gateway) {
				got, err := g.PortMapping(t.Context(), want.Key())
				var refused *soap.Error
				if errors.As(err, &refused) != (tt.code != 0) || refused != nil && refused.Code != tt.code {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestStatusAndAddress(t *testing.T) {
	status := func(args ...string) []soap.Arg {
		names := []string{"NewConnectionStatus", "NewLastConnectionError", "NewUptime"}
		var out []soap.Arg
		for i, a := range args {
			out = append(out, soap.Arg{Name: names[i], Value: a})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		out  []soap.Arg
		want Status
	}{
		{"connected", status("Connected", "ERROR_NONE", "5"), Status{"Connected", true, "ERROR_NONE", 5 * time.Second, true}},
		{"status-up", status("Up", "ERROR_NONE", "5"), Status{"Up", true, "ERROR_NONE", 5 * time.Second, true}},
		{"status-odd-error", status("Connected", "ERROR_UNKNOWN", "5"), Status{"Connected", true, "ERROR_UNKNOWN", 5 * time.Second, true}},
		{"NewUpTime", append(status("Connected", "ERROR_NONE"), soap.Arg{Name: "NewUpTime", Value: "9"}), Status{"Connected", true, "ERROR_NONE", 9 * time.Second, true}},
		{"unreadable uptime", status("Connected", "ERROR_NONE", "(null)"), Status{"Connected", true, "ERROR_NONE", 0, false}},
		{"disconnected", status("Disconnected", "ERROR_NONE", "0"), Status{"Disconnected", false, "ERROR_NONE", 0, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withGateway(t, "WANIPConnection:1", map[string]any{"GetStatusInfo": tt.out}, func(t *testing.T, _ *stub, g *Gateway) {
				got, err := g.Status(t.Context())
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("%v (-want +got)\n%s", err, diff)
				}
			})
		})
	}
	for text, want := range map[string]netip.Addr{
		"45.66.77.88":    netip.MustParseAddr("45.66.77.88"),
		"":               {},
		"0.0.0.0":        netip.IPv4Unspecified(),
		"::ffff:1.2.3.4": netip.MustParseAddr("1.2.3.4"),
	} {
		t.Run("address "+text, func(t *testing.T) {
			withGateway(t, "WANIPConnection:1", connected(text), func(t *testing.T, _ *stub, g *Gateway) {
				if got, err := g.ExternalIP(t.Context()); err != nil || got != want {
					t.Errorf("ExternalIP = %v, %v, want %v", got, err, want)
				}
			})
		})
	}
	t.Run("extip-uninitialised", func(t *testing.T) {
		withGateway(t, "WANIPConnection:1", connected("schemas.upnp.org"), func(t *testing.T, _ *stub, g *Gateway) {
			var unreadable *ValueError
			if _, err := g.ExternalIP(t.Context()); !errors.As(err, &unreadable) || unreadable.Value != "schemas.upnp.org" {
				t.Errorf("ExternalIP = %v, want a ValueError", err)
			}
		})
	})
}

// Errors say what was wanted, and reach down to what went wrong.
func TestActionErrors(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server see that we are gone
		<-r.Context().Done()
	}
	web := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>login</html>", http.StatusUnauthorized)
	}
	withGateway(t, "WANIPConnection:1", map[string]any{"GetExternalIPAddress": soap.ActionFailed, "AddPortMapping": hang, "DeletePortMapping": web}, func(t *testing.T, s *stub, g *Gateway) {
		var refused *soap.Error
		if _, err := g.ExternalIP(t.Context()); !errors.As(err, &refused) || refused.Code != soap.ActionFailed || !strings.HasPrefix(err.Error(), "get external ip: ") {
			t.Errorf("ExternalIP = %v", err)
		}
		m := PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10"}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.AddPortMapping(ctx, m); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("AddPortMapping = %v", err)
		}
		start := time.Now()
		var timeout interface{ Timeout() bool }
		if err := g.AddPortMapping(t.Context(), m); !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != actionTimeout {
			t.Errorf("AddPortMapping = %v after %v", err, time.Since(start))
		}
		var status *soap.HTTPError
		if err := g.DeletePortMapping(t.Context(), m.Key()); !errors.As(err, &status) || status.Status != http.StatusUnauthorized {
			t.Errorf("DeletePortMapping = %v", err)
		}
	})
}

// Requests of several goroutines leave one after another, and waiting ends with the context.
func TestRequestsAreSerialised(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second) // the device's, in fake time
		w.Write(soap.WriteFault(soap.ActionFailed, ""))
	}
	withGateway(t, "WANIPConnection:1", map[string]any{"DeletePortMapping": slow}, func(t *testing.T, s *stub, g *Gateway) {
		k := Key{ExternalPort: 8080, Protocol: "TCP"}
		start := time.Now()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { g.DeletePortMapping(t.Context(), k) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := g.DeletePortMapping(ctx, k); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in the queue: %v", err)
		}
		wg.Wait()
		if s.most != 1 || time.Since(start) != 4*time.Second || s.times("/ctl#DeletePortMapping") != 4 {
			t.Errorf("%d requests at once, %d in all, %v", s.most, s.times("/ctl#DeletePortMapping"), time.Since(start))
		}
	})
}

// Every request leaves from the address that the gateway was found from: gateways judge by it whose port they open.
func TestSourceBound(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		var mu sync.Mutex
		sources := make(map[string]bool)
		heard := func(h http.HandlerFunc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				host, _, _ := net.SplitHostPort(r.RemoteAddr)
				mu.Lock()
				sources[r.Method+" "+host] = true
				mu.Unlock()
				h(w, r)
			}
		}
		s.mux.HandleFunc("GET /heard.xml", heard(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, description("uuid:router", "WANIPConnection:1", "/heard"))
		}))
		s.mux.HandleFunc("POST /heard", heard(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/ctl"
			s.mux.ServeHTTP(w, r)
		}))
		s.announce(s.url("/heard.xml"))
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("192.168.1.11/24"))
		for _, o := range []Options{{}, {Gateway: s.url("/heard.xml")}, {Gateway: "192.168.1.1"}} {
			o.Net, o.Interface = pc, "eth1"
			g, err := Find(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.ExternalIP(t.Context()); err != nil || g.Local != netip.MustParseAddr("192.168.1.11") {
				t.Errorf("local %v, %v", g.Local, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff(map[string]bool{"GET 192.168.1.11": true, "POST 192.168.1.11": true}, sources); diff != "" {
			t.Errorf("requests came from (-want +got)\n%s", diff)
		}
	})
}
