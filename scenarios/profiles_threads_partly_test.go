package scenarios_test

// partlyProfiles are devices of which little was captured, and what is none.
func partlyProfiles() []profile {
	romReply := `HTTP/1.1 200 OK
ST:urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN:$UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
Location:$LOCATION
Cache-Control:max-age=900
Server:Allegro-Software-RomUpnp/4.07 UPnP/1.0 IGD/1.00
Ext:

`
	rom := func(l3, common, ip string) []string {
		return []string{
			deviceIGD1 + " uuid:.*",
			listed(serviceL3, "L3Forwarding1", "/L3Fwd.xml", `/UD/\?`+l3, `/\?`+l3),
			wanDevice + " uuid:.*",
			listed(serviceCommon, "WANCommonIFC1", "/WanCommonIfc1.xml", `/UD/\?`+common, `/\?`+common),
			connDevice + " uuid:.*",
			listed(serviceIP1, "WANIPConn1", "/WanIpConn.xml", `/UD/\?`+ip, `/\?`+ip),
		}
	}
	// plain is a tree with a common interface and a connection.
	plain := func(first []string, common, ip string) []string {
		all := append([]string{deviceIGD1 + " .*"}, first...)
		return append(all, wanDevice+" .*", common, connDevice+" .*", ip)
	}
	const anyUUID = "uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
	return []profile{
		{
			name: "rompager-zyxel", left: 1, at: routerAt(5555), udn: anyUUID, st: deviceIGD1, reply: romReply,
			tree: rom("0", "2", "3"), control: `/UD/\?3`, urn: serviceIP1,
		},
		{
			name: "tplink-td-w8951nd", at: routerAt(80), udn: anyUUID, st: deviceIGD1, reply: romReply,
			tree: rom("0", "8", "9"), control: `/UD/\?9`, urn: serviceIP1,
			refuses: []string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", "20000", "NewProtocol", "TCP", "NewInternalPort", "20000",
				"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "libminiupnpc", "NewLeaseDuration", "0"},
			fault: `<?xml version="1.0"?>` + envelope + `<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>` +
				`<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`,
		},
		{
			name: "dlink-dsl-2730e", at: routerAt(80), udn: anyUUID,
			tree: plain(
				[]string{listed(serviceL3, "L3Forwarding1", "/.*", "/.*", "/.*")},
				listed(serviceCommon, "WANCommonIFC1", "/.*", "/.*", "/.*"), listed(serviceIP1, "WANIPConn1", "/.*", "/.*", "/.*")),
			control: "/control/WANIPConnection1", urn: serviceIP1,
			fails: "no internet gateway found", // it waits for 3.8 s
		},
		{
			name: "dd-wrt-r8000", at: routerAt(1780), closes: "still shows it", left: 1,
			udn: "uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
Cache-Control: max-age=300
Date: $NOW
Ext: ` + `
Location: http://192.168.1.1:1780/InternetGatewayDevice.xml
Server: POSIX UPnP/1.0 DD-WRT Linux/V24
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: crlf("HTTP/1.1 200 OK\nContent-Type: text/xml\nContent-Length: N\nConnection: close\nPragma: no-cache\n\n") + `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
	<specVersion>
		<major>1</major>
		<minor>0</minor>
	</specVersion>
	<device>
		<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
		<manufacturer>DD-WRT</manufacturer>
		<manufacturerURL>http://www.dd-wrt.com</manufacturerURL>
		<modelDescription>Gateway</modelDescription>
		<friendlyName>Netgear R8000:DD-WRT</friendlyName>
		<modelName>Netgear R8000</modelName>
		<modelNumber>V24</modelNumber>
		<serialNumber>0000001</serialNumber>
		<modelURL>http://www.dd-wrt.com</modelURL>
		<UDN>$UDN</UDN>
		<serviceList>
			<service>
`,
			says: []string{
				"<serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId><SCPDURL>/x_layer3forwarding.xml</SCPDURL><controlURL>/control?Layer3Forwarding</controlURL>" +
					"<eventSubURL>/event?Layer3Forwarding</eventSubURL></service></serviceList><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>" +
					"<friendlyName>WANDevice</friendlyName><manufacturer>DD-WRT</manufacturer><manufacturerURL>http://www.dd-wrt.com</manufacturerURL><modelDescription>Gateway</modelDescription>" +
					"<modelName>router</modelName><modelURL>http://www.dd-wrt.com</modelURL><UDN>uuid:",
			},
			tree: plain(
				[]string{listed(serviceL3, "L3Forwarding1", "/x_layer3forwarding.xml", `/control\?Layer3Forwarding`, `/event\?Layer3Forwarding`)},
				listed(serviceCommon, "WANCommonIFC1", "/.*", `/control\?WANCommonInterfaceConfig`, `/event\?WANCommonInterfaceConfig`),
				listed(serviceIP1, "WANIPConn1", "/.*", `/control\?WANIPConnection`, `/event\?WANIPConnection`)),
			control: `/control\?WANIPConnection`, urn: serviceIP1,
		},
		{
			name: "netgear-r6400v2", at: routerAt(56688), udn: anyUUID,
			tree: append(plain(
				[]string{listed(serviceL3, "L3Forwarding1", "/.*", "/.*", "/.*")},
				listed(serviceCommon, "WANCommonIFC1", "/.*", "/.*", "/.*"),
				"urn:schemas-upnp-org:service:WANEthernetLinkConfig:1 .* /Public_UPNP_C4 .*"),
				servicePPP1+" .* /Public_UPNP_C5 .*", serviceIP1+" .* /Public_UPNP_C3 .*"),
			control: "/Public_UPNP_C3", urn: serviceIP1,
		},
		{
			name: "sky-sr102", at: routerAt(5431),
			udn: "uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{10}0000",
			says: []string{
				"<URLBase>http://192.168.1.1:5431/</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>" +
					"<presentationURL>http://192.168.1.1:80/</presentationURL><friendlyName>Sky ADSL Router</friendlyName><manufacturer>Sky Hub</manufacturer>" +
					"<manufacturerURL>http://www.sky.com/</manufacturerURL><modelDescription>(null)</modelDescription><modelName>SR102</modelName><modelNumber>1.0</modelNumber>" +
					"<modelURL>http://www.broadcom.com/</modelURL><UDN>$UDN</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>" +
					"<serviceId>urn:upnp-org:serviceId:Layer3Forwarding.1</serviceId><controlURL>/$UDN/Layer3Forwarding:1</controlURL><eventSubURL>/$UDN/Layer3Forwarding:1</eventSubURL>" +
					"<SCPDURL>/dynsvc/Layer3Forwarding:1.xml</SCPDURL></service></serviceList><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>" +
					"<friendlyName>WANDevice.1</friendlyName><manufacturer>Sky Hub</manufacturer><manufacturerURL>http://www.sky.com/</manufacturerURL>",
			},
			tree: plain(
				[]string{listed(serviceL3, "Layer3Forwarding.1", "/dynsvc/Layer3Forwarding:1.xml", "/uuid:.*/Layer3Forwarding:1", "/uuid:.*/Layer3Forwarding:1")},
				listed(serviceCommon, "WANCommonInterfaceConfig.1", "/dynsvc/WANCommonInterfaceConfig:1.xml", "/uuid:.*/WANCommonInterfaceConfig:1", "/uuid:.*/WANCommonInterfaceConfig:1"),
				listed(servicePPP1, "WANPPPConnection.2", "/dynsvc/WANPPPConnection:1.xml", "/uuid:.*/WANPPPConnection:1", "/uuid:.*/WANPPPConnection:1")),
			control: "/uuid:.*/WANPPPConnection:1", urn: servicePPP1,
		},
		{
			name: "askey-rtv9015vw", at: routerAt(5431), udn: anyUUID,
			alive: `NOTIFY * HTTP/1.1 ` + `
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=3000
LOCATION: http://192.168.1.1:5431/igdevicedesc.xml
SERVER: UPnP/1.0 BLR-TX4S/1.0
NT: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
NTS: ssdp:alive

`,
			says: []string{
				"<URLBase>http://192.168.1.1:5431</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><presentationURL>http://192.168.1.1:80/</presentationURL>" +
					"<friendlyName>RTV9015VW</friendlyName><manufacturer>ASKEY</manufacturer><manufacturerURL>http://www.realtek.com</manufacturerURL><modelDescription>ADSL SoHo Router</modelDescription>" +
					"<modelName>RTV9015VW</modelName><modelNumber>8671x</modelNumber><modelURL>http://www.realtek.com</modelURL><UDN>$UDN</UDN><UPC>RTV9015VW</UPC><serviceList><service>" +
					"<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:Layer3Forwarding1</serviceId><controlURL>/control/Layer3Forwarding</controlURL>" +
					"<eventSubURL>/event/Layer3Forwarding</eventSubURL><SCPDURL>/upnp/layer3forwardingSCPD.xml</SCPDURL></service></serviceList><deviceList><device>" +
					"<deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><friendlyName>WANDevice</friendlyName><manufacturer>ASKEY</manufacturer>",
			},
			tree: plain(
				[]string{listed(serviceL3, "Layer3Forwarding1", "/upnp/layer3forwardingSCPD.xml", "/control/Layer3Forwarding", "/event/Layer3Forwarding")},
				listed(serviceCommon, "WANCommonIFC1", "/.*", "/.*", "/.*"), listed(serviceIP1, "WANIPConn1", "/.*", "/control/.*", "/event/.*")),
			control: "/control/WANIPConnection", urn: serviceIP1,
			answer: crlf("HTTP/1.1 501 Not Implemented\nConnection: close\nContent-type: text/html\n\n") +
				"<HTML><HEAD><TITLE>501 Not Implemented</TITLE></HEAD><BODY><H1>Not Implemented</H1>The HTTP Method is not implemented by this server.</BODY></HTML>\r\n",
			fails: "501", goupnp: "expected element type <Envelope> but have <HTML>",
		},
		{
			name: "netis-wf2411e", at: routerAt(52869),
			udn: "uuid:12342409-1234-1234-5678-ee1234cc5678",
			says: []string{
				"<root><specVersion></specVersion><device><deviceType></deviceType><friendlyName>netis-WF2411E</friendlyName><manufacturer>netis</manufacturer>" +
					"<manufacturerURL>http://www.netis-systems.com/</manufacturerURL><modelDescription>WLAN Access Point</modelDescription><modelName>netis-WF2411E</modelName>" +
					"<modelNumber>1.00</modelNumber><modelURL>http://www.netis-systems.com/</modelURL><UDN>uuid:12342409-1234-1234-5678-ee1234cc5678</UDN><serviceList><service>" +
					"<serviceType>urn:schemas-dummy-com:service:Dummy:1</serviceType><serviceId>urn:dummy-com:serviceId:dummy1</serviceId><controlURL>/dummy</controlURL>" +
					"<eventSubURL>/dummy</eventSubURL><SCPDURL>/dummy.xml</SCPDURL></service></serviceList><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>" +
					"<friendlyName>netis-WF2411E</friendlyName><manufacturer>netis</manufacturer><manufacturerURL>http://192.168.1.1</manufacturerURL>" +
					"<modelDescription>WANCommonInterfaceConfig</modelDescription><modelName>netis-WF2411E</modelName><modelNumber>1</modelNumber>",
			},
			tree: []string{
				`\s* uuid:12342409-1234-1234-5678-ee1234cc5678`,
				"urn:schemas-dummy-com:service:Dummy:1 urn:dummy-com:serviceId:dummy1 /dummy.xml /dummy /dummy",
				wanDevice + " .*",
				listed(serviceCommon, "WANCommonIFC1", "/.*", "/.*", "/.*"),
				connDevice + " .*",
				listed(serviceIP1, "WANIPConn1", "/.*", "/upnp/control/WANIPConnection", "/.*"),
			},
			control: "/upnp/control/WANIPConnection", urn: serviceIP1,
		},
		{
			name: "zte-f660", at: routerAt(52869), udn: anyUUID,
			tree: plain(nil, listed(serviceCommon, "WANCommonIFC1", "/.*", "/.*", "/.*"),
				listed(serviceIP1, "WANIPConn1", "/gateconnSCPD.xml", "/upnp/control/WANIPConn1", "/.*")),
			control: "/upnp/control/WANIPConn1", urn: serviceIP1,
		},
		{
			name: "ubee-evw32c", at: routerAt(80),
			udn: "uuid:upnp-InternetGatewayDevice-1_0-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
Cache-Control: max-age=1900
Location: http://192.168.1.1:80/RootDevice.xml
Server: UPnP/1.0 UPnP/1.0 UPnP-Device-Host/1.0
ST:urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
EXT:

`,
			begins: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n",
			says:   []string{"<URLBase>http://192.168.1.1:80</URLBase>"},
			tree: plain(
				[]string{listed(serviceL3, "L3Forwarding1", "/Layer3Forwarding.xml", "/Layer3Forwarding", "/Layer3Forwarding")},
				listed(serviceCommon, "WANCommonIFC1", "/.*", "/WANCommonInterfaceConfig", "/WANCommonInterfaceConfig"),
				listed(serviceIP1, "WANIPConn1", "/.*", "/WANIPConnection", "/WANIPConnection")),
			control: "/WANIPConnection", urn: serviceIP1,
			resets: "AddAnyPortMapping",
		},
		{
			name: "nanokvm", at: routerAt(1901), udn: anyUUID, none: true,
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
 <specVersion>
   <major>1</major>
   <minor>0</minor>
 </specVersion>
 <device>
  <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
  <friendlyName>kvm-`,
			ends: `</friendlyName>
  <manufacturer>Troglobit Software Systems</manufacturer>
  <modelName>Generic</modelName>
  <UDN>$UDN</UDN>
  <presentationURL>http://192.168.1.1/</presentationURL>
 </device>
</root>
`,
			tree:  []string{deviceIGD1 + " " + anyUUID},
			fails: "no internet gateway found",
		},
	}
}
