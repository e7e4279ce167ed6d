package scenarios_test

// modemProfiles are what was captured of modems and routers with other software.
func modemProfiles() []profile {
	icon := func(size string) string {
		return "<icon><mimetype>image/png</mimetype><width>" + size + "</width><height>" + size + "</height><depth>8</depth><url>/Images/L" + size + "x" + size + "x8</url></icon>"
	}
	return []profile{
		{
			name: "arris-nvg578lx", at: routerAt(5000),
			udn: "uuid:67c9bc0d-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
Cache-Control:max-age=300
Location:http://192.168.1.1:5000/devdescr.xml
SERVER:NT/5.0 UPnP/1.0 NVG578LX/9.5.0h4d134_YouFibre
DATE:$NOW
ST:urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN:$UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
EXT:

`,
			begins: crlf(`<?xml version="1.0"?>
 <root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
   <major>1</major>
   <minor>0</minor>
  </specVersion>
  <URLBase>http://192.168.1.1:5000</URLBase>
  <device>
   <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
`),
			says: []string{
				"</service><service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:WANPPPConnection</serviceId>" +
					"<SCPDURL>/wpppc_scpd.xml</SCPDURL><controlURL>/wpppc_cont</controlURL><eventSubURL>/wpppc_evnt</eventSubURL></service></serviceList>" +
					"<presentationURL>http://192.168.1.1:80</presentationURL></device></deviceList><presentationURL>http://192.168.1.1:80</presentationURL></device>" +
					"<device><deviceType>urn:schemas-upnp-org:device:LANDevice:1</deviceType><friendlyName>Netopia SmartModem</friendlyName><manufacturer>ARRIS</manufacturer>" +
					"<manufacturerURL>http://www.arris.com</manufacturerURL><modelDescription>Netopia SmartModem</modelDescription><modelName>ARRIS NVG578LX</modelName>" +
					"<modelNumber>NVG578LX</modelNumber><modelURL>http://www.arris.com</modelURL><serialNumber>",
				"</MACAddress><UDN>uuid:67c9bc0d-675a-69da-2de4-",
			},
			tree: []string{
				deviceIGD1 + " uuid:.*",
				listed(serviceL3, "L3Forwarding1", "/l3f_scpd.xml", "/l3f_cont", "/l3f_evnt"),
				wanDevice + " uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", "/wcic_scpd.xml", "/wcic_cont", "/wcic_evnt"),
				connDevice + " uuid:.*",
				listed(serviceIP1, "WANIPConnection", "/wipc_scpd.xml", "/wipc_cont", "/wipc_evnt"),
				listed(servicePPP1, "WANPPPConnection", "/wpppc_scpd.xml", "/wpppc_cont", "/wpppc_evnt"),
				lanDevice + " uuid:.*",
			},
			control: "/wipc_cont", urn: serviceIP1,
			refuses: []string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", "40964", "NewProtocol", "UDP", "NewInternalPort", "41641",
				"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "tailscale-portmap", "NewLeaseDuration", "7200"},
			fault: crlf(`<?xml version="1.0"?>
<SOAP:Envelope xmlns:SOAP="http://schemas.xmlsoap.org/soap/envelope/" SOAP:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <SOAP:Body>
   <SOAP:Fault>
    <faultcode>SOAP:Client</faultcode>
    <faultstring>UPnPError</faultstring>
    <detail>
     <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
      <errorCode>402</errorCode>
      <errorDescription>Invalid Args</errorDescription>
     </UPnPError>
    </detail>
   </SOAP:Fault>
 </SOAP:Body>
</SOAP:Envelope>
`),
		},
		{
			name: "rompager-4-07", at: routerAt(5555),
			udn: "uuid:11111111-0000-c0a8-1901-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
ST:urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN:$UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
Location:http://192.168.1.1:5555/DeviceDescription.xml
Cache-Control:max-age=900
Server:Allegro-Software-RomUpnp/4.07 UPnP/1.0 IGD/1.00
Ext:

`,
			begins: "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n<specVersion>\n<major>1</major>\n<minor>0</minor>\n</specVersion>\n" +
				"<URLBase>http://192.168.1.1:5555</URLBase>\n<device>\n<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\n",
			ends: "</service>\n</serviceList>\n</device>\n</deviceList>\n<presentationURL>http://192.168.1.1:80</presentationURL>\n</device>\n</root>\n",
			says: []string{
				"<friendlyName>MitraStar DSL-2401HN-T1C-GV Internet Sharing Gateway</friendlyName><manufacturer>MitraStar</manufacturer><manufacturerURL>http://www.mitrastar.com</manufacturerURL>" +
					"<modelDescription>MitraStar DSL-2401HN-T1C-GV Internet Sharing Gateway</modelDescription><modelName>MitraStar Internet Gateway</modelName>" +
					"<modelNumber>DSL-2401HN-T1C-GV</modelNumber><modelURL>http://www.mitrastar.com/</modelURL><serialNumber>00000001</serialNumber><UDN>$UDN</UDN>" +
					"<UPC>000000000001</UPC><iconList>" + icon("48") + icon("32") + icon("16") + "</iconList><serviceList><service>" +
					"<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>" +
					"<SCPDURL>/L3Fwd.xml</SCPDURL><controlURL>/UD/?0</controlURL><eventSubURL>/?0</eventSubURL></service>",
				"<device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><friendlyName>WANConnectionDevice</friendlyName><manufacturer>MitraStar</manufacturer>" +
					"<manufacturerURL>http://www.mitrastar.com</manufacturerURL><modelDescription>MitraStar WANConnectionDevice</modelDescription><modelName>WANConnectionDevice</modelName>" +
					"<modelNumber>HGW-2501GNU-RC</modelNumber><modelURL>http://www.mitrastar.com/</modelURL><serialNumber>00000001</serialNumber><UDN>uuid:33333333-0000-c0a8-1901-",
			},
			tree: []string{
				deviceIGD1 + " uuid:.*",
				listed(serviceL3, "L3Forwarding1", "/L3Fwd.xml", `/UD/\?0`, `/\?0`),
				wanDevice + " uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", "/WanCommonIfc1.xml", `/UD/\?8`, `/\?8`),
				connDevice + " uuid:.*",
				listed("urn:schemas-upnp-org:service:WANDSLLinkConfig:1", "WANDSLLinkC1", "/WanDslLink.xml", `/UD/\?9`, `/\?9`),
				listed(serviceIP1, "WANIPConn1", "/WanIpConn.xml", `/UD/\?10`, `/\?10`),
				listed("urn:dslforum-org:service:WANPPPConnection:1", "WANPPPConn1", "/WanPpp.xml", `/UD/\?11`, `/\?11`),
				lanDevice + " uuid:.*",
				listed("urn:schemas-upnp-org:service:LANHostConfigManagement:1", "LANHostCfg1", "/LanHostCfgMgmt.xml", `/UD/\?12`, `/\?12`),
				listed("urn:dslforum-org:service:WLANConfiguration:1", "WLANCfg1", "/WLanCfg.xml", `/UD/\?13`, `/\?13`),
				listed("urn:dslforum-org:service:LANEthernetInterfaceConfig:1", "LANEnetItfCfg1", "/LanEnetItfCfg.xml", `/UD/\?14`, `/\?14`),
			},
			control: `/UD/\?10`, urn: serviceIP1,
		},
		{
			name: "linksys-wrt120n", at: routerAt(80),
			udn:   "uuid:00000000-0000-0001-0000-[0-9a-f]{12}",
			st:    deviceIGD1,
			reply: "", // its end was not captured
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">

<specVersion>
	<major>1</major>
	<minor>0</minor>
</specVersion>
<URLBase>http://192.168.1.1</URLBase>

<device>
	<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
	<friendlyName>Linksys WRT120N</friendlyName>
	<manufacturer>Linksys Inc.</manufacturer>
	<manufacturerURL>http://www.linksysbycisco.com/</manufacturerURL>
	<modelDescription>Internet Access Server</modelDescription>
	<modelName>WRT120N</modelName>
	<modelNumber>v1.0.01</modelNumber>
	<modelURL>http://www.linksysbycisco.com/international/</modelURL>
	<serialNumber>JUT00K`,
			says: []string{
				"<UDN>$UDN</UDN><UPC>494125014380</UPC><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>" +
					"<serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId><SCPDURL>/igd_l3f.xml</SCPDURL><controlURL>http://192.168.1.1:80/upnp/control?Layer3Forwarding</controlURL>" +
					"<eventSubURL>http://192.168.1.1:80/upnp/event?Layer3Forwarding</eventSubURL></service></serviceList><deviceList><device>" +
					"<deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><friendlyName>Linksys WRT120N (WAN)</friendlyName><manufacturer>Linksys Inc.</manufacturer>",
			},
			tree: []string{
				deviceIGD1 + " uuid:.*",
				listed(serviceL3, "L3Forwarding1", "/igd_l3f.xml", `http://192.168.1.1:80/upnp/control\?Layer3Forwarding`, `http://192.168.1.1:80/upnp/event\?Layer3Forwarding`),
				wanDevice + " uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", "/.*", `http://192.168.1.1:80/upnp/control\?WANCommonInterfaceConfig`, `http://192.168.1.1:80/upnp/event\?WANCommonInterfaceConfig`),
				connDevice + " uuid:.*",
				listed(serviceIP1, "WANIPConn1", "/.*", `http://192.168.1.1:80/upnp/control\?WANIPConnection`, `http://192.168.1.1:80/upnp/event\?WANIPConnection`),
			},
			control: `http://[0-9.:]+/upnp/control\?WANIPConnection`, urn: serviceIP1,
			misspelt: crlf("HTTP/1.0 501 Not Implemented\nServer: Apache\nPragma: no-cache\nCache-Control: max-age=0, must-revalidate\nConnection: close\nContent-type: text/html\n\n") +
				"<HEAD><TITLE>501 Not Implemented</TITLE></HEAD>\n<BODY><H1>501 Not Implemented</H1>\nWe are sorry to be unable to perform the method POST to non-script at this time.<P>\n",
			goupnp: "expected element type <Envelope>", // it writes SOAPACTION
		},
	}
}
