package emulator

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// to invokes an action of the service that stands for a connection.
func (c caller) to(wan int, kind, action string, args ...string) (int, []soap.Arg) {
	c.t.Helper()
	var found *service
	c.g.presence.root.everyService(func(s *service) {
		if s.kind == kind && s.wan == wan {
			found = s
		}
	})
	a := found.actions[action]
	var got []soap.Arg
	for i := 0; i < len(args); i += 2 {
		got = append(got, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	var out []soap.Arg
	var err error
	c.g.do(func(s *state) {
		var in arguments
		if in, err = a.check(got, &s.policy.Arguments); err == nil {
			out, err = a.perform(s, call{caller: c.addr, service: found, connection: s.connections[wan], args: in})
		}
		err = s.policy.answer(err, found, a)
	})
	_, e := outcome(err)
	return e.Code, out
}

func TestConnectionsAreIndependent(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 1, Clock: clock, WAN: []WAN{
		{Status: "Disconnected", Access: "DSL", Provider: "Old Line"},
		{Service: pppConnection, ExternalIP: addr("203.0.113.9"), Traffic: Traffic{BytesSent: 1<<32 + 5}},
	}})
	value := func(wan int, kind, action string, args ...string) string {
		t.Helper()
		code, out := c.to(wan, kind, action, args...)
		if code != 0 || len(out) == 0 {
			t.Fatalf("%s of %d: error %d", action, wan, code)
		}
		return out[0].Value
	}
	sub := newSubscriber(t, http.StatusOK)
	subscribe(t, c.g, "WANPPPConnection1-1", sub.url)
	first := sub.next(t).values
	if d := cmp.Diff(map[string]string{
		"PossibleConnectionTypes": "IP_Routed", "ConnectionStatus": "Connected", "ExternalIPAddress": "203.0.113.9", "PortMappingNumberOfEntries": "0",
	}, first); d != "" {
		t.Errorf("first event (-want +got):\n%s", d)
	}

	for _, w := range []struct {
		wan                  int
		kind, status, addr   string
		access, provider, up string
	}{
		{0, ipConnection, "Disconnected", "", "DSL", "Old Line", "0"},
		{1, pppConnection, "Connected", "203.0.113.9", "Ethernet", "", "5"},
	} {
		for action, want := range map[string]string{"GetStatusInfo": w.status, "GetExternalIPAddress": w.addr} {
			if got := value(w.wan, w.kind, action); got != want {
				t.Errorf("%s of %d: %q, want %q", action, w.wan, got, want)
			}
		}
		for action, want := range map[string]string{
			"GetCommonLinkProperties": w.access, "GetWANAccessProvider": w.provider, "GetTotalBytesSent": w.up, "GetMaximumActiveConnections": "2",
		} {
			if got := value(w.wan, commonInterface, action); got != want {
				t.Errorf("%s of %d: %q, want %q", action, w.wan, got, want)
			}
		}
	}

	// One port is mapped on both lines, with leases of their own.
	for wan, kind := range []string{ipConnection, pppConnection} {
		args := add("NewLeaseDuration", []string{"60", "120"}[wan])
		if code, _ := c.to(wan, kind, "AddPortMapping", args...); code != 0 {
			t.Fatalf("add to %d: error %d", wan, code)
		}
	}
	if d := cmp.Diff(map[string]string{"PortMappingNumberOfEntries": "1"}, sub.next(t).values); d != "" {
		t.Errorf("event (-want +got):\n%s", d)
	}
	clock.Advance(60 * time.Second)
	if n, m := len(c.g.Connection(0).Mappings()), c.g.Connection(1).Mappings(); n != 0 || len(m) != 1 || m[0].WAN != 1 {
		t.Errorf("after a minute: %d of the first, %v of the second", n, m)
	}

	// The first comes up, and the second goes.
	if code, _ := c.to(0, ipConnection, "RequestConnection"); code != 0 {
		t.Errorf("request: error %d", code)
	}
	if got := value(0, ipConnection, "GetExternalIPAddress"); got != "45.66.77.88" {
		t.Errorf("external address %q", got)
	}
	if err := c.g.Connection(1).SetStatus("Disconnected"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"ConnectionStatus": "Disconnected", "ExternalIPAddress": ""}, sub.next(t).values); d != "" {
		t.Errorf("event (-want +got):\n%s", d)
	}
	code, out := c.to(0, commonInterface, "GetActiveConnection", "NewActiveConnectionIndex", "0")
	if code != 0 || out[1].Value != "urn:upnp-org:serviceId:WANIPConn1" {
		t.Errorf("active connection %v, error %d", out, code)
	}
	if code, _ := c.to(0, commonInterface, "GetActiveConnection", "NewActiveConnectionIndex", "1"); code != 713 {
		t.Errorf("a second active connection: error %d, want 713", code)
	}
}

