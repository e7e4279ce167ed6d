package soap

// kind is the UPnP data type of an argument (UDA 1.1 §2.5), as far as reading it leniently needs to know.
type kind int

const (
	text    kind = iota // any string, blanks belong to it
	word                // a string that has no blanks around it: an address, an enumeration
	boolean             // 0 or 1
	ui2                 // 0 to 65535
	ui4                 // 0 to 4294967295
	ui8                 // ui4 by the standard, wider in fact: byte counters exceed 32 bits (quirk counters-over-32bit)
)

// out is one out-argument of an action.
type out struct {
	name string
	kind kind
}

// outArguments lists what an action of the gateway services answers, in the order of the standard; nil for actions that
// answer nothing or are not known here. Action names are unique across those services and their versions.
func outArguments(action string) []out {
	switch action {
	// WANIPConnection:1 §2.4 and WANPPPConnection:1 §2.4
	case "GetConnectionTypeInfo":
		return []out{{"NewConnectionType", word}, {"NewPossibleConnectionTypes", word}}
	case "GetAutoDisconnectTime":
		return []out{{"NewAutoDisconnectTime", ui4}}
	case "GetIdleDisconnectTime":
		return []out{{"NewIdleDisconnectTime", ui4}}
	case "GetWarnDisconnectDelay":
		return []out{{"NewWarnDisconnectDelay", ui4}}
	case "GetStatusInfo":
		return []out{{"NewConnectionStatus", word}, {"NewLastConnectionError", word}, {"NewUptime", ui4}}
	case "GetNATRSIPStatus":
		return []out{{"NewRSIPAvailable", boolean}, {"NewNATEnabled", boolean}}
	case "GetGenericPortMappingEntry":
		return []out{{"NewRemoteHost", word}, {"NewExternalPort", ui2}, {"NewProtocol", word}, {"NewInternalPort", ui2},
			{"NewInternalClient", word}, {"NewEnabled", boolean}, {"NewPortMappingDescription", text}, {"NewLeaseDuration", ui4}}
	case "GetSpecificPortMappingEntry":
		return []out{{"NewInternalPort", ui2}, {"NewInternalClient", word}, {"NewEnabled", boolean},
			{"NewPortMappingDescription", text}, {"NewLeaseDuration", ui4}}
	case "GetExternalIPAddress":
		return []out{{"NewExternalIPAddress", word}}
	case "GetLinkLayerMaxBitRates":
		return []out{{"NewUpstreamMaxBitRate", ui4}, {"NewDownstreamMaxBitRate", ui4}}
	case "GetPPPEncryptionProtocol":
		return []out{{"NewPPPEncryptionProtocol", word}}
	case "GetPPPCompressionProtocol":
		return []out{{"NewPPPCompressionProtocol", word}}
	case "GetPPPAuthenticationProtocol":
		return []out{{"NewPPPAuthenticationProtocol", word}}
	case "GetUserName":
		return []out{{"NewUserName", text}}
	case "GetPassword":
		return []out{{"NewPassword", text}}

	// WANIPConnection:2 §2.5
	case "AddAnyPortMapping":
		return []out{{"NewReservedPort", ui2}}
	case "GetListOfPortMappings":
		return []out{{"NewPortListing", text}}

	// WANCommonInterfaceConfig:1 §2.4
	case "GetCommonLinkProperties":
		return []out{{"NewWANAccessType", word}, {"NewLayer1UpstreamMaxBitRate", ui4},
			{"NewLayer1DownstreamMaxBitRate", ui4}, {"NewPhysicalLinkStatus", word}}
	case "GetTotalBytesSent":
		return []out{{"NewTotalBytesSent", ui8}}
	case "GetTotalBytesReceived":
		return []out{{"NewTotalBytesReceived", ui8}}
	case "GetTotalPacketsSent":
		return []out{{"NewTotalPacketsSent", ui4}}
	case "GetTotalPacketsReceived":
		return []out{{"NewTotalPacketsReceived", ui4}}
	case "GetEnabledForInternet":
		return []out{{"NewEnabledForInternet", boolean}}
	case "GetMaximumActiveConnections":
		return []out{{"NewMaximumActiveConnections", ui2}}
	case "GetWANAccessProvider":
		return []out{{"NewWANAccessProvider", text}}
	case "GetActiveConnection":
		return []out{{"NewActiveConnDeviceContainer", word}, {"NewActiveConnectionServiceID", word}}

	// Layer3Forwarding:1 §2.4
	case "GetDefaultConnectionService":
		return []out{{"NewDefaultConnectionService", word}}

	// WANIPv6FirewallControl:1 §2.6
	case "GetFirewallStatus":
		return []out{{"FirewallEnabled", boolean}, {"InboundPinholeAllowed", boolean}}
	case "GetOutboundPinholeTimeout":
		return []out{{"OutboundPinholeTimeout", ui4}}
	case "AddPinhole":
		return []out{{"UniqueID", ui2}}
	case "GetPinholePackets":
		return []out{{"PinholePackets", ui4}}
	case "CheckPinholeWorking":
		return []out{{"IsWorking", boolean}}
	}
	return nil
}
