package soap

import "strings"

// Error codes of the UPnP architecture (UDA 1.1 §3.1.3), common to all services.
const (
	InvalidAction                = 401
	InvalidArgs                  = 402
	OutOfSync                    = 403 // UDA 1.0 only
	InvalidVar                   = 404
	ActionFailed                 = 501
	ArgumentValueInvalid         = 600
	ArgumentValueOutOfRange      = 601
	OptionalActionNotImplemented = 602
	OutOfMemory                  = 603
	HumanInterventionRequired    = 604
	StringArgumentTooLong        = 605
	ActionNotAuthorized          = 606
)

// Error codes of WANIPConnection:1, :2 and WANPPPConnection:1 (each §2.4).
const (
	InactiveConnectionStateRequired       = 703
	ConnectionSetupFailed                 = 704
	ConnectionSetupInProgress             = 705
	ConnectionNotConfigured               = 706
	DisconnectInProgress                  = 707
	InvalidLayer2Address                  = 708
	InternetAccessDisabled                = 709
	InvalidConnectionType                 = 710
	ConnectionAlreadyTerminated           = 711
	SpecifiedArrayIndexInvalid            = 713
	NoSuchEntryInArray                    = 714
	WildCardNotPermittedInSrcIP           = 715
	WildCardNotPermittedInExtPort         = 716
	ConflictInMappingEntry                = 718
	ActionDisallowedWhenAutoConfigEnabled = 719
	SamePortValuesRequired                = 724
	OnlyPermanentLeasesSupported          = 725
	RemoteHostOnlySupportsWildcard        = 726
	ExternalPortOnlySupportsWildcard      = 727
	NoPortMapsAvailable                   = 728
	ConflictWithOtherMechanisms           = 729
	PortMappingNotFound                   = 730
	ReadOnly                              = 731
	WildCardNotPermittedInIntPort         = 732
	InconsistentParameters                = 733
)

// Error codes of Layer3Forwarding:1 (§2.4).
const (
	InvalidDeviceUUID           = 720
	InvalidServiceID            = 721
	InvalidConnServiceSelection = 723
)

// Error codes of WANIPv6FirewallControl:1 (§2.6), which reuses the numbers of the connection services.
const (
	PinholeSpaceExhausted              = 701
	FirewallDisabled                   = 702
	InboundPinholeNotAllowed           = 703
	PinholeNoSuchEntry                 = 704
	ProtocolNotSupported               = 705
	InternalPortWildcardingNotAllowed  = 706
	ProtocolWildcardingNotAllowed      = 707
	PinholeWildCardNotPermittedInSrcIP = 708
	NoTrafficReceived                  = 709
)

// ErrorName names a UPnP error code as the service's standard does, "" when it does not. service is a service type URN of
// any version, UPnP Forum or dslforum: WANIPv6FirewallControl gives other meanings to numbers that the connection services
// use, so a code alone has no name.
func ErrorName(service string, code int) string {
	if name := commonErrorName(code); name != "" {
		return name
	}
	switch serviceKind(service) {
	case "WANIPConnection", "WANPPPConnection":
		return connectionErrorName(code)
	case "WANCommonInterfaceConfig":
		if code == SpecifiedArrayIndexInvalid {
			return connectionErrorName(code)
		}
	case "Layer3Forwarding":
		switch code {
		case InvalidDeviceUUID:
			return "InvalidDeviceUUID"
		case InvalidServiceID:
			return "InvalidServiceID"
		case InvalidConnServiceSelection:
			return "InvalidConnServiceSelection"
		}
	case "WANIPv6FirewallControl":
		return firewallErrorName(code)
	}
	return ""
}

// serviceKind cuts "WANIPConnection" out of "urn:schemas-upnp-org:service:WANIPConnection:2".
func serviceKind(urn string) string {
	_, rest, ok := strings.Cut(urn, ":service:")
	if !ok {
		return ""
	}
	kind, _, _ := strings.Cut(rest, ":")
	return kind
}

