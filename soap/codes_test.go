package soap

import (
	"strconv"
	"strings"
	"testing"
)

// TestErrorName: the names of UDA 1.1 §3.1.3 and of each service's standard, and no name where another service uses the number.
func TestErrorName(t *testing.T) {
	const common = "401 Invalid Action, 402 Invalid Args, 403 Out of Sync, 404 Invalid Var, 501 Action Failed, 600 Argument Value Invalid, " +
		"601 Argument Value Out of Range, 602 Optional Action Not Implemented, 603 Out of Memory, 604 Human Intervention Required, " +
		"605 String Argument Too Long, 606 Action not authorized"
	const connection = "703 InactiveConnectionStateRequired, 704 ConnectionSetupFailed, 705 ConnectionSetupInProgress, 706 ConnectionNotConfigured, " +
		"707 DisconnectInProgress, 708 InvalidLayer2Address, 709 InternetAccessDisabled, 710 InvalidConnectionType, 711 ConnectionAlreadyTerminated, " +
		"713 SpecifiedArrayIndexInvalid, 714 NoSuchEntryInArray, 715 WildCardNotPermittedInSrcIP, 716 WildCardNotPermittedInExtPort, 718 ConflictInMappingEntry, " +
		"719 ActionDisallowedWhenAutoConfigEnabled, 724 SamePortValuesRequired, 725 OnlyPermanentLeasesSupported, 726 RemoteHostOnlySupportsWildcard, " +
		"727 ExternalPortOnlySupportsWildcard, 728 NoPortMapsAvailable, 729 ConflictWithOtherMechanisms, 730 PortMappingNotFound, 731 ReadOnly, " +
		"732 WildCardNotPermittedInIntPort, 733 InconsistentParameters"
	const firewall = "701 PinholeSpaceExhausted, 702 FirewallDisabled, 703 InboundPinholeNotAllowed, 704 NoSuchEntry, 705 ProtocolNotSupported, " +
		"706 InternalPortWildcardingNotAllowed, 707 ProtocolWildcardingNotAllowed, 708 WildCardNotPermittedInSrcIP, 709 NoTrafficReceived"
	const forwarding = "720 InvalidDeviceUUID, 721 InvalidServiceID, 723 InvalidConnServiceSelection"
	for service, names := range map[string]string{
		"urn:schemas-upnp-org:service:WANIPConnection:1":          connection,
		"urn:schemas-upnp-org:service:WANIPConnection:2":          connection,
		"urn:schemas-upnp-org:service:WANPPPConnection:1":         connection,
		"urn:dslforum-org:service:WANPPPConnection:1":             connection,
		"urn:schemas-upnp-org:service:Layer3Forwarding:1":         forwarding,
		"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1":   firewall,
		"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1": "713 SpecifiedArrayIndexInvalid",
		"nonsense": "",
		"":         "",
	} {
		want := make(map[int]string)
		for entry := range strings.SplitSeq(common+", "+names, ", ") {
			code, name, _ := strings.Cut(entry, " ")
			n, _ := strconv.Atoi(code)
			want[n] = name
		}
		for code := range 1000 {
			if got := ErrorName(service, code); got != want[code] {
				t.Errorf("%s %d: %q, want %q", service, code, got, want[code])
			}
		}
	}
}
