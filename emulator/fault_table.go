package emulator

// add puts m into the table for the call c, in the place of over or beside those that are there but for those of evict, as far as faults
// let it.
func (s *state) add(c call, m Mapping, over *entry, evict []*entry) error {
	d := s.meet(&occasion{layer: onAdd, peer: c.peer, mapping: &m})
	if err := d.refused(); err != nil {
		return err
	}
	wanted := m
	for _, e := range d.edits {
		// A value that came from another argument may be none here: the mapping is then as it was.
		_ = m.setArgument(e.name, e.set.text(func(name string) string { v, _ := wanted.argument(name); return v }), s.now)
	}
	if d.unstored() {
		return nil
	}
	if t := &c.connection.mappings; m.key() != wanted.key() {
		// Entries of one port have one client, whatever a fault makes of them.
		if holder := t.holder(m.ExternalPort, m.Protocol); holder.IsValid() && holder != m.InternalClient {
			return nil
		}
		over = t.get(m.key())
	}
	for _, e := range evict {
		s.drop(e, MappingDeleted, s.now)
	}
	s.store(m, over)
	s.keepQuiet(&d, m.WAN)
	return nil
}

// delete takes e out of the table for the call c, as far as faults let it.
func (s *state) delete(c call, e *entry) error {
	m := e.Mapping
	d := s.meet(&occasion{layer: onDelete, peer: c.peer, mapping: &m})
	if err := d.refused(); err != nil || d.unstored() {
		return err
	}
	s.remove(c.connection, e)
	s.keepQuiet(&d, m.WAN)
	return nil
}

// expire takes e out, whose lease is over, unless a fault lets it live on: until it is deleted, or renewed and over again.
func (s *state) expire(e *entry) {
	m := e.Mapping
	d := s.meet(&occasion{layer: onExpire, mapping: &m})
	if d.unstored() {
		s.connections[e.WAN].mappings.outlive(e)
		return
	}
	s.drop(e, MappingExpired, e.Expires)
	s.keepQuiet(&d, m.WAN)
}

// keepQuiet keeps a change of the table from subscribers, if d is to be silent.
func (s *state) keepQuiet(d *deed, wan int) {
	if d.silent() {
		s.hush(s.connections[wan], "PortMappingNumberOfEntries", "SystemUpdateID")
	}
}
