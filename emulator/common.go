package emulator

// What the line to the Internet can do, in bits per second.
const (
	upstreamBitRate   = 40_000_000
	downstreamBitRate = 100_000_000
)

// commonInterfaceActions are those of WANCommonInterfaceConfig:1 (§2.4). The counters stand at zero: no traffic passes yet.
func commonInterfaceActions() map[string]behaviour {
	counter := behaviour{do: func(*state, call) ([]string, error) { return []string{ui4(0)}, nil }}
	return map[string]behaviour{
		"GetCommonLinkProperties": {do: getCommonLinkProperties},
		"GetTotalBytesSent":       counter,
		"GetTotalBytesReceived":   counter,
		"GetTotalPacketsSent":     counter,
		"GetTotalPacketsReceived": counter,
	}
}

func commonInterfaceVariables() map[string]func(*state, *connection) string {
	return map[string]func(*state, *connection) string{"PhysicalLinkStatus": physicalLinkStatus}
}

func getCommonLinkProperties(s *state, c call) ([]string, error) {
	return []string{"Ethernet", ui4(upstreamBitRate), ui4(downstreamBitRate), physicalLinkStatus(s, c.connection)}, nil
}

// physicalLinkStatus stays up when the connection above it goes down.
func physicalLinkStatus(_ *state, c *connection) string {
	if c.linkDown {
		return "Down"
	}
	return "Up"
}
