package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/igdkit/igdkit/soap"
)

// Reason is why an action is refused. Each has its error in the standard, and Policy.Codes can give it another.
type Reason string

// The reasons. Where versions of a service differ, :1 comes first.
const (
	BadArguments    Reason = "bad-arguments"      // not those of the action, or not of their type: 402
	ValueNotAllowed Reason = "value-not-allowed"  // not in the list of the SCPD: 402, and 600 by AddPortMapping:2
	ValueOutOfRange Reason = "value-out-of-range" // not in the range of the SCPD: 402, and 601 by AddPortMapping:2
	TextTooLong     Reason = "text-too-long"      // 605

	BadClient        Reason = "bad-client"         // no IPv4 address: 402
	ClientOutside    Reason = "client-outside"     // not of the LAN: 402
	ForeignClient    Reason = "foreign-client"     // not the caller: 718, 606
	InternalPortZero Reason = "internal-port-zero" // 402, 732
	BadRemoteHost    Reason = "bad-remote-host"    // no IPv4 address: 402
	RemoteHostGiven  Reason = "remote-host-given"  // only the wildcard is supported: 726
	RemoteHostAny    Reason = "remote-host-any"    // the wildcard is not permitted: 715
	LeaseGiven       Reason = "lease-given"        // only permanent leases are supported: 725
	LeasePermanent   Reason = "lease-permanent"    // only finite leases are supported: 402
	LeaseTooLong     Reason = "lease-too-long"     // 402, and 601 by AddPortMapping:2
	ExternalPortZero Reason = "external-port-zero" // 716
	PortRefused      Reason = "port-refused"       // 718, 606
	PortReserved     Reason = "port-reserved"      // by another mechanism: 718, 729
	UnequalPorts     Reason = "unequal-ports"      // 724
	NoAddress        Reason = "no-address"         // there is no external address to show: 501
	Conflict         Reason = "conflict"           // 718
	TableFull        Reason = "table-full"         // 501, 728
	NoPortLeft       Reason = "no-port-left"       // for AddAnyPortMapping: 728

	EndOfList       Reason = "end-of-list"        // GetGenericPortMappingEntry: 713
	NoEntry         Reason = "no-entry"           // GetSpecificPortMappingEntry: 714
	DeleteNoEntry   Reason = "delete-no-entry"    // DeletePortMapping: 714
	DeleteForeign   Reason = "delete-foreign"     // DeletePortMapping of another client's: 714, 606
	BadPortRange    Reason = "bad-port-range"     // it ends before it begins: 733
	NoneInPortRange Reason = "none-in-port-range" // 730
	NoRole          Reason = "no-role"            // NewManage without the right to: 606

	TypeReadOnly       Reason = "type-read-only"       // SetConnectionType: 731 in version 2
	TypeNotInactive    Reason = "type-not-inactive"    // SetConnectionType while connected: 703
	TypeNotPossible    Reason = "type-not-possible"    // SetConnectionType: 501
	NotConfigured      Reason = "not-configured"       // RequestConnection: 706
	SettingUp          Reason = "setting-up"           // RequestConnection while connecting: 705
	Disconnecting      Reason = "disconnecting"        // 707
	AlreadyTerminated  Reason = "already-terminated"   // 711
	LinkDown           Reason = "link-down"            // RequestConnection without a line: 704
	InternetDisabled   Reason = "internet-disabled"    // RequestConnection while EnabledForInternet is 0: 709
	NoActiveConnection Reason = "no-active-connection" // GetActiveConnection beyond the last: 713
	BadConnection      Reason = "bad-connection"       // SetDefaultConnectionService: 402
	UnknownDevice      Reason = "unknown-device"       // SetDefaultConnectionService: 720
	UnknownService     Reason = "unknown-service"      // SetDefaultConnectionService: 721
	NotOfDevice        Reason = "not-of-device"        // SetDefaultConnectionService: 723

	FirewallOff        Reason = "firewall-off"         // 702
	InboundNotAllowed  Reason = "inbound-not-allowed"  // 703
	PinholeSpace       Reason = "pinhole-space"        // 701
	NoPinhole          Reason = "no-pinhole"           // 704
	PinholeProtocol    Reason = "pinhole-protocol"     // 705
	PinholePortZero    Reason = "pinhole-port-zero"    // 706
	PinholeAnyProtocol Reason = "pinhole-any-protocol" // 707
	PinholeAnyClient   Reason = "pinhole-any-client"   // 708
	PinholeForeign     Reason = "pinhole-foreign"      // not the caller's, or a low port: 606
	PinholeBadAddress  Reason = "pinhole-bad-address"  // no IPv6 address: 402
	PinholeUnused      Reason = "pinhole-unused"       // CheckPinholeWorking before there was traffic: 709
)

