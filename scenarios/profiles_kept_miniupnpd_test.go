package scenarios_test

// keptMiniupnpd are gateways with miniupnpd. That of miniupnpd-igd1 was observed itself, its default addresses and ports aside.
func keptMiniupnpd() []profile {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: N\r\n"
	addTCP := func(port, client, lease string) []string {
		return []string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP", "NewInternalPort", "8080",
			"NewInternalClient", client, "NewEnabled", "1", "NewPortMappingDescription", "x", "NewLeaseDuration", lease}
	}
	debian := func(length, body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: " + length + "\r\n" +
			"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n<?xml version=\"1.0\"?>\r\n" + envelope + "<s:Body>" + body + "</s:Body></s:Envelope>\r\n"
	}
	refusal := func(length, code, description string) string {
		return "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: " + length + "\r\n" +
			"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n" + envelope +
			`<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">` +
			`<errorCode>` + code + `</errorCode><errorDescription>` + description + `</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`
	}
	return []profile{
		{
			name: "google-wifi", at: routerAt(5000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{11}e",
			st:  deviceIGD2,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:2
EXT:
SERVER: Linux/5.4.0-1034-gcp UPnP/1.1 MiniUPnPd/1.9
LOCATION: http://192.168.1.1:5000/rootDesc.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 1
BOOTID.UPNP.ORG: 1
CONFIGID.UPNP.ORG: 1337

`,
			begins: "<?xml version=\"1.0\"?>\r\n" + `<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>` +
				`<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><friendlyName>OnHub</friendlyName>` +
				`<manufacturer>Google</manufacturer><manufacturerURL>http://google.com/</manufacturerURL><modelDescription>Wireless Router</modelDescription>` +
				`<modelName>OnHub</modelName><modelNumber>1</modelNumber><modelURL>https://on.google.com/hub/</modelURL><serialNumber>00000000</serialNumber>` +
				`<UDN>$UDN</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:Layer3Forwarding1</serviceId>` +
				`<controlURL>/ctl/L3F</controlURL><eventSubURL>/evt/L3F</eventSubURL><SCPDURL>/L3F.xml</SCPDURL></service><service>`,
			ends: `<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>` +
				`<controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt/IPConn</eventSubURL><SCPDURL>/WANIPCn.xml</SCPDURL></service></serviceList></device></deviceList></device></deviceList>` +
				`<presentationURL>http://testwifi.here/</presentationURL></device></root>`,
			tree: []string{
				deviceIGD2 + " uuid:.*e",
				upnp + "Layer3Forwarding:1 " + identifier + "Layer3Forwarding1 /L3F.xml /ctl/L3F /evt/L3F",
				upnp + "DeviceProtection:1 " + identifier + "DeviceProtection1 /DP.xml /ctl/DP /evt/DP",
				upnpDevice + "WANDevice:2 uuid:.*f",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCfg.xml /ctl/CmnIfCfg /evt/CmnIfCfg",
				upnpDevice + "WANConnectionDevice:2 uuid:.*0",
				upnp + "WANIPConnection:2 " + identifier + "WANIPConn1 /WANIPCn.xml /ctl/IPConn /evt/IPConn",
			},
			control: "/ctl/IPConn", urn: upnp + "WANIPConnection:2",
		},
		{
			name: "miniupnpd-igd1", at: routerAt(5000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{11}1",
			st:  deviceIGD2, // which it is not
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:2
EXT:
SERVER: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1
LOCATION: http://192.168.1.1:5000/rootDesc.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 946684800
BOOTID.UPNP.ORG: 946684800
CONFIGID.UPNP.ORG: 1337

`,
			alive: `NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=1800
LOCATION: http://192.168.1.1:5000/rootDesc.xml
SERVER: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1
NT: upnp:rootdevice
USN: $UDN::upnp:rootdevice
NTS: ssdp:alive
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 946684800
BOOTID.UPNP.ORG: 946684800
CONFIGID.UPNP.ORG: 1337

`,
			byebye: `NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
NT: upnp:rootdevice
USN: $UDN::upnp:rootdevice
NTS: ssdp:byebye
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 946684800
BOOTID.UPNP.ORG: 946684800
CONFIGID.UPNP.ORG: 1337

`,
			begins: head + "Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n<?xml version=\"1.0\"?>\r\n" +
				`<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1337"><specVersion><major>1</major><minor>1</minor></specVersion>` +
				`<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>Debian router</friendlyName>` +
				`<manufacturer>Debian</manufacturer><manufacturerURL>http://www.debian.org/</manufacturerURL><modelDescription>Debian router</modelDescription>` +
				`<modelName>Debian router</modelName><modelNumber>1</modelNumber><modelURL>http://www.debian.org/</modelURL><serialNumber>00000000</serialNumber>` +
				`<UDN>$UDN</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>` +
				`<SCPDURL>/L3F.xml</SCPDURL><controlURL>/ctl/L3F</controlURL><eventSubURL>/evt/L3F</eventSubURL></service></serviceList><deviceList><device>`,
			ends: "</device></deviceList></device></deviceList><presentationURL>http://192.168.1.1/</presentationURL></device></root>",
			tree: []string{
				deviceIGD1 + " uuid:.*1",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /L3F.xml /ctl/L3F /evt/L3F",
				wanDevice + " uuid:.*2",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCfg.xml /ctl/CmnIfCfg /evt/CmnIfCfg",
				connDevice + " uuid:.*3",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /WANIPCn.xml /ctl/IPConn /evt/IPConn",
			},
			actions: elevenActions(),
			control: "/ctl/IPConn", urn: upnp + "WANIPConnection:1",
			answer:  debian("357", `<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>45.66.77.88</NewExternalIPAddress></u:GetExternalIPAddressResponse>`),
			refuses: []string{"NoSuchAction"},
			fault:   refusal("398", "401", "Invalid Action"),
			more: []talk{
				{addTCP("8080", "192.168.1.10", "0"), debian("263", `<u:AddPortMappingResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"/>`)},
				{[]string{"GetSpecificPortMappingEntry", "NewRemoteHost", "", "NewExternalPort", "8080", "NewProtocol", "TCP"}, debian("530", // the daemon's client was at 192.168.77.10
					`<u:GetSpecificPortMappingEntryResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewInternalPort>8080</NewInternalPort><NewInternalClient>192.168.1.10</NewInternalClient>`+
						`<NewEnabled>1</NewEnabled><NewPortMappingDescription>x</NewPortMappingDescription><NewLeaseDuration>604800</NewLeaseDuration></u:GetSpecificPortMappingEntryResponse>`)},
				{addTCP("8080", "192.168.1.11", "0"), refusal("406", "718", "ConflictInMappingEntry")},
				{addTCP("80", "192.168.1.10", "0"), refusal("405", "606", "Action not authorized")},
				{addTCP("0", "192.168.1.10", "0"), refusal("416", "716", "Wildcard not permited in ExtPort")},
				{addTCP("8081", "", "0"), refusal("396", "501", "ActionFailed")},
				{[]string{"AddPortMapping", "NewExternalPort", "8089"}, refusal("396", "402", "Invalid Args")},
				{[]string{"ForceTermination"}, refusal("405", "606", "Action not authorized")},
				{[]string{"SetConnectionType", "NewConnectionType", "IP_Routed"}, refusal("392", "731", "ReadOnly")},
				{addTCP("8082", "192.168.1.10", "9999999"), debian("263", `<u:AddPortMappingResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"/>`)},
				{[]string{"DeletePortMapping", "NewRemoteHost", "", "NewExternalPort", "8082", "NewProtocol", "TCP"},
					debian("295", `<u:DeletePortMappingResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"></u:DeletePortMappingResponse>`)},
			},
		},
		{
			name: "pfsense-2-5", at: routerAt(2189),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
EXT:
SERVER: FreeBSD/12.2-STABLE UPnP/1.1 MiniUPnPd/2.2.1
LOCATION: http://192.168.1.1:2189/rootDesc.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 946684800
BOOTID.UPNP.ORG: 946684800
CONFIGID.UPNP.ORG: 1337

`,
			begins: "<?xml version=\"1.0\"?>\r\n" + `<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1337"><specVersion><major>1</major><minor>1</minor></specVersion>` +
				`<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>FreeBSD router</friendlyName>` +
				`<manufacturer>FreeBSD</manufacturer><manufacturerURL>http://www.freebsd.org/</manufacturerURL><modelDescription>FreeBSD router</modelDescription>` +
				`<modelName>FreeBSD router</modelName><modelNumber>2.5.0-RELEASE</modelNumber><modelURL>http://www.freebsd.org/</modelURL><serialNumber>`,
			ends: `<SCPDURL>/WANIPCn.xml</SCPDURL><controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt/IPConn</eventSubURL></service></serviceList></device></deviceList></device></deviceList>` +
				`<presentationURL>https://192.168.1.1/</presentationURL></device></root>`,
			tree: []string{
				deviceIGD1 + " uuid:.*1",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /L3F.xml /ctl/L3F /evt/L3F",
				wanDevice + " uuid:.*2",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCfg.xml /ctl/CmnIfCfg /evt/CmnIfCfg",
				connDevice + " uuid:.*3",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /WANIPCn.xml /ctl/IPConn /evt/IPConn",
			},
			control: "/ctl/IPConn", urn: upnp + "WANIPConnection:1",
		},
		{
			name: "netgear-r7500v2", at: routerAt(5555),
			udn: "uuid:4d696e69-444c-164e-9d41-[0-9a-f]{12}",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
ST: upnp:rootdevice
USN: $UDN::upnp:rootdevice
Server: R7500v2 UPnP/1.0 miniupnpd/1.0
Location: http://192.168.1.1:5555/rootDesc.xml

`,
			begins: head + "Server: R7500v2 UPnP/1.0 miniupnpd/1.0\r\nExt: \r\nContent-Language: en-US\r\n\r\n<?xml version=\"1.0\"?>\n" +
				"<root xmlns=\"urn:schemas-upnp-org:device-1-0\" \txmlns:pnpx=\"http://schemas.microsoft.com/windows/pnpx/2005/11\" \txmlns:df=\"http://schemas.microsoft.com/windows/2008/09/devicefoundation\">" +
				`<specVersion><major>1</major><minor>0</minor></specVersion><URLBase>http://192.168.1.1:5555</URLBase><device>` +
				`<pnpx:X_hardwareId>VEN_01f2&amp;DEV_0018&amp;REV_02 VEN_01f2&amp;DEV_8000&amp;SUBSYS_01&amp;REV_01 VEN_01f2&amp;DEV_8000&amp;REV_01 VEN_0033&amp;DEV_0008&amp;REV_01</pnpx:X_hardwareId>` +
				`<pnpx:X_compatibleId>urn:schemas-upnp-org:device:InternetGatewayDevice:1</pnpx:X_compatibleId><pnpx:X_deviceCategory>NetworkInfrastructure.Router</pnpx:X_deviceCategory>` +
				`<df:X_deviceCategory>Network.Router.Wireless</df:X_deviceCategory><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>` +
				`<friendlyName>R7500v2 (Gateway)</friendlyName><manufacturer>NETGEAR, Inc.</manufacturer>`,
			ends: `<controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt/IPConn</eventSubURL><SCPDURL>/WANIPCn.xml</SCPDURL></service></serviceList></device></deviceList></device></deviceList>` +
				`<presentationURL>http://www.routerlogin.net</presentationURL></device></root>`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /Layer3F.xml /ctl/L3Forwarding /evt/L3Forwarding",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCfg.xml /ctl/CommonIfCfg /evt/CommonIfCfg",
				connDevice + " uuid:4d696e69-444c-164e-9d44-[0-9a-f]{12}",
				upnp + "WANEthernetLinkConfig:1 " + identifier + "WANEthLinkC1 /WanEth.xml /ctl/WanEth /evt/WanEth",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /WANIPCn.xml /ctl/IPConn /evt/IPConn",
			},
			actions: elevenActions(),
			control: "/ctl/IPConn", urn: upnp + "WANIPConnection:1",
		},
	}
}
