package emulator

import (
	"cmp"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// portRange is what DeletePortMappingRange and GetListOfPortMappings are about (WANIPConnection:2 §2.5.19, §2.5.21).
type portRange struct {
	start, end uint16
	protocol   string
}

func rangeOf(c call) (portRange, error) {
	r := portRange{c.args.ui2("NewStartPort"), c.args.ui2("NewEndPort"), c.args.text("NewProtocol")}
	if r.start > r.end {
		return r, refuse(BadPortRange)
	}
	return r, nil
}

// inRange lists the entries of a range for which keep holds, by external port.
func (s *state) inRange(c *connection, r portRange, keep func(*entry) bool) []*entry {
	var found []*entry
	for e := range c.mappings.order.all {
		if e.Protocol == r.protocol && r.start <= e.ExternalPort && e.ExternalPort <= r.end && keep(e) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *entry) int { return cmp.Compare(a.ExternalPort, b.ExternalPort) })
	return found
}

// deletePortMappingRange deletes the caller's mappings, or with NewManage everybody's, which in secure mode nobody may.
func deletePortMappingRange(s *state, c call) ([]string, error) {
	r, err := rangeOf(c)
	if err != nil {
		return nil, err
	}
	manage := c.args.flag("NewManage")
	if manage && !s.policy.Clients.deletesAny() {
		return nil, refuse(NoRole)
	}
	found := s.inRange(c.connection, r, func(e *entry) bool { return !e.Static && (manage || e.InternalClient == c.caller) })
	if len(found) == 0 {
		return nil, refuse(NoneInPortRange)
	}
	for _, e := range found {
		if err := s.delete(c, e); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// getListOfPortMappings lists the caller's mappings, or with NewManage everybody's: GetGenericPortMappingEntry shows those to
// anyone too, so nothing is gained by asking for a role.
func getListOfPortMappings(s *state, c call) ([]string, error) {
	r, err := rangeOf(c)
	if err != nil {
		return nil, err
	}
	manage := c.args.flag("NewManage")
	found := s.inRange(c.connection, r, func(e *entry) bool { return (manage || e.InternalClient == c.caller) && !s.hides(c, e) })
	if len(found) == 0 {
		return nil, refuse(NoneInPortRange)
	}
	if most := int(c.args.ui2("NewNumberOfPorts")); most > 0 && len(found) > most {
		found = found[:most]
	}
	listing := make([]soap.PortListingEntry, len(found))
	for i, e := range found {
		listing[i] = soap.PortListingEntry{
			RemoteHost: e.RemoteHost, ExternalPort: e.ExternalPort, Protocol: e.Protocol,
			InternalPort: e.InternalPort, InternalClient: clientText(e),
			Enabled: e.Enabled, Description: s.shownDescription(e),
			Lease: time.Duration(s.shownLease(e)) * time.Second,
		}
	}
	return []string{soap.WritePortListing(listing)}, nil
}