// Choices are all reasons.
func (Reason) Choices() []string {
	all := []Reason{
		BadArguments, ValueNotAllowed, ValueOutOfRange, TextTooLong,
		BadClient, ClientOutside, ForeignClient, InternalPortZero, BadRemoteHost, RemoteHostGiven, RemoteHostAny, LeaseGiven, LeasePermanent,
		LeaseTooLong, ExternalPortZero, PortRefused, PortReserved, UnequalPorts, NoAddress, Conflict, TableFull, NoPortLeft,
		EndOfList, NoEntry, DeleteNoEntry, DeleteForeign, BadPortRange, NoneInPortRange, NoRole,
		TypeReadOnly, TypeNotInactive, TypeNotPossible, NotConfigured, SettingUp, Disconnecting, AlreadyTerminated, LinkDown, InternetDisabled,
		NoActiveConnection, BadConnection, UnknownDevice, UnknownService, NotOfDevice,
		FirewallOff, InboundNotAllowed, PinholeSpace, NoPinhole, PinholeProtocol, PinholePortZero, PinholeAnyProtocol, PinholeAnyClient,
		PinholeForeign, PinholeBadAddress, PinholeUnused,
	}
	words := make([]string, len(all))
	for i, r := range all {
		words[i] = string(r)
	}
	return words
}

// UnmarshalText reads one of Choices.
func (r *Reason) UnmarshalText(text []byte) error { return choose(r, text) }

// code is the error that the standard of a service has for r, 0 when r is no reason.
func (r Reason) code(version int, action string) int {
	v2 := func(one, two int) int {
		if version == 2 {
			return two
		}
		return one
	}
	// Only AddPortMapping:2 has the codes of UDA 1.1 for a value (WANIPConnection:2 §2.5.16).
	value := func(code int) int {
		if version == 2 && action == "AddPortMapping" {
			return code
		}
		return soap.InvalidArgs
	}
	switch r {
	case BadArguments, BadClient, ClientOutside, BadRemoteHost, LeasePermanent, BadConnection, PinholeBadAddress:
		return soap.InvalidArgs
	case ValueNotAllowed:
		return value(soap.ArgumentValueInvalid)
	case ValueOutOfRange, LeaseTooLong:
		return value(soap.ArgumentValueOutOfRange)
	case TextTooLong:
		return soap.StringArgumentTooLong
	case InternalPortZero:
		return v2(soap.InvalidArgs, soap.WildCardNotPermittedInIntPort)
	case RemoteHostGiven:
		return soap.RemoteHostOnlySupportsWildcard
	case RemoteHostAny:
		return soap.WildCardNotPermittedInSrcIP
	case LeaseGiven:
		return soap.OnlyPermanentLeasesSupported
	case ExternalPortZero:
		return soap.WildCardNotPermittedInExtPort
	case ForeignClient, PortRefused:
		return v2(soap.ConflictInMappingEntry, soap.ActionNotAuthorized)
	case PortReserved:
		return v2(soap.ConflictInMappingEntry, soap.ConflictWithOtherMechanisms)
	case UnequalPorts:
		return soap.SamePortValuesRequired
	case NoAddress, TypeNotPossible:
		return soap.ActionFailed
	case Conflict:
		return soap.ConflictInMappingEntry
	case TableFull:
		return v2(soap.ActionFailed, soap.NoPortMapsAvailable)
	case NoPortLeft:
		return soap.NoPortMapsAvailable
	case EndOfList, NoActiveConnection:
		return soap.SpecifiedArrayIndexInvalid
	case NoEntry, DeleteNoEntry:
		return soap.NoSuchEntryInArray
	case DeleteForeign:
		return v2(soap.NoSuchEntryInArray, soap.ActionNotAuthorized)
	case BadPortRange:
		return soap.InconsistentParameters
	case NoneInPortRange:
		return soap.PortMappingNotFound
	case NoRole, PinholeForeign:
		return soap.ActionNotAuthorized
	}
	return cmp.Or(r.connectionCode(), r.pinholeCode())
}

