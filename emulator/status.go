package emulator

import "maps"

// Values of ConnectionStatus, ConnectionType and LastConnectionError that the gateway takes on (WANIPConnection:1 §2.2).
const (
	unconfigured      = "Unconfigured"
	connecting        = "Connecting"
	authenticating    = "Authenticating" // WANPPPConnection only
	connected         = "Connected"
	pendingDisconnect = "PendingDisconnect"
	disconnecting     = "Disconnecting"
	disconnected      = "Disconnected"

	ipRouted = "IP_Routed"

	noError          = "ERROR_NONE"
	noCarrier        = "ERROR_NO_CARRIER"
	notEnabled       = "ERROR_NOT_ENABLED_FOR_INTERNET"
	userDisconnect   = "ERROR_USER_DISCONNECT"
	forcedDisconnect = "ERROR_FORCED_DISCONNECT"
)

// connectionStatuses are those that a kind of connection service has.
func connectionStatuses(kind string) []string {
	all := []string{unconfigured, connecting, connected, pendingDisconnect, disconnecting, disconnected}
	if kind == pppConnection {
		all = append(all, authenticating)
	}
	return all
}

// connectionActions are the actions of WANIPConnection:1 (§2.4) and :2 (§2.5).
func connectionActions(version int) map[string]behaviour {
	all := map[string]behaviour{
		"SetConnectionType":     {do: setConnectionType},
		"GetConnectionTypeInfo": {do: getConnectionTypeInfo},
		"RequestConnection":     {do: requestConnection},
		"RequestTermination":    {do: requestTermination},
		"ForceTermination":      {do: forceTermination},
		"GetStatusInfo":         {do: getStatusInfo},
		"GetNATRSIPStatus":      {do: getNATRSIPStatus},
		"GetExternalIPAddress":  {do: getExternalIPAddress},
	}
	// Timers of a dial-up line. They are kept and told; the emulator's lines are up until somebody ends them.
	for name, timer := range map[string]func(*connection) *uint32{
		"AutoDisconnectTime":  func(c *connection) *uint32 { return &c.autoDisconnect },
		"IdleDisconnectTime":  func(c *connection) *uint32 { return &c.idleDisconnect },
		"WarnDisconnectDelay": func(c *connection) *uint32 { return &c.warnDisconnect },
	} {
		all["Get"+name] = tell(func(c *connection) string { return ui4(*timer(c)) })
		all["Set"+name] = behaviour{do: func(_ *state, c call) ([]string, error) {
			*timer(c.connection) = c.args.ui4("New" + name)
			return nil, nil
		}}
	}
	maps.Copy(all, portMappingActions(version))
	return all
}

func connectionVariables() map[string]func(*state, *connection) string {
	return map[string]func(*state, *connection) string{
		"PossibleConnectionTypes":    func(*state, *connection) string { return ipRouted },
		"ConnectionStatus":           func(_ *state, c *connection) string { return c.status },
		"ExternalIPAddress":          (*state).externalIP,
		"PortMappingNumberOfEntries": func(_ *state, c *connection) string { return ui2(uint16(c.mappings.len())) },
		"SystemUpdateID":             func(_ *state, c *connection) string { return ui4(c.updateID) },
	}
}

func setConnectionType(s *state, c call) ([]string, error) {
	switch kind := c.args.text("NewConnectionType"); {
	case c.service.version == 2:
		return nil, refuse(TypeReadOnly)
	case kind == c.connection.kind:
		return nil, nil
	case c.connection.status != disconnected:
		return nil, refuse(TypeNotInactive)
	}
	return nil, refuse(TypeNotPossible) // this gateway routes, whatever the list allows
}

func getConnectionTypeInfo(_ *state, c call) ([]string, error) {
	return []string{c.connection.kind, ipRouted}, nil
}

func requestConnection(s *state, c call) ([]string, error) {
	switch c.connection.status {
	case unconfigured:
		return nil, refuse(NotConfigured)
	case connecting, authenticating:
		return nil, refuse(SettingUp)
	case pendingDisconnect, disconnecting:
		return nil, refuse(Disconnecting)
	}
	switch {
	case c.connection.linkDown:
		c.connection.lastError = noCarrier
		return nil, refuse(LinkDown)
	case c.connection.barred:
		return nil, refuse(InternetDisabled)
	}
	s.setStatus(c.connection, connected, noError)
	return nil, nil
}

func requestTermination(s *state, c call) ([]string, error) {
	return nil, s.terminate(c.connection, userDisconnect)
}

func forceTermination(s *state, c call) ([]string, error) {
	return nil, s.terminate(c.connection, forcedDisconnect)
}

func (s *state) terminate(c *connection, because string) error {
	switch c.status {
	case unconfigured, disconnected:
		return refuse(AlreadyTerminated)
	case disconnecting:
		return refuse(Disconnecting)
	}
	s.setStatus(c, disconnected, because)
	return nil
}

func getStatusInfo(s *state, c call) ([]string, error) {
	return []string{c.connection.status, c.connection.lastError, ui4(c.connection.uptime(s.now))}, nil
}

func getNATRSIPStatus(*state, call) ([]string, error) {
	return []string{boolean(false), boolean(true)}, nil
}

func getExternalIPAddress(s *state, c call) ([]string, error) {
	return []string{s.externalIP(c.connection)}, nil
}
