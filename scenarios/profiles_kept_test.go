package scenarios_test

import (
	"net/netip"
	"slices"
)

// keptProfiles are devices whose documents stand in repositories.
func keptProfiles() []profile {
	return slices.Concat(keptMiniupnpd(), keptBroadcom(), keptDLink(), keptOthers(), keptSSDP())
}

// What the captures share.
const (
	envelope   = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`
	igd        = "urn:schemas-upnp-org:device:InternetGatewayDevice:"
	upnpDevice = "urn:schemas-upnp-org:device:"
	upnp       = "urn:schemas-upnp-org:service:"
	identifier = "urn:upnp-org:serviceId:"
)

// elevenActions are what most captured SCPDs of WANIPConnection:1 list.
func elevenActions() []string {
	return []string{
		"SetConnectionType", "GetConnectionTypeInfo", "RequestConnection", "ForceTermination", "GetStatusInfo", "GetNATRSIPStatus",
		"GetGenericPortMappingEntry", "GetSpecificPortMappingEntry", "AddPortMapping", "DeletePortMapping", "GetExternalIPAddress",
	}
}

// at192 is the address of a gateway that serves at port.
func at192(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.168.1.1"), port)
}
