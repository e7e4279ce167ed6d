package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/emulator"
)

// inMemory is a gateway on 192.168.1.1 and goupnp on 192.168.1.10, without a socket.
func inMemory(t *testing.T, o emulator.Options) (*emulator.Gateway, *internetgateway2.WANIPConnection1) {
	t.Helper()
	_, router, host := lan(t)
	o.Net, o.LAN, o.Version, o.SSDP = router, netip.MustParseAddr("192.168.1.1"), 1, "multicast"
	g := emulator.Start(t, o)
	u, err := url.Parse(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/control/WANIPConnection1"
	c := &internetgateway2.WANIPConnection1{}
	c.SOAPClient = goupnpsoap.NewSOAPClient(*u)
	c.SOAPClient.HTTPClient.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return host.Dial(ctx, network, netip.Addr{}, address)
		},
	}
	return g, c
}

func TestLeasesInFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan emulator.Event, 10)
		g, c := inMemory(t, emulator.Options{OnEvent: func(e emulator.Event) { events <- e }})
		start := time.Now()
		if err := c.AddPortMapping("", 8080, "TCP", 80, "192.168.1.10", true, "web", 7200); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour / 3) // fake
		_, _, _, _, lease, err := c.GetSpecificPortMappingEntry("", 8080, "TCP")
		if err != nil || lease != 4800 {
			t.Errorf("after 40 minutes %d s are left, %v", lease, err)
		}
		if e := <-events; e.Event != emulator.MappingAdded || e.Time != start {
			t.Errorf("event %+v", e)
		}
		e := <-events
		if e.Event != emulator.MappingExpired || time.Since(start) != 2*time.Hour || e.Time.Sub(start) != 2*time.Hour {
			t.Errorf("event %+v after %v", e, time.Since(start))
		}
		if left := g.Mappings(); len(left) != 0 {
			t.Errorf("left over: %v", left)
		}
	})
}

func TestAWeekOfRenewalsInFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := inMemory(t, emulator.Options{})
		for range 7 * 24 {
			if err := c.AddPortMapping("", 8080, "TCP", 80, "192.168.1.10", true, "web", 7200); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // fake
			if n := len(g.Mappings()); n != 1 {
				t.Fatalf("%d mappings", n)
			}
		}
		_, _, uptime, err := c.GetStatusInfo()
		if err != nil || uptime != 7*24*3600 {
			t.Errorf("uptime %d, %v", uptime, err)
		}
	})
}

// In the memory network the same seed and the same requests give the same journal, byte for byte.
func TestSameSeedSameJournal(t *testing.T) {
	run := func() string {
		var journal bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			g, c := inMemory(t, emulator.Options{Seed: 7, Journal: &journal})
			for port := range uint16(5) {
				if err := c.AddPortMapping("", 8080+port, "TCP", 80, "192.168.1.10", true, "web", 3600*uint32(port)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(150 * time.Minute) // fake
			g.Reboot(emulator.Reboot{})
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		})
		return journal.String()
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if n := strings.Count(first, "\n"); n < 10 {
		t.Errorf("only %d entries", n)
	}
}

func TestJournal(t *testing.T) {
	var written bytes.Buffer
	clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	g := emulator.Start(t, emulator.Options{Name: "box", Version: 1, Journal: &written, Clock: clock, SSDP: "off", Plane: emulator.Plane{Mode: emulator.PlaneOff}})
	c := client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
	if err := c.AddPortMapping("", 8080, "TCP", 80, "127.0.0.1", true, "web", 60); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "delete", c.DeletePortMapping("", 9, "TCP"), 714)
	g.Advance(time.Minute)
	g.SetExternalIP(netip.Addr{})
	location := g.Location()
	g.Reboot(emulator.Reboot{})
	want := []emulator.Entry{
		{Kind: "http.request", Name: "GET /description.xml", Status: 200},
		{Kind: "soap.call", Name: "AddPortMapping", Status: 200, Details: emulator.Details{
			{Name: "NewRemoteHost"}, {Name: "NewExternalPort", Value: "8080"}, {Name: "NewProtocol", Value: "TCP"}, {Name: "NewInternalPort", Value: "80"},
			{Name: "NewInternalClient", Value: "127.0.0.1"}, {Name: "NewEnabled", Value: "1"}, {Name: "NewPortMappingDescription", Value: "web"}, {Name: "NewLeaseDuration", Value: "60"},
		}},
		{Kind: "state.mapping-added", Name: "TCP 8080 → 127.0.0.1:80", Details: emulator.Details{{Name: "description", Value: "web"}, {Name: "enabled", Value: "1"}, {Name: "lease", Value: "60"}}},
		{Kind: "soap.call", Name: "DeletePortMapping", Status: 500, Code: 714, Details: emulator.Details{
			{Name: "NewRemoteHost"}, {Name: "NewExternalPort", Value: "9"}, {Name: "NewProtocol", Value: "TCP"},
		}},
		{Kind: "state.mapping-expired", Name: "TCP 8080 → 127.0.0.1:80", Details: emulator.Details{{Name: "description", Value: "web"}, {Name: "enabled", Value: "1"}, {Name: "lease", Value: "60"}}},
		{Kind: "state.external-ip"},
		{Kind: "state.reboot", Name: fmt.Sprint(time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC).Unix()), Details: emulator.Details{
			{Name: "location", Value: location}, {Name: "udn", Value: g.UDN()},
		}},
	}
	got := g.Journal()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(emulator.Entry{}, "Seq", "Time", "Gateway", "Peer")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	lines := strings.SplitAfter(written.String(), "\n")
	if len(lines) != len(got)+1 {
		t.Fatalf("%d lines for %d entries", len(lines), len(got))
	}
	for i, e := range got {
		var line struct {
			Seq     uint64
			Gateway string
			Kind    string
			Details map[string]string
		}
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
			t.Fatal(err)
		}
		if line.Seq != uint64(i+1) || line.Gateway != "box" || line.Kind != e.Kind || len(line.Details) != len(e.Details) {
			t.Errorf("line %d: %s", i, lines[i])
		}
	}
	if peer := got[1].Peer; peer.Addr().String() != "127.0.0.1" {
		t.Errorf("peer %v", peer)
	}
}

