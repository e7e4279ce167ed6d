package emulator

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// faults are those of a gateway. They are guarded by its lock, but for the question whether a layer has any.
type faults struct {
	seed  uint64
	note  func(Entry) // to the journal
	all   []*fault    // in the order in which they are asked
	added int         // ever

	layers atomic.Pointer[map[Layer][]*fault] // nil while there are none
	halves atomic.Bool                        // one of them asks for Condition.HalfClosed
}

// fault is a Fault at work.
type fault struct {
	Fault
	layer    Layer  // without the action
	action   string // "" for all; unknownAction
	ends     bool   // it has a verb
	edits    []edit
	words    string // what it does, for the journal
	schedule schedule
}

// newFaults takes in the faults of a gateway. note may be set later, but before the first occasion.
func newFaults(seed uint64, all []Fault, now time.Time) *faults {
	s := &faults{seed: seed}
	for _, f := range all {
		s.start(f, now)
	}
	return s
}

// start takes a fault in. It must have no problems.
func (s *faults) start(f Fault, now time.Time) *fault {
	if f.Name == "" {
		f.Name = fmt.Sprintf("faults[%d]", s.added)
	}
	s.added++
	same := 0
	for _, other := range s.all {
		if other.Name == f.Name {
			same++
		}
	}
	made := &fault{Fault: f, ends: len(f.Do.verbs()) > 0, edits: f.Do.namedEdits(), words: f.Do.words()}
	made.layer, made.action = f.On.split()
	if made.action == anyAction {
		made.action = ""
	}
	made.schedule = newSchedule(f.When, s.seed, f.Name, same, now)
	s.all = append(s.all, made)
	s.arrange()
	return made
}

// stop takes out the faults for which gone holds.
func (s *faults) stop(gone func(*fault) bool) {
	s.all = slices.DeleteFunc(s.all, gone)
	s.arrange()
}

// faults are all as they were given, with the names they go by.
func (s *faults) faults() []Fault {
	all := make([]Fault, len(s.all))
	for i, f := range s.all {
		all[i] = f.Fault
	}
	return all
}

func (s *faults) arrange() {
	s.halves.Store(slices.ContainsFunc(s.all, func(f *fault) bool { return f.If.HalfClosed != nil }))
	if len(s.all) == 0 {
		s.layers.Store(nil)
		return
	}
	layers := map[Layer][]*fault{}
	for _, f := range s.all {
		layers[f.layer] = append(layers[f.layer], f)
	}
	s.layers.Store(&layers)
}

// on are the faults of a layer.
func (s *faults) on(layer Layer) []*fault {
	layers := s.layers.Load()
	if layers == nil {
		return nil
	}
	return (*layers)[layer]
}

// reboot starts the clocks and counts of all faults anew.
func (s *faults) reboot(now time.Time) {
	for _, f := range s.all {
		f.schedule.begin(now)
	}
}

// forget is told that a mapping is gone: what was counted for it, and what went on for it, is over.
func (s *faults) forget(wan int, mapping key) {
	for _, f := range s.all {
		m := matter{wan: wan, mapping: mapping}
		f.schedule.forget(m)
	}
}

// meet asks every fault on the layer of o, in their order, until one has a verb.
func (s *state) meet(o *occasion) (d deed) {
	for _, f := range s.faults.on(o.layer) {
		if !f.acts(s, o) {
			continue
		}
		s.faults.note(f.entry(s.now, o))
		for _, then := range f.Do.Then {
			s.schedule(f.Name, o, s.now.Add(then.In.draw(f.schedule.chance)), then.Action)
		}
		if d.add(f) {
			break
		}
	}
	if o.layer == onSearch {
		s.searched[o.client().Is4()] = s.now
	}
	return d
}

// meet is that of the state as it is now. It costs nothing where a layer has no faults.
func (g *Gateway) meet(o *occasion) (d deed) {
	if g.faults.on(o.layer) == nil {
		return d
	}
	g.do(func(s *state) { d = s.meet(o) })
	return d
}

// acts reports whether f does something on o.
func (f *fault) acts(s *state, o *occasion) bool {
	switch f.action {
	case "", o.action:
	case unknownAction:
		if !o.unknown {
			return false
		}
	default:
		return false
	}
	if o.document != nil && !f.finds(o.document) {
		return false
	}
	stays, can := f.stays(s, o)
	goesOn := can && f.schedule.going.has(stays)
	if !f.If.holds(s, o, goesOn) {
		return false
	}
	if goesOn {
		return true
	}
	if o.again && f.schedule.counts() {
		return false
	}
	if !f.schedule.comes(s.now, f.matter(s, o, f.When.Per)) {
		return false
	}
	if can {
		f.schedule.going.add(stays)
	}
	return true
}

// stays is for whom a fault goes on; false when it does not, as until a mapping is deleted when o names none.
func (f *fault) stays(s *state, o *occasion) (m matter, ok bool) {
	if f.When.Until == untilDeleted {
		m = f.matter(s, o, perMapping)
		return m, m != matter{}
	}
	return m, f.When.Until == untilReboot
}

// matter is what o counts for. A call that names no mapping counts for the device.
func (f *fault) matter(s *state, o *occasion, per Scope) (m matter) {
	switch per {
	case perClient:
		m.client = o.client()
	case perConnection:
		if o.request != nil {
			m.conn = o.request.Conn
		}
	case perMapping:
		if ref, ok := s.reference(o); ok {
			m.wan, m.mapping = ref.wan, ref.key
		}
	}
	return m
}

// entry says in the journal that f acts on o.
func (f *fault) entry(now time.Time, o *occasion) Entry {
	e := Entry{Time: now, Kind: "fault", Peer: o.peer, Name: f.Name, Details: Details{{"layer", string(f.On)}, {"do", f.words}}}
	if o.mapping != nil {
		e.Details = append(e.Details, Detail{"mapping", o.mapping.String()})
	}
	if f.Do.UPnPError != nil {
		e.Code = f.Do.UPnPError.Code
	}
	if f.Do.HTTPStatus != nil {
		e.Status = f.Do.HTTPStatus.Status
	}
	return e
}