// EnabledForInternet and the line decide whether a connection can be requested (WANIPConnection:1 §2.4.3).
func TestRequestConnectionNeedsALine(t *testing.T) {
	c := call1(t, Options{Version: 1})
	want := func(what string, code int, kind, action string, args ...string) {
		t.Helper()
		if got, _ := c.do(kind, 1, action, args...); got != code {
			t.Errorf("%s: error %d, want %d", what, got, code)
		}
	}
	status := func(want ...string) {
		t.Helper()
		_, out := c.do(ipConnection, 1, "GetStatusInfo")
		if got := []string{out[0].Value, out[1].Value}; !cmp.Equal(got, want) {
			t.Errorf("status %v, want %v", got, want)
		}
	}
	want("disable", 0, commonInterface, "SetEnabledForInternet", "NewEnabledForInternet", "0")
	status("Disconnected", "ERROR_NOT_ENABLED_FOR_INTERNET")
	want("disabled", 709, ipConnection, "RequestConnection")
	want("enable", 0, commonInterface, "SetEnabledForInternet", "NewEnabledForInternet", "1")
	status("Connected", "ERROR_NONE")
	c.g.do(func(s *state) { s.setLink(s.connections[0], false) })
	want("no line", 704, ipConnection, "RequestConnection")
	status("Disconnected", "ERROR_NO_CARRIER")
}

func TestCountersOfManyBits(t *testing.T) {
	const n = 5_000_000_000
	for bits, want := range map[int]string{0: "705032704", 32: "705032704", 64: "5000000000"} {
		c := call1(t, Options{Policy: Policy{Counters: CounterPolicy{Bits: bits}}, WAN: []WAN{{Traffic: Traffic{BytesReceived: n}}}})
		if _, out := c.do(commonInterface, 1, "GetTotalBytesReceived"); out[0].Value != want {
			t.Errorf("%d bits: %s, want %s", bits, out[0].Value, want)
		}
	}
}

