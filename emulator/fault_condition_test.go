package emulator

import (
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

func TestTest(t *testing.T) {
	yes, no := new(true), new(false)
	tests := []struct {
		test Test
		pass []string
		fail []string
	}{
		{Test{}, []string{"", "x"}, nil},
		{Test{Equals: new("TCP")}, []string{"TCP"}, []string{"", "tcp", "TCP "}},
		{Test{Not: new("TCP")}, []string{"", "UDP"}, []string{"TCP"}},
		{Test{Below: new(int64(1024))}, []string{"0", "1023", "-5", " 80 ", "80.5", "Second-540"}, []string{"1024", "", "x", "99999999999999999999"}},
		{Test{Above: new(int64(0))}, []string{"1", "4294967296"}, []string{"0", "", "-1"}},
		{Test{Above: new(int64(0)), Below: new(int64(3600))}, []string{"1", "3599"}, []string{"0", "3600"}},
		{Test{Empty: yes}, []string{""}, []string{" ", "x"}},
		{Test{Empty: no}, []string{" ", "x"}, []string{""}},
		{Test{Begins: new("urn:")}, []string{"urn:x"}, []string{"xurn:", "URN:x", ""}},
		{Test{Contains: new("Microsoft")}, []string{"a microsoft b", "MICROSOFT"}, []string{"micro soft", ""}},
		{Test{Lacks: new("RemoteHost")}, []string{"", "<NewProtocol>"}, []string{"<NewRemoteHost/>", "remotehost"}},
		{Test{Address: yes}, []string{"192.168.1.1", "192.168.1.1:5000", "fe80::1%eth0", "[fe80::1]", "[fe80::1%25eth0]:80"}, []string{"", "router.lan", "router.lan:80", "192.168.1", "1"}},
		{Test{Address: no, Empty: no}, []string{"router.lan:80"}, []string{"", "192.168.1.1:80"}},
		{Test{Not: new("0"), Below: new(int64(10))}, []string{"1"}, []string{"0", "10"}},
	}
	for _, tt := range tests {
		for _, s := range tt.pass {
			if !tt.test.holds(s) {
				t.Errorf("%v does not hold for %q", given(tt.test, ""), s)
			}
		}
		for _, s := range tt.fail {
			if tt.test.holds(s) {
				t.Errorf("%v holds for %q", given(tt.test, ""), s)
			}
		}
	}
}

// faulty is the state of a gateway with these faults at epoch, and what its faults write into the journal.
func faulty(t testing.TB, all ...Fault) (*state, *[]Entry) {
	t.Helper()
	o := defaulted(t, Options{Faults: all, Clock: NewClock(epoch)})
	s := newState(&o, newTree(&o, newSite(&o, "127.0.0.1:80", nil, generation{})))
	written := new([]Entry)
	s.faults.note = func(e Entry) { *written = append(*written, e) }
	return s, written
}

// web is our mapping of a port.
func web(port uint16) Mapping {
	return Mapping{Protocol: "TCP", ExternalPort: port, InternalClient: netip.MustParseAddr(us), InternalPort: 80, Enabled: true}
}

func TestCondition(t *testing.T) {
	s, _ := faulty(t)
	s.store(web(8080), nil)
	s.step(epoch.Add(time.Hour))
	theirs := web(9090)
	theirs.InternalClient = netip.MustParseAddr(them)
	s.store(theirs, nil)
	ours, other := netip.MustParseAddrPort(us+":40000"), netip.MustParseAddrPort(them+":40000")
	call := func(from netip.AddrPort, args ...string) *occasion {
		o := &occasion{layer: onSOAP, action: "AddPortMapping", peer: from, request: &http1.Request{
			Method: "POST", Target: "/control?WANIPConn1", Version: "HTTP/1.0", Body: []byte("<Envelope/>"), InFlight: 2,
			Head: http1.Head{Reads: []int{100, 11}, Fields: http1.Fields{{Name: "user-agent", Value: "Syncthing/1.2"}}},
		}}
		for i := 0; i < len(args); i += 2 {
			o.args = append(o.args, soap.Arg{Name: args[i], Value: args[i+1]})
		}
		return o
	}
	add8080 := []string{"NewExternalPort", "8080", "NewProtocol", "TCP", "NewInternalClient", us}
	at := func(port string) []string { return []string{"NewExternalPort", port, "NewProtocol", "TCP"} }
	tests := []struct {
		name string
		c    Condition
		o    *occasion
		want bool
	}{
		{"none", Condition{}, call(ours), true},
		{"argument", Condition{Arg: map[string]Test{"NewProtocol": {Equals: new("TCP")}}}, call(ours, add8080...), true},
		{"another value", Condition{Arg: map[string]Test{"NewProtocol": {Equals: new("UDP")}}}, call(ours, add8080...), false},
		{"one argument of two", Condition{Arg: map[string]Test{"NewProtocol": {Equals: new("TCP")}, "NewExternalPort": {Below: new(int64(1024))}}}, call(ours, add8080...), false},
		{"absent argument", Condition{Arg: map[string]Test{"NewEnabled": {Empty: new(true)}}}, call(ours, add8080...), true},
		{"header in any case", Condition{Header: map[string]Test{"User-Agent": {Contains: new("syncthing")}}}, call(ours), true},
		{"absent header", Condition{Header: map[string]Test{"SOAPAction": {Empty: new(false)}}}, call(ours), false},
		{"version", Condition{Version: Test{Equals: new("HTTP/1.1")}}, call(ours), false},
		{"method and path", Condition{Method: Test{Equals: new("POST")}, Path: Test{Begins: new("/control")}}, call(ours), true},
		{"body", Condition{Body: Test{Contains: new("envelope")}}, call(ours), true},
		{"reads", Condition{Reads: Count{Over: new(1)}}, call(ours), true},
		{"in flight", Condition{InFlight: Count{Over: new(1)}}, call(ours), true},
		{"in flight below", Condition{InFlight: Count{Below: new(2)}}, call(ours), false},
		{"size", Condition{Size: Count{AtLeast: new(2)}}, call(ours), true},
		{"size at most", Condition{Size: Count{AtMost: new(1)}}, call(ours), false},
		{"address", Condition{Client: ClientTest{Addr: netip.MustParseAddr(us)}}, call(ours), true},
		{"another address", Condition{Client: ClientTest{Addr: netip.MustParseAddr(us)}}, call(other), false},
		{"one of a prefix", Condition{Client: ClientTest{Prefix: netip.MustParsePrefix("0.0.0.0/0")}}, call(ours), true},
		{"of another prefix", Condition{Client: ClientTest{Prefix: netip.MustParsePrefix("::/0")}}, call(ours), false},
		{"for itself", Condition{Client: ClientTest{Word: "same"}}, call(ours, add8080...), true},
		{"for another", Condition{Client: ClientTest{Word: "other"}}, call(other, add8080...), true},
		{"deleting its own", Condition{Client: ClientTest{Word: "same"}}, call(other, at("9090")...), true},
		{"deleting another's", Condition{Client: ClientTest{Word: "other"}}, call(ours, at("9090")...), true},
		{"deleting nothing, same", Condition{Client: ClientTest{Word: "same"}}, call(ours, at("1")...), false},
		{"deleting nothing, other", Condition{Client: ClientTest{Word: "other"}}, call(ours, at("1")...), false},
		{"own entry", Condition{Existing: "own"}, call(ours, add8080...), true},
		{"own entry of another", Condition{Existing: "own"}, call(other, add8080...), false},
		{"other's entry", Condition{Existing: "other"}, call(ours, at("9090")...), true},
		{"no entry", Condition{Existing: "none"}, call(ours, at("7")...), true},
		{"no entry where there is one", Condition{Existing: "none"}, call(ours, add8080...), false},
		{"by index", Condition{Existing: "other"}, call(ours, "NewPortMappingIndex", "1"), true},
		{"by an index past the end", Condition{Existing: "none"}, call(ours, "NewPortMappingIndex", "2"), true},
		{"old", Condition{Age: Age{Over: Duration(59 * time.Minute)}}, call(ours, add8080...), true},
		{"not so old", Condition{Age: Age{Over: Duration(time.Hour)}}, call(ours, add8080...), false},
		{"young", Condition{Age: Age{Below: Duration(time.Minute)}}, call(ours, at("9090")...), true},
		{"no age at all", Condition{Age: Age{Below: Duration(time.Minute)}}, call(ours, at("1")...), false},
		{"search", Condition{Via: viaMulticast, ST: Test{Equals: new("ssdp:all")}}, &occasion{layer: onSearch, via: viaMulticast, st: "ssdp:all"}, true},
		{"search by unicast", Condition{Via: viaMulticast}, &occasion{layer: onSearch, via: viaUnicast}, false},
		{"mapping", Condition{Arg: map[string]Test{"NewInternalPort": {Equals: new("9090")}}}, &occasion{layer: onAdd, mapping: &theirs}, false},
		{"mapping's client", Condition{Client: ClientTest{Word: "other"}}, &occasion{layer: onDelete, peer: ours, mapping: &theirs}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.c.holds(s, tt.o, false); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if c := (Condition{Size: Count{Over: new(9)}, Arg: map[string]Test{"NewProtocol": {Equals: new("TCP")}}}); !c.holds(s, call(ours, add8080...), true) || c.holds(s, call(ours), true) {
		t.Error("a fault that goes on asks for what was asked, and not for the state")
	}
}

// Whatever a client says, conditions are asked without a panic, and give the same answer twice.
func FuzzCondition(f *testing.F) {
	f.Add("8080", "TCP", "192.168.1.10", "0", int64(1024), "x", uint8(0))
	f.Add("", "", "", "", int64(0), "", uint8(255))
	f.Add("99999", "UDP", "::1%eth0", "65536", int64(-1), "%", uint8(7))
	s, _ := faulty(f)
	s.store(web(8080), nil)
	f.Fuzz(func(t *testing.T, port, protocol, client, index string, n int64, text string, which uint8) {
		o := &occasion{layer: onSOAP, action: text, peer: netip.MustParseAddrPort(us + ":1"), args: []soap.Arg{
			{Name: "NewExternalPort", Value: port}, {Name: "NewProtocol", Value: protocol}, {Name: "NewInternalClient", Value: client},
		}}
		if which&1 != 0 {
			o.args = append(o.args, soap.Arg{Name: "NewPortMappingIndex", Value: index})
		}
		test := Test{Below: &n, Contains: &text}
		c := Condition{
			Arg: map[string]Test{"NewExternalPort": test}, Header: map[string]Test{text: test},
			Client: ClientTest{Word: []string{"same", "other"}[which>>1&1]}, Existing: []ExistingTest{"own", "other", "none"}[which%3],
			Age: Age{Over: Duration(n)}, Size: Count{Over: new(int(n))},
		}
		fault := &fault{Fault: Fault{If: c, When: When{Per: perMapping, Until: untilDeleted, First: 1}}}
		if got := c.holds(s, o, which&4 != 0); got != c.holds(s, o, which&4 != 0) {
			t.Error("two answers")
		}
		fault.acts(s, o)
	})
}

// Headers have their numbers in words (UDA 1.1 §1.2.2, §4.1.1).
func TestNumberIn(t *testing.T) {
	for text, want := range map[string]int64{"540": 540, " -3 ": -3, "Second-540": 540, "max-age=1800": 1800, "max-age = 60, private=2": 60, "007": 7} {
		if n, ok := numberIn(text); !ok || n != want {
			t.Errorf("%q: %d, %v, want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"", "Second-infinite", "99999999999999999999"} {
		if n, ok := numberIn(text); ok {
			t.Errorf("%q: %d, want none", text, n)
		}
	}
}
