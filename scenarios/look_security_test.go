package scenarios_test

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// outcomeOutside is outcome for the peer, at the external address.
func (s *street) outcomeOutside(request string) string {
	s.t.Helper()
	pc := s.pc
	s.pc = s.peer
	defer func() { s.pc = pc }()
	text, end := s.exchangeAt(external+":"+s.place().Port(), request)
	if text == "" {
		return end
	}
	return strconv.Itoa(understand(s.t, text).status)
}

// scanned is what comes of a search that the peer sends to the external address.
func (s *street) scanned() string {
	s.t.Helper()
	c, err := s.peer.ListenPacket(s.t.Context(), netip.MustParseAddrPort("198.51.100.20:0"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	s.seek(c, external+":1900", rootDevice)
	all := hear(s.t, c, 5*time.Second)
	if len(all) == 0 {
		return "no reply"
	}
	where := "itself"
	if all[0].fields.Get("LOCATION") == s.gateways[0].Location() {
		where = "the LAN"
	}
	return "a reply from " + all[0].from.String() + " that names " + where
}

// outcomeFrom is outcome for another host of the LAN.
func (s *street) outcomeFrom(h *emulator.Host, request string) string {
	s.t.Helper()
	pc := s.pc
	s.pc = h
	defer func() { s.pc = pc }()
	return s.outcome(request)
}