// A static row can be neither changed nor deleted, comes back after a reboot, and a template has no client.
func TestInitialMappings(t *testing.T) {
	off := false
	c := call1(t, Options{Version: 1, Policy: Policy{Clients: ClientPolicy{Accept: "any"}}, Mappings: []InitialMapping{
		{ExternalPort: 8080, InternalClient: addr(us), Description: "web", Static: true},
		{Protocol: "UDP", ExternalPort: 7547, RemoteHost: addr(peer), InternalClient: addr(us), Description: "STB TR069", Lease: Lease(time.Hour)},
		{ExternalPort: 2300, Enabled: &off, Description: "Age of Empires"},
	}})
	rows := func() (all [][]string) {
		for _, i := range []string{"0", "1", "2", "3"} {
			code, out := c.do(ipConnection, 1, "GetGenericPortMappingEntry", "NewPortMappingIndex", i)
			if code == 713 {
				return all
			}
			var row []string
			for _, a := range out[:7] {
				row = append(row, a.Value)
			}
			all = append(all, row)
		}
		return all
	}
	want := [][]string{
		{"", "8080", "TCP", "8080", us, "1", "web"},
		{peer, "7547", "UDP", "7547", us, "1", "STB TR069"},
		{"", "2300", "TCP", "0", "", "0", "Age of Empires"},
	}
	if d := cmp.Diff(want, rows()); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if code, _ := c.do(ipConnection, 1, "AddPortMapping", add()...); code != 718 {
		t.Errorf("add over a static forward: error %d, want 718", code)
	}
	if code, _ := c.do(ipConnection, 1, "DeletePortMapping", add()[:6]...); code != 714 {
		t.Errorf("delete a static forward: error %d, want 714", code)
	}
	if code, _ := c.do(ipConnection, 1, "DeletePortMapping", "NewRemoteHost", peer, "NewExternalPort", "7547", "NewProtocol", "UDP"); code != 0 {
		t.Errorf("delete the provider's row: error %d", code)
	}
	if err := c.g.Reboot(Reboot{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, rows()); d != "" {
		t.Errorf("rows after a reboot (-want +got):\n%s", d)
	}
	if code, _ := c.do(ipConnection, 1, "DeletePortMapping", "NewRemoteHost", peer, "NewExternalPort", "7547", "NewProtocol", "UDP"); code != 0 {
		t.Errorf("delete the provider's row again: error %d", code)
	}
	if err := c.g.Reboot(Reboot{Keep: true}); err != nil {
		t.Fatal(err)
	}
	kept := [][]string{want[0], want[2]}
	if d := cmp.Diff(kept, rows()); d != "" {
		t.Errorf("rows after a reboot that keeps them (-want +got):\n%s", d)
	}
	// The second reboot takes the place of the first, which has emptied the table.
	for _, how := range []Reboot{{Downtime: Duration(time.Hour)}, {Keep: true}} {
		if err := c.g.Reboot(how); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want, rows()); d != "" {
		t.Errorf("rows after a reboot within one (-want +got):\n%s", d)
	}
}

// A connection is up when its cable is in and the Internet is enabled, in whichever order those come and go. A reboot enables it.
func TestLinkAndEnabledForInternet(t *testing.T) {
	enable := func(on string) func(c caller) {
		return func(c caller) {
			if code, _ := c.do(commonInterface, 1, "SetEnabledForInternet", "NewEnabledForInternet", on); code != 0 {
				c.t.Errorf("SetEnabledForInternet %s: error %d", on, code)
			}
		}
	}
	link := func(to LinkState) func(c caller) {
		return func(c caller) {
			if err := c.g.Act(Action{Link: to}); err != nil {
				c.t.Error(err)
			}
		}
	}
	reboot := func(c caller) {
		if err := c.g.Reboot(Reboot{}); err != nil {
			c.t.Error(err)
		}
	}
	const up, barred, unplugged = "Connected ERROR_NONE", "Disconnected ERROR_NOT_ENABLED_FOR_INTERNET", "Disconnected ERROR_NO_CARRIER"
	type step struct {
		do   func(caller)
		want string
	}
	for name, steps := range map[string][]step{
		"enabled last":       {{enable("0"), barred}, {link(linkDown), unplugged}, {link(linkUp), barred}, {enable("1"), up}},
		"plugged in last":    {{enable("0"), barred}, {link(linkDown), unplugged}, {enable("1"), unplugged}, {link(linkUp), up}},
		"disabled unplugged": {{link(linkDown), unplugged}, {enable("0"), unplugged}, {link(linkUp), barred}, {enable("1"), up}},
		"reboot":             {{enable("0"), barred}, {reboot, up}, {enable("0"), barred}},
	} {
		t.Run(name, func(t *testing.T) {
			c := call1(t, Options{Version: 1})
			for i, step := range steps {
				step.do(c)
				_, info := c.do(ipConnection, 1, "GetStatusInfo")
				if got := info[0].Value + " " + info[1].Value; got != step.want {
					t.Errorf("step %d: %s, want %s", i, got, step.want)
				}
			}
		})
	}
}

// What is said of a gateway as a whole is about the connection that Layer3Forwarding names: of several, the first that is up.
func TestDefaultConnection(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 1, Clock: clock, WAN: []WAN{{Status: "Disconnected"}, {ExternalIP: addr("203.0.113.9")}, {ExternalIP: addr("203.0.113.10")}}})
	ip := func(want string) {
		t.Helper()
		if got := c.g.ExternalIP().String() + " " + c.g.ConnectionStatus(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	ip("203.0.113.9 Connected")
	if err := c.g.SetExternalIP(addr("203.0.113.11")); err != nil {
		t.Fatal(err)
	}
	ip("203.0.113.11 Connected")
	if err := c.g.Act(Action{WANAddress: new(addr("203.0.113.12"))}); err != nil {
		t.Fatal(err)
	}
	ip("203.0.113.12 Connected")
	if err := c.g.Act(Action{Status: "Connecting"}); err != nil {
		t.Fatal(err)
	}
	ip("invalid IP Connecting")
	_, out := c.do(layer3Forwarding, 1, "GetDefaultConnectionService")
	if want := c.g.state.services[1].String(); out[0].Value != want {
		t.Errorf("Layer3Forwarding names %s, want %s", out[0].Value, want)
	}
	if code, _ := c.do(layer3Forwarding, 1, "SetDefaultConnectionService", "NewDefaultConnectionService", c.g.state.services[2].String()); code != 0 {
		t.Errorf("SetDefaultConnectionService: error %d", code)
	}
	ip("203.0.113.10 Connected")
	if n := call1(t, Options{WAN: []WAN{{Status: "Disconnected"}, {Status: "Connecting"}}}).g.DefaultConnection().number; n != 0 {
		t.Errorf("where none is up, it is connection %d", n)
	}
}

// The cleaner and the reset of a gateway are about the tables of all its connections unless one is named, and about no static rows.
func TestTimelineOfSeveralConnections(t *testing.T) {
	two := Options{Version: 1, WAN: []WAN{{}, {ExternalIP: addr("203.0.113.9")}}, Mappings: []InitialMapping{
		{ExternalPort: 80, InternalClient: addr(us), Static: true},
		{ExternalPort: 81, InternalClient: addr(us)},
		{ExternalPort: 82, InternalClient: addr(us), WAN: 1},
		{ExternalPort: 83, InternalClient: addr(us), WAN: 1, Lease: Lease(time.Second)},
	}}
	cleaned := []Action{{Remove: removeUnused}, {Remove: removeUnused}}
	for _, tt := range []struct {
		name string
		size Count
		do   []Action
		want []uint16
	}{
		{"clear", Count{}, []Action{{Clear: true}}, []uint16{80}},
		{"clear one", Count{}, []Action{{Clear: true, WAN: new(1)}}, []uint16{80, 81}},
		{"clear the first", Count{}, []Action{{Clear: true, WAN: new(0)}}, []uint16{80, 82, 83}},
		{"unused", Count{}, cleaned, []uint16{80}},
		{"expired", Count{}, []Action{{Remove: removeExpired}}, []uint16{80, 81, 82}},
		{"oldest", Count{}, []Action{{Remove: removeOldest}}, []uint16{80, 83}},
		{"oldest of one", Count{}, []Action{{Remove: removeOldest, WAN: new(1)}, {Remove: removeOldest, WAN: new(1)}, {Remove: removeOldest, WAN: new(1)}}, []uint16{80, 81}},
		{"four in all", Count{AtLeast: new(4)}, []Action{{Clear: true}}, []uint16{80}},
		{"not four in one", Count{AtLeast: new(4)}, []Action{{Clear: true, WAN: new(1)}}, []uint16{80, 81, 82, 83}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := two
			o.Clock = NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			o.Faults = []Fault{{On: "table.expire", Do: Deed{Store: new(false)}}}
			o.Timeline = soon(tt.do...)
			o.Timeline[0].If.Size = tt.size
			c := call1(t, o)
			c.g.Advance(time.Minute)
			var got []uint16
			for _, m := range c.g.Mappings() {
				got = append(got, m.ExternalPort)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("left (-want +got):\n%s", d)
			}
		})
	}
}
