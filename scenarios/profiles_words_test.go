package scenarios_test

import "net/netip"

// What the captures share.
const (
	envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`

	upnpDevice = "urn:schemas-upnp-org:device:"
	deviceIGD1 = upnpDevice + "InternetGatewayDevice:1"
	deviceIGD2 = upnpDevice + "InternetGatewayDevice:2"
	wanDevice  = upnpDevice + "WANDevice:1"
	connDevice = upnpDevice + "WANConnectionDevice:1"
	lanDevice  = upnpDevice + "LANDevice:1"

	upnp          = "urn:schemas-upnp-org:service:"
	serviceIP1    = upnp + "WANIPConnection:1"
	servicePPP1   = upnp + "WANPPPConnection:1"
	serviceCommon = upnp + "WANCommonInterfaceConfig:1"
	serviceL3     = upnp + "Layer3Forwarding:1"
	identifier    = "urn:upnp-org:serviceId:"
)

// routerAt is the router's at a port.
func routerAt(n uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.168.1.1"), n)
}

// listed is a line of an outline: a service with the standard's identifier.
func listed(kind, id, scpd, control, events string) string {
	return kind + " " + identifier + id + " " + scpd + " " + control + " " + events
}

// elevenActions are what most captured SCPDs of WANIPConnection:1 list.
func elevenActions() []string {
	return []string{
		"SetConnectionType", "GetConnectionTypeInfo", "RequestConnection", "ForceTermination", "GetStatusInfo", "GetNATRSIPStatus",
		"GetGenericPortMappingEntry", "GetSpecificPortMappingEntry", "AddPortMapping", "DeletePortMapping", "GetExternalIPAddress",
	}
}
