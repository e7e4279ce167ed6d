package emulator

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// Of several faults that act on one occasion the first verb wins, and the edits before it apply.
func TestFirstVerbWins(t *testing.T) {
	delay := func(d time.Duration) Deed { return Deed{Delay: Span{d, d}} }
	refuse := func(code int) Deed {
		d := delay(time.Minute)
		d.UPnPError = &ErrorReply{Code: code}
		return d
	}
	s, written := faulty(t,
		Fault{Name: "slow", On: "soap.*", Do: delay(time.Second)},
		Fault{Name: "other action", On: "soap.GetStatusInfo", Do: refuse(402)},
		Fault{Name: "unknown action", On: "soap.unknown", Do: refuse(403)},
		Fault{Name: "other layer", On: "http.request", Do: Deed{Drop: true}},
		Fault{Name: "refuses", On: "soap.AddPortMapping", If: Condition{Size: Count{AtLeast: new(0)}}, Do: refuse(501)},
		Fault{Name: "too late", On: "soap.AddPortMapping", Do: refuse(718)},
	)
	o := &occasion{layer: onSOAP, action: "AddPortMapping", peer: netip.MustParseAddrPort(us + ":40000")}
	d := s.meet(o)
	if err := d.refused(); err != (ErrorReply{Code: 501}) || d.delay != time.Second+time.Minute {
		t.Errorf("%v after %v", err, d.delay)
	}
	want := []Entry{
		{Time: epoch, Kind: "fault", Peer: o.peer, Name: "slow", Details: Details{{"layer", "soap.*"}, {"do", "delay"}}},
		{Time: epoch, Kind: "fault", Peer: o.peer, Name: "refuses", Code: 501, Details: Details{{"layer", "soap.AddPortMapping"}, {"do", "upnp-error 501, delay"}}},
	}
	if diff := cmp.Diff(want, *written, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("journal (-want +got)\n%s", diff)
	}
	if d := s.meet(&occasion{layer: onSOAP, action: "X_Odd", unknown: true}); d.refused() != (ErrorReply{Code: 403}) {
		t.Errorf("an unknown action: %v", d.refused())
	}
}