// failing is a journal on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestJournalThatCannotBeWritten(t *testing.T) {
	g, err := emulator.New(t.Context(), emulator.Options{Journal: failing{}})
	if err != nil {
		t.Fatal(err)
	}
	g.SetExternalIP(netip.Addr{})
	if err := g.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close gave %v", err)
	}
	if len(g.Journal()) == 0 {
		t.Error("the journal in memory is empty")
	}
}

func TestEventsMayCallTheGateway(t *testing.T) {
	var g *emulator.Gateway
	var seen []string
	running := 0
	g = emulator.Start(t, emulator.Options{SSDP: "off", OnEvent: func(e emulator.Event) {
		if running++; running > 1 {
			t.Error("OnEvent was called within OnEvent")
		}
		defer func() { running-- }()
		seen = append(seen, string(e.Event))
		if e.Event == emulator.ExternalIPSet && *e.ExternalIP == "" {
			g.SetExternalIP(netip.MustParseAddr("198.51.100.1"))
		}
	}})
	g.SetExternalIP(netip.Addr{})
	if diff := cmp.Diff([]string{"external-ip", "external-ip"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := g.ExternalIP().String(); got != "198.51.100.1" {
		t.Errorf("external address %s", got)
	}
}

// A test may end itself in OnEvent: what it called does not come back, and the gateway goes on.
func TestOnEventMayEndItsGoroutine(t *testing.T) {
	var seen []string
	g := emulator.Start(t, emulator.Options{SSDP: "off", OnEvent: func(e emulator.Event) {
		seen = append(seen, e.Status)
		if e.Status == "Disconnected" {
			runtime.Goexit() // as t.Fatal does
		}
	}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.SetConnectionStatus("Disconnected")
	}()
	<-done
	if err := g.SetConnectionStatus("Connected"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Disconnected", "Connected"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExternalIPIsIPv4(t *testing.T) {
	g := emulator.Start(t, emulator.Options{SSDP: "off"})
	if err := g.SetExternalIP(netip.MustParseAddr("2001:db8::1")); err == nil {
		t.Error("an IPv6 address was taken")
	}
	if err := g.SetExternalIP(netip.MustParseAddr("::ffff:198.51.100.1")); err != nil || g.ExternalIP().String() != "198.51.100.1" {
		t.Errorf("mapped address: %v, %v", g.ExternalIP(), err)
	}
}

func TestSeveralGateways(t *testing.T) {
	seen := map[string]bool{}
	for i := range 5 {
		g := emulator.Start(t, emulator.Options{Seed: uint64(i)})
		if seen[g.UDN()] || seen[g.Location()] || seen[g.SSDP().String()] {
			t.Errorf("gateway %d repeats %s %s %v", i, g.UDN(), g.Location(), g.SSDP())
		}
		seen[g.UDN()], seen[g.Location()], seen[g.SSDP().String()] = true, true, true
	}
	a := emulator.Start(t, emulator.Options{Seed: 3})
	if !seen[a.UDN()] {
		t.Error("the same seed gave another UDN")
	}
}

func TestContextEndsAGateway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, err := emulator.New(ctx, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(g.Location()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

// A gateway that is closed stays as it was, and says so to whoever would change it.
func TestClosedGatewayIsNotChanged(t *testing.T) {
	g, err := emulator.New(t.Context(), emulator.Options{Mappings: []emulator.InitialMapping{
		{Protocol: "TCP", ExternalPort: 8080, InternalClient: netip.MustParseAddr("127.0.0.1"), InternalPort: 80}}})
	if err != nil {
		t.Fatal(err)
	}
	fault := emulator.Fault{Name: "slow", On: "soap.*", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 501}}}
	if err := g.AddFault(fault); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	before := len(g.Journal())
	fault.Name = "slower"
	addr := netip.MustParseAddr("45.66.77.99")
	for name, change := range map[string]func() error{
		"SetExternalIP":            func() error { return g.SetExternalIP(addr) },
		"Connection.SetExternalIP": func() error { return g.Connection(0).SetExternalIP(addr) },
		"SetConnectionStatus":      func() error { return g.SetConnectionStatus("Disconnected") },
		"Connection.SetStatus":     func() error { return g.Connection(0).SetStatus("Disconnected") },
		"AddFault":                 func() error { return g.AddFault(fault) },
		"Act":                      func() error { return g.Act(emulator.Action{Clear: true}) },
		"Act, reboot":              func() error { return g.Act(emulator.Action{Reboot: &emulator.Reboot{}}) },
		"Reboot":                   func() error { return g.Reboot(emulator.Reboot{}) },
	} {
		if err := change(); !errors.Is(err, emulator.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if g.RemoveFault("slow") || g.PassPinhole(1, 1) {
		t.Error("a gateway that is closed was changed")
	}
	g.ClearFaults()
	g.SetFirewall(false, false)
	if faults, mappings := g.Faults(), g.Mappings(); len(faults) != 1 || len(mappings) != 1 || g.ExternalIP() == addr || g.ConnectionStatus() != "Connected" {
		t.Errorf("it has %v, %v, %v, %v", faults, mappings, g.ExternalIP(), g.ConnectionStatus())
	}
	if news := g.Journal()[before:]; len(news) > 0 {
		t.Errorf("it tells news: %v", news)
	}
}

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]emulator.Options{
		"version 3":      {Version: 3},
		"SOAPConnect":    {Connection: "SOAPConnection"},
		"IGD:1 only":     {Version: 2, Connection: "WANPPPConnection"},
		"capacity":       {Policy: emulator.Policy{Capacity: emulator.CapacityPolicy{Entries: 70000}}},
		"no plane":       {Plane: emulator.Plane{Mode: "doors"}},
		"negative":       {Plane: emulator.Plane{MaxPorts: -1}},
		"UDN":            {UDN: "box"},
		"advertise":      {Advertise: "box"},
		"IPv4":           {ExternalIP: netip.MustParseAddr("2001:db8::1")},
		"192.0.2.1":      {LAN: netip.MustParseAddr("192.0.2.1")},
		"emulator: ssdp": {SSDP: "nonsense"},
	} {
		g, err := emulator.New(t.Context(), o)
		if err == nil {
			g.Close()
			t.Errorf("%q was accepted", want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestTakenPort(t *testing.T) {
	g := emulator.Start(t, emulator.Options{SSDP: "off"})
	port := netip.MustParseAddrPort(location(t, g).Host).Port()
	_, err := emulator.New(t.Context(), emulator.Options{HTTPPort: port, SSDP: "off"})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken port gave %v", err)
	}
}

func TestAdvertise(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Advertise: "gateway.example:5000"})
	if got, want := g.Location(), "http://gateway.example:5000/description.xml"; got != want {
		t.Errorf("location %s, want %s", got, want)
	}
}
