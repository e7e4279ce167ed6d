package emulator

import (
	"strconv"
	"sync/atomic"
)

// commonInterfaceActions are those of WANCommonInterfaceConfig:1 (§2.4).
func commonInterfaceActions() map[string]behaviour {
	return map[string]behaviour{
		"SetEnabledForInternet":       {do: setEnabledForInternet},
		"GetEnabledForInternet":       {do: getEnabledForInternet},
		"GetCommonLinkProperties":     {do: getCommonLinkProperties},
		"GetWANAccessProvider":        {do: getWANAccessProvider},
		"GetMaximumActiveConnections": {do: getMaximumActiveConnections},
		"GetTotalBytesSent":           counter(func(t *traffic) *atomic.Uint64 { return &t.bytesSent }),
		"GetTotalBytesReceived":       counter(func(t *traffic) *atomic.Uint64 { return &t.bytesReceived }),
		"GetTotalPacketsSent":         counter(func(t *traffic) *atomic.Uint64 { return &t.packetsSent }),
		"GetTotalPacketsReceived":     counter(func(t *traffic) *atomic.Uint64 { return &t.packetsReceived }),
		"GetActiveConnection":         {do: getActiveConnection},
	}
}

func commonInterfaceVariables() map[string]func(*state, *connection) string {
	return map[string]func(*state, *connection) string{
		"PhysicalLinkStatus":        physicalLinkStatus,
		"EnabledForInternet":        func(_ *state, c *connection) string { return boolean(!c.barred) },
		"NumberOfActiveConnections": func(s *state, _ *connection) string { return ui2(uint16(len(s.activeServices()))) },
	}
}

// counter answers one of the counters, which are ui4 and begin again at 0.
func counter(of func(*traffic) *atomic.Uint64) behaviour {
	return behaviour{do: func(s *state, c call) ([]string, error) {
		c.connection.mappings.count()
		n := of(&c.connection.traffic).Load()
		if s.policy.Counters.Bits != 64 {
			n &= 1<<32 - 1
		}
		return []string{strconv.FormatUint(n, 10)}, nil
	}}
}

// setEnabledForInternet takes the connection from the Internet, or gives it back as it was.
func setEnabledForInternet(s *state, c call) ([]string, error) {
	conn, barred := c.connection, !c.args.flag("NewEnabledForInternet")
	if barred == conn.barred {
		return nil, nil
	}
	conn.barred = barred
	switch {
	case barred && conn.status == connected:
		s.setStatus(conn, disconnected, notEnabled)
	case !barred && conn.lastError == notEnabled:
		s.setStatus(conn, connected, noError)
	}
	return nil, nil
}

func getEnabledForInternet(_ *state, c call) ([]string, error) {
	return []string{boolean(!c.connection.barred)}, nil
}

func getCommonLinkProperties(s *state, c call) ([]string, error) {
	w := &c.connection.origin
	return []string{string(w.Access), ui4(w.Upstream), ui4(w.Downstream), physicalLinkStatus(s, c.connection)}, nil
}

// physicalLinkStatus stays up when the connection above it goes down.
func physicalLinkStatus(_ *state, c *connection) string {
	if c.linkDown {
		return "Down"
	}
	return "Up"
}

func getWANAccessProvider(_ *state, c call) ([]string, error) {
	return []string{c.connection.origin.Provider}, nil
}

func getMaximumActiveConnections(s *state, _ call) ([]string, error) {
	return []string{ui2(uint16(len(s.services)))}, nil
}

func getActiveConnection(s *state, c call) ([]string, error) {
	active := s.activeServices()
	index := int(c.args.ui2("NewActiveConnectionIndex"))
	if index >= len(active) {
		return nil, refuse(NoActiveConnection)
	}
	return []string{active[index].device, active[index].id}, nil
}

// activeServices are the connection services whose connections are up.
func (s *state) activeServices() []connectionService {
	var all []connectionService
	for _, v := range s.services {
		if s.connections[v.wan].status == connected {
			all = append(all, v)
		}
	}
	return all
}
