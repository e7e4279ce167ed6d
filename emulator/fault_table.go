package emulator

import "time"

// add puts m into the table for the call c, in the place of over or beside those that are there but for those of evict, as far as faults
// let it.
func (s *state) add(c call, m Mapping, over *entry, evict []*entry) error {
	d := s.meetMapping(onAdd, c, &m)
	if err := d.refused(); err != nil || d.unstored() {
		return err
	}
	if made := d.rewriteMapping(m, s.now); made.key() != m.key() {
		t := &c.connection.mappings
		// Entries of one port have one client, whatever a fault makes of them.
		if holder := t.holder(made.ExternalPort, made.Protocol); holder.IsValid() && holder != made.InternalClient {
			return nil
		}
		m, over, evict = made, t.get(made.key()), nil
		if over == nil && s.full(c.connection, 0) {
			return refuse(TableFull, s.policy.Capacity.Else)
		}
	} else {
		m = made
	}
	for _, e := range evict {
		s.drop(e, MappingDeleted, s.now)
	}
	s.storeFor(c.caller, m, over)
	s.keepQuiet(&d, m.WAN)
	return nil
}

// delete takes e out of the table for the call c, as far as faults let it.
func (s *state) delete(c call, e *entry) error {
	d := s.meetMapping(onDelete, c, &e.Mapping)
	if err := d.refused(); err != nil || d.unstored() {
		return err
	}
	wan := e.WAN
	s.remove(c.connection, e)
	s.keepQuiet(&d, wan)
	return nil
}

// expire takes e out, whose lease is over, unless a fault lets it live on: until it is deleted, or renewed and over again.
func (s *state) expire(e *entry) {
	d := s.meetMapping(onExpire, call{}, &e.Mapping)
	if d.unstored() {
		s.connections[e.WAN].mappings.outlive(e)
		return
	}
	wan := e.WAN
	s.drop(e, MappingExpired, e.Expires)
	s.keepQuiet(&d, wan)
}

// meetMapping meets on a layer of the table; c is the call that wants the change.
func (s *state) meetMapping(layer Layer, c call, m *Mapping) deed {
	if s.faults.on(layer) == nil {
		return deed{}
	}
	copied := *m // faults may keep it, and without them it need not leave the stack
	return s.meet(&occasion{layer: layer, peer: c.peer, mapping: &copied})
}

// rewriteMapping is m after the edits of d. One that would set what is no value, because another argument's is none here, leaves m as
// it is.
func (d *deed) rewriteMapping(m Mapping, now time.Time) Mapping {
	if len(d.edits) == 0 {
		return m
	}
	made := m
	as := func(name string) string {
		v, _ := m.argument(name)
		return v
	}
	for _, e := range d.edits {
		if made.setArgument(e.name, e.set.text(as), now) != nil {
			return m
		}
	}
	return made
}

// keepQuiet keeps a change of the table from subscribers, if d is to be silent.
func (s *state) keepQuiet(d *deed, wan int) {
	s.hush(d.silent(), s.connections[wan], "PortMappingNumberOfEntries", "SystemUpdateID")
}