func (r Reason) connectionCode() int {
	switch r {
	case TypeReadOnly:
		return soap.ReadOnly
	case TypeNotInactive:
		return soap.InactiveConnectionStateRequired
	case NotConfigured:
		return soap.ConnectionNotConfigured
	case SettingUp:
		return soap.ConnectionSetupInProgress
	case Disconnecting:
		return soap.DisconnectInProgress
	case AlreadyTerminated:
		return soap.ConnectionAlreadyTerminated
	case LinkDown:
		return soap.ConnectionSetupFailed
	case InternetDisabled:
		return soap.InternetAccessDisabled
	case UnknownDevice:
		return soap.InvalidDeviceUUID
	case UnknownService:
		return soap.InvalidServiceID
	case NotOfDevice:
		return soap.InvalidConnServiceSelection
	}
	return 0
}

func (r Reason) pinholeCode() int {
	switch r {
	case FirewallOff:
		return soap.FirewallDisabled
	case InboundNotAllowed:
		return soap.InboundPinholeNotAllowed
	case PinholeSpace:
		return soap.PinholeSpaceExhausted
	case NoPinhole:
		return soap.PinholeNoSuchEntry
	case PinholeProtocol:
		return soap.ProtocolNotSupported
	case PinholePortZero:
		return soap.InternalPortWildcardingNotAllowed
	case PinholeAnyProtocol:
		return soap.ProtocolWildcardingNotAllowed
	case PinholeAnyClient:
		return soap.PinholeWildCardNotPermittedInSrcIP
	case PinholeUnused:
		return soap.NoTrafficReceived
	}
	return 0
}

func (e ErrorReply) Error() string { return "UPnP error " + strconv.Itoa(e.Code) }

func (e ErrorReply) problem() error {
	if e.Code != 0 && !upnpCode(e.Code) || e.Code == 0 && e.Text != nil {
		return fmt.Errorf("a UPnP error has a code from 400 to 999, not %d", e.Code)
	}
	return nil
}

// refusal is why an action is answered with an error.
type refusal struct {
	why   Reason
	reply ErrorReply // of the rule that refuses; code 0: it has none of its own
}

func (r refusal) Error() string { return "refused: " + string(r.why) }

// refuse is the refusal for a reason by a rule that may have an error of its own.
func refuse(why Reason, orElse ...ErrorReply) error {
	r := refusal{why: why}
	for _, e := range orElse {
		if r.reply.Code == 0 {
			r.reply = e
		}
	}
	return r
}

// answer makes an error of a refusal: the rule's own, the one of Codes, or that of the standard.
func (p *Policy) answer(err error, s *service, a *action) error {
	var r refusal
	if !errors.As(err, &r) {
		return err
	}
	if r.reply.Code != 0 {
		return r.reply
	}
	if e := p.Codes[r.why]; e.Code != 0 {
		return e
	}
	return ErrorReply{Code: r.why.code(s.version, a.name)}
}