func commonErrorName(code int) string {
	switch code {
	case InvalidAction:
		return "Invalid Action"
	case InvalidArgs:
		return "Invalid Args"
	case OutOfSync:
		return "Out of Sync"
	case InvalidVar:
		return "Invalid Var"
	case ActionFailed:
		return "Action Failed"
	case ArgumentValueInvalid:
		return "Argument Value Invalid"
	case ArgumentValueOutOfRange:
		return "Argument Value Out of Range"
	case OptionalActionNotImplemented:
		return "Optional Action Not Implemented"
	case OutOfMemory:
		return "Out of Memory"
	case HumanInterventionRequired:
		return "Human Intervention Required"
	case StringArgumentTooLong:
		return "String Argument Too Long"
	case ActionNotAuthorized:
		return "Action not authorized"
	}
	return ""
}

func connectionErrorName(code int) string {
	switch code {
	case InactiveConnectionStateRequired:
		return "InactiveConnectionStateRequired"
	case ConnectionSetupFailed:
		return "ConnectionSetupFailed"
	case ConnectionSetupInProgress:
		return "ConnectionSetupInProgress"
	case ConnectionNotConfigured:
		return "ConnectionNotConfigured"
	case DisconnectInProgress:
		return "DisconnectInProgress"
	case InvalidLayer2Address:
		return "InvalidLayer2Address"
	case InternetAccessDisabled:
		return "InternetAccessDisabled"
	case InvalidConnectionType:
		return "InvalidConnectionType"
	case ConnectionAlreadyTerminated:
		return "ConnectionAlreadyTerminated"
	case SpecifiedArrayIndexInvalid:
		return "SpecifiedArrayIndexInvalid"
	case NoSuchEntryInArray:
		return "NoSuchEntryInArray"
	case WildCardNotPermittedInSrcIP:
		return "WildCardNotPermittedInSrcIP"
	case WildCardNotPermittedInExtPort:
		return "WildCardNotPermittedInExtPort"
	case ConflictInMappingEntry:
		return "ConflictInMappingEntry"
	case ActionDisallowedWhenAutoConfigEnabled:
		return "ActionDisallowedWhenAutoConfigEnabled"
	case SamePortValuesRequired:
		return "SamePortValuesRequired"
	case OnlyPermanentLeasesSupported:
		return "OnlyPermanentLeasesSupported"
	case RemoteHostOnlySupportsWildcard:
		return "RemoteHostOnlySupportsWildcard"
	case ExternalPortOnlySupportsWildcard:
		return "ExternalPortOnlySupportsWildcard"
	case NoPortMapsAvailable:
		return "NoPortMapsAvailable"
	case ConflictWithOtherMechanisms:
		return "ConflictWithOtherMechanisms"
	case PortMappingNotFound:
		return "PortMappingNotFound"
	case ReadOnly:
		return "ReadOnly"
	case WildCardNotPermittedInIntPort:
		return "WildCardNotPermittedInIntPort"
	case InconsistentParameters:
		return "InconsistentParameters"
	}
	return ""
}

func firewallErrorName(code int) string {
	switch code {
	case PinholeSpaceExhausted:
		return "PinholeSpaceExhausted"
	case FirewallDisabled:
		return "FirewallDisabled"
	case InboundPinholeNotAllowed:
		return "InboundPinholeNotAllowed"
	case PinholeNoSuchEntry:
		return "NoSuchEntry"
	case ProtocolNotSupported:
		return "ProtocolNotSupported"
	case InternalPortWildcardingNotAllowed:
		return "InternalPortWildcardingNotAllowed"
	case ProtocolWildcardingNotAllowed:
		return "ProtocolWildcardingNotAllowed"
	case PinholeWildCardNotPermittedInSrcIP:
		return "WildCardNotPermittedInSrcIP"
	case NoTrafficReceived:
		return "NoTrafficReceived"
	}
	return ""
}
