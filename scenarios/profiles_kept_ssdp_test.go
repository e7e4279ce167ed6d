package scenarios_test

// keptSSDP are gateways of which little more than a search reply is known.
func keptSSDP() []profile {
	return []profile{
		{
			name: "sagemcom-fast3890v3", at: routerAt(49153),
			udn: "uuid:75802409-bccb-40e7-8e6c-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
EXT:
LOCATION: http://192.168.1.1:49153/‹[0-9a-f]{8}›/gatedesc0b.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: ‹[0-9a-f]{8}-1dd1-11b2-[0-9a-f]{4}-[0-9a-f]{12}›
SERVER: ` + `
User-Agent: redsonic
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /.*",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /.*",
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /.* /upnp/control/WANIPConn1 /.*",
			},
			control: "/upnp/control/WANIPConn1", urn: upnp + "WANIPConnection:1",
		},
		{
			name: "huawei-psdk", at: routerAt(49652),
			udn: "uuid:00e0fc37-2525-2828-2500-[0-9A-F]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
EXT:
LOCATION: http://192.168.1.1:49652/49652gatedesc.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: ‹[0-9a-f]{8}-[0-9a-f]{4}-11be-[0-9a-f]{4}-[0-9a-f]{12}›
SERVER: Linux/4.4.240, UPnP/1.0, Portable SDK for UPnP devices/1.12.1
X-User-Agent: UPnP/1.0 DLNADOC/1.50
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /.*",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /.*",
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /.*",
			},
			control: "/.*/WANIPConnection1", urn: upnp + "WANIPConnection:1",
		},
		{
			name: "linksys-broadcom", at: routerAt(5431),
			udn: "uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}000099dc",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
ST:upnp:rootdevice
USN:$UDN::upnp:rootdevice
Location: http://192.168.1.1:5431/dyndev/$UDN
Server: Custom/1.0 UPnP/1.0 Proc/Ver
EXT:
Cache-Control:max-age=180
DATE: Fri, 02 Jan 1970 08:10:38 GMT

`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /.*",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /.*",
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /.*",
			},
			control: "/.*/WANIPConnection1", urn: upnp + "WANIPConnection:1",
		},
	}
}
