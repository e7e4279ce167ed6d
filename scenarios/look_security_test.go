package scenarios_test

import (
	"github.com/igdkit/igdkit/emulator"
)

// outcomeFrom is outcome for another host of the LAN.
func (s *street) outcomeFrom(h *emulator.Host, request string) string {
	s.t.Helper()
	pc := s.pc
	s.pc = h
	defer func() { s.pc = pc }()
	return s.outcome(request)
}