// Values first, then removals, then names; all by the names as they were. What same-as names is as it was, too.
func TestRewriteArgs(t *testing.T) {
	args := func(pairs ...string) (all []soap.Arg) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, soap.Arg{Name: pairs[i], Value: pairs[i+1]})
		}
		return all
	}
	before := args("A", "1", "B", "2", "C", "3")
	tests := []struct {
		name string
		do   []Deed
		want []soap.Arg
	}{
		{"nothing", nil, before},
		{"set", []Deed{{Set: texts("B", "x")}}, args("A", "1", "B", "x", "C", "3")},
		{"add", []Deed{{Set: texts("D", "4")}}, args("A", "1", "B", "2", "C", "3", "D", "4")},
		{"remove", []Deed{{Remove: []string{"B", "Z"}}}, args("A", "1", "C", "3")},
		{"rename", []Deed{{Rename: map[string]string{"A": "X", "Z": "Y"}}}, args("X", "1", "B", "2", "C", "3")},
		{"exchange", []Deed{{Set: map[string]Setting{"A": {SameAs: "B"}, "B": {SameAs: "A"}}}}, args("A", "2", "B", "1", "C", "3")},
		{"what was asked", []Deed{{Set: map[string]Setting{"A": {SameAs: "NewExternalPort"}}}}, args("A", "8080", "B", "2", "C", "3")},
		{"same as nothing", []Deed{{Set: map[string]Setting{"A": {SameAs: "Z"}}}}, args("A", "", "B", "2", "C", "3")},
		{"all of them", []Deed{{Set: texts("A", "9"), Remove: []string{"B"}, Rename: map[string]string{"A": "B"}}}, args("B", "9", "C", "3")},
		{"one after the other", []Deed{{Rename: map[string]string{"A": "X"}}, {Set: texts("X", "9")}}, args("X", "9", "B", "2", "C", "3")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d deed
			for i := range tt.do {
				d.edits = append(d.edits, tt.do[i].namedEdits()...)
			}
			if diff := cmp.Diff(tt.want, d.rewriteArgs(before, args("NewExternalPort", "8080"))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(args("A", "1", "B", "2", "C", "3"), before); diff != "" {
		t.Errorf("the original has changed: %s", diff)
	}
	d := deed{edits: (&Deed{Set: texts("server", "x"), Remove: []string{"DATE"}}).namedEdits()}
	got := d.rewriteFields(http1.Fields{{Name: "Server", Value: "y"}, {Name: "Date", Value: "z"}})
	if diff := cmp.Diff(http1.Fields{{Name: "Server", Value: "x"}}, got); diff != "" {
		t.Errorf("fields (-want +got)\n%s", diff)
	}
}

// step is one occasion of a fault on forward: which mapping, and whether the fault acts.
type step struct {
	at   time.Duration
	what string // "": the mapping is used; "delete", "add", "renew", "reboot"
	port uint16
	acts bool
}

func play(t *testing.T, f Fault, steps []step) {
	t.Helper()
	s, _ := faulty(t, f)
	c := s.connections[0]
	for i, st := range steps {
		s.step(epoch.Add(st.at))
		m := web(st.port)
		switch st.what {
		case "add", "renew":
			s.store(m, c.mappings.get(m.key()))
		case "delete":
			s.drop(c.mappings.get(m.key()), MappingDeleted, s.now)
		case "reboot":
			s.goDown(Reboot{})
			s.faults.reboot(s.now)
		default:
			if d := s.meet(&occasion{layer: onForward, mapping: &m}); d.acted != st.acts {
				t.Errorf("step %d, port %d at %v: acts %v, want %v", i, st.port, st.at, d.acted, st.acts)
			}
		}
	}
}

// life-listed-not-forwarding: after an hour a mapping is dead; to renew it does not help, to delete and add it does.
func TestAgeAndUntilDeleted(t *testing.T) {
	const minute = time.Minute
	play(t, Fault{On: "forward", If: Condition{Age: Age{Over: Duration(time.Hour)}}, When: When{Until: "deleted"}, Do: Deed{Drop: true}}, []step{
		{0, "add", 1, false}, {30 * minute, "add", 2, false},
		{59 * minute, "", 1, false}, {61 * minute, "", 1, true}, {61 * minute, "", 2, false},
		{62 * minute, "renew", 1, false}, {62 * minute, "", 1, true},
		{63 * minute, "delete", 1, false}, {63 * minute, "add", 1, false}, {64 * minute, "", 1, false},
		{91 * minute, "", 2, true}, {123 * minute, "", 1, false}, {124 * minute, "", 1, true},
	})
}

// Once it has acted it goes on, although the size has fallen; for this mapping only.
func TestUntilDeletedGoesOn(t *testing.T) {
	play(t, Fault{On: "forward", If: Condition{Size: Count{AtLeast: new(2)}}, When: When{Until: "deleted"}, Do: Deed{Drop: true}}, []step{
		{0, "add", 1, false}, {0, "", 1, false}, {0, "add", 2, false}, {0, "", 1, true},
		{0, "delete", 2, false}, {0, "", 1, true}, {0, "delete", 1, false}, {0, "add", 1, false}, {0, "", 1, false},
	})
}

// A call that names no mapping is about none that could be deleted.
func TestUntilDeletedOfNothing(t *testing.T) {
	s, _ := faulty(t, Fault{On: "soap.*", When: When{First: 1, Until: "deleted"}, Do: Deed{Drop: true}})
	o := &occasion{layer: onSOAP, action: "GetStatusInfo"}
	if first, second := s.meet(o), s.meet(o); !first.acted || second.acted {
		t.Errorf("it acts %v, then %v", first.acted, second.acted)
	}
}

// What goes on until a mapping is deleted survives the deletion of its duplicate, and ends when another client's takes its place.
func TestUntilDeletedOfDuplicates(t *testing.T) {
	s, _ := faulty(t, Fault{On: "forward", If: Condition{Size: Count{AtLeast: new(2)}}, When: When{Until: "deleted"}, Do: Deed{Drop: true}})
	t1, m := &s.connections[0].mappings, web(1)
	acts := func(want bool, when string) {
		t.Helper()
		if d := s.meet(&occasion{layer: onForward, mapping: &m}); d.acted != want {
			t.Errorf("%s it acts: %v", when, d.acted)
		}
	}
	s.store(m, nil)
	s.store(m, nil)
	acts(true, "of two")
	s.drop(t1.order.at(1), MappingDeleted, s.now)
	acts(true, "without the duplicate")
	m.InternalClient = netip.MustParseAddr(them)
	s.step(epoch.Add(time.Hour))
	s.store(m, t1.get(m.key()))
	acts(false, "for another client")
	if added := t1.get(m.key()).added; !added.Equal(s.now) {
		t.Errorf("another client's mapping is %v old", s.now.Sub(added))
	}
}

func TestUntilReboot(t *testing.T) {
	play(t, Fault{On: "forward", When: When{AfterCount: 2, Until: "reboot"}, Do: Deed{Drop: true}}, []step{
		{0, "add", 1, false}, {0, "", 1, false}, {0, "", 1, false}, {0, "", 1, true}, {0, "", 1, true},
		{0, "add", 2, false}, {0, "", 2, true},
		{0, "reboot", 0, false}, {0, "add", 1, false}, {0, "", 1, false}, {0, "", 1, false}, {0, "", 1, true},
	})
}

// A mapping that is made again is another one.
func TestPerMapping(t *testing.T) {
	play(t, Fault{On: "forward", When: When{First: 1, Per: "mapping"}, Do: Deed{Drop: true}}, []step{
		{0, "add", 1, false}, {0, "add", 2, false},
		{0, "", 1, true}, {0, "", 1, false}, {0, "", 2, true}, {0, "renew", 1, false}, {0, "", 1, false},
		{0, "delete", 1, false}, {0, "add", 1, false}, {0, "", 1, true},
	})
}

func TestThenIsPlanned(t *testing.T) {
	s, _ := faulty(t, Fault{On: "table.add", Do: Deed{Then: []Then{{In: Span{5 * time.Second, 10 * time.Second}, Action: Action{Clear: true}}}}})
	m := web(8080)
	if d := s.meet(&occasion{layer: onAdd, mapping: &m}); d.verb != nil {
		t.Error("it has a verb")
	}
	s.store(m, nil)
	if at := s.timeline.next(); at.Before(epoch.Add(5*time.Second)) || at.After(epoch.Add(10*time.Second)) {
		t.Errorf("planned for %v", at.Sub(epoch))
	}
	s.enter(epoch.Add(10 * time.Second))
	if n := s.connections[0].mappings.len(); n != 0 {
		t.Errorf("%d mappings are left", n)
	}
}

// A mapping that a fault was about goes alone, also when it was renewed meanwhile, or deleted and added again; a static one stays.
func TestRemoveThis(t *testing.T) {
	clock := NewClock(epoch)
	c := call1(t, Options{
		Version: 1, Clock: clock, Policy: Policy{Conflict: ConflictPolicy{Static: "duplicate"}},
		Mappings: []InitialMapping{
			{ExternalPort: 9000, InternalClient: addr(them)},
			{ExternalPort: 9001, InternalClient: addr(us), Static: true}, {ExternalPort: 9002, InternalClient: addr(them), Static: true},
		},
		Faults: []Fault{{
			On: "soap.AddPortMapping", If: Condition{Arg: map[string]Test{"NewLeaseDuration": {Above: ptr(int64(0))}}},
			Do: Deed{Then: []Then{{In: Span{5 * time.Second, 5 * time.Second}, Action: Action{Remove: removeThis}}}},
		}},
	})
	ports := func() (all []string) {
		for _, m := range c.g.Mappings() {
			all = append(all, m.String())
		}
		return all
	}
	const theirs, static, other, web = "TCP 9000 → 127.0.0.2:9000", "TCP 9001 → 127.0.0.1:9001", "TCP 9002 → 127.0.0.2:9002", "TCP 8080 → 127.0.0.1:8080"
	see := func(want ...string) {
		t.Helper()
		if d := cmp.Diff(append([]string{theirs, static, other}, want...), ports()); d != "" {
			t.Errorf("mappings (-want +got)\n%s", d)
		}
	}
	do := func(action string, want int, args []string) {
		t.Helper()
		if got, _ := c.do(ipConnection, 1, action, args...); got != want {
			t.Fatalf("%s: %d, want %d", action, got, want)
		}
	}
	do("AddPortMapping", 0, add())
	clock.Advance(4 * time.Second)
	do("DeletePortMapping", 0, add()[:6])
	do("AddPortMapping", 0, add("NewLeaseDuration", "0"))
	see(web)
	clock.Advance(time.Second)
	see()
	do("AddPortMapping", 0, add("NewLeaseDuration", "0"))
	do("AddPortMapping", 0, add("NewExternalPort", "9001")) // beside a static one of the same client
	do("AddPortMapping", 0, add("NewExternalPort", "9002"))
	see(web, "TCP 9001 → 127.0.0.1:8080", "TCP 9002 → 127.0.0.1:8080")
	clock.Advance(5 * time.Second)
	see(web)
}

func TestFaultsComeAndGo(t *testing.T) {
	clock := NewClock(epoch)
	c := call1(t, Options{Version: 1, Clock: clock, Faults: []Fault{{On: "soap.GetStatusInfo", Do: Deed{UPnPError: &ErrorReply{Code: 501}}}}})
	names := func(want ...string) {
		t.Helper()
		var got []string
		for _, f := range c.g.Faults() {
			got = append(got, f.Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("faults (-want +got)\n%s", d)
		}
	}
	code := func(action string, want int) {
		t.Helper()
		if got, _ := c.do(ipConnection, 1, action); got != want {
			t.Errorf("%s: %d, want %d", action, got, want)
		}
	}
	names("faults[0]")
	clock.Advance(2 * time.Hour)
	flaky := Fault{Name: "flaky", On: "soap.GetExternalIPAddress", When: When{After: Duration(time.Hour), First: 1}, Do: Deed{UPnPError: &ErrorReply{Code: 606}}}
	for _, f := range []Fault{flaky, {On: "xml", Do: Deed{Set: texts("friendlyName", "x")}}} {
		if err := c.g.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	names("faults[0]", "flaky", "faults[2]")
	code("GetExternalIPAddress", 0) // its clock began when it was added
	clock.Advance(time.Hour)
	code("GetExternalIPAddress", 606)
	code("GetExternalIPAddress", 0)
	code("GetStatusInfo", 501)
	for name, f := range map[string]struct {
		Fault
		want string
	}{
		"taken":    {flaky, "emulator: faults[0].name: there is a fault flaky already"},
		"problem":  {Fault{On: "table.add", Do: Deed{Hang: true}}, "emulator: faults[0].do.hang: table.add cannot do that, only upnp-error, store, silent, set and then"},
		"conflict": {Fault{On: "soap.GetStatusInfo", Do: Deed{Hang: true}}, "emulator: faults[0].do.hang: never happens: the fault faults[0] does upnp-error on the same occasions (soap.GetStatusInfo) and comes first"},
		"version":  {Fault{On: "soap.AddAnyPortMapping", Do: Deed{Hang: true}}, `emulator: faults[0].on: no service of this device has the action AddAnyPortMapping`},
	} {
		if err := c.g.AddFault(f.Fault); err == nil || err.Error() != f.want {
			t.Errorf("%s: %v, want %s", name, err, f.want)
		}
	}
	if !c.g.RemoveFault("faults[0]") || c.g.RemoveFault("faults[0]") {
		t.Error("it was not removed once")
	}
	code("GetStatusInfo", 0)
	names("flaky", "faults[2]")
	c.g.ClearFaults()
	names()
}
