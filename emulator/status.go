package emulator

import (
	"maps"

	"github.com/igdkit/igdkit/soap"
)

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
	maps.Copy(all, portMappingActions(version))
	return all
}

// pppActions are those of WANPPPConnection:1 (§2.4), which shares all but one with WANIPConnection:1.
func pppActions() map[string]behaviour {
	all := connectionActions(1)
	all["GetLinkLayerMaxBitRates"] = behaviour{do: getLinkLayerMaxBitRates}
	return all
}

func connectionVariables() map[string]func(*state) string {
	return map[string]func(*state) string{
		"PossibleConnectionTypes":    func(*state) string { return ipRouted },
		"ConnectionStatus":           func(s *state) string { return s.wan.status },
		"ExternalIPAddress":          (*state).externalIP,
		"PortMappingNumberOfEntries": func(s *state) string { return ui2(uint16(s.mappings.len())) },
		"SystemUpdateID":             func(s *state) string { return ui4(s.updateID) },
	}
}

func setConnectionType(s *state, c call) ([]string, error) {
	switch kind := c.args.text("NewConnectionType"); {
	case s.version == 2:
		return nil, upnpError(soap.ReadOnly)
	case kind == s.wan.kind:
		return nil, nil
	case s.wan.status != disconnected:
		return nil, upnpError(soap.InactiveConnectionStateRequired)
	}
	return nil, upnpError(soap.ActionFailed) // this gateway routes, whatever the list allows
}

func getConnectionTypeInfo(s *state, _ call) ([]string, error) {
	return []string{s.wan.kind, ipRouted}, nil
}

func requestConnection(s *state, _ call) ([]string, error) {
	switch s.wan.status {
	case unconfigured:
		return nil, upnpError(soap.ConnectionNotConfigured)
	case connecting, authenticating:
		return nil, upnpError(soap.ConnectionSetupInProgress)
	case pendingDisconnect, disconnecting:
		return nil, upnpError(soap.DisconnectInProgress)
	}
	s.setStatus(connected, noError)
	return nil, nil
}

func requestTermination(s *state, _ call) ([]string, error) { return nil, s.terminate(userDisconnect) }

func forceTermination(s *state, _ call) ([]string, error) { return nil, s.terminate(forcedDisconnect) }

func (s *state) terminate(because string) error {
	switch s.wan.status {
	case unconfigured, disconnected:
		return upnpError(soap.ConnectionAlreadyTerminated)
	case disconnecting:
		return upnpError(soap.DisconnectInProgress)
	}
	s.setStatus(disconnected, because)
	return nil
}

func getStatusInfo(s *state, _ call) ([]string, error) {
	return []string{s.wan.status, s.wan.lastError, ui4(s.uptime())}, nil
}

func getNATRSIPStatus(*state, call) ([]string, error) {
	return []string{boolean(false), boolean(true)}, nil
}

func getExternalIPAddress(s *state, _ call) ([]string, error) {
	return []string{s.externalIP()}, nil
}

func getLinkLayerMaxBitRates(*state, call) ([]string, error) {
	return []string{ui4(upstreamBitRate), ui4(downstreamBitRate)}, nil
}
