package scenarios_test

import "strconv"

// keptDLink are gateways of D-Link.
func keptDLink() []profile {
	result := func(body string) string {
		body = "<?xml version=\"1.0\"?>\n" + envelope + "\n\t<s:Body>\n\t\t" + body + "\n\t</s:Body>\n</s:Envelope>\n"
		return "HTTP/1.1 200 OK\r\nServer: WebServer\r\nDate: $NOW\r\nConnection: close\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\n" +
			"CONTENT-LENGTH: " + strconv.Itoa(len(body)) + " \r\nEXT:\r\n\r\n" + body
	}
	return []profile{
		{
			name: "dlink-dir-890l", at: routerAt(49152), external: "11.222.3.44",
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
LOCATION: http://192.168.1.1:49152/InternetGatewayDevice.xml
SERVER: Linux, UPnP/1.0, DIR-890L Ver 1.20
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: "HTTP/1.1 200 OK\r\nServer: WebServer\r\nDate: $NOW\r\nContent-Type: text/xml\r\nContent-Length: N\r\nLast-Modified: Thu, 09 Aug 2018 12:41:07 GMT\r\n" +
				"Connection: close\r\n\r\n" + `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
	<specVersion>
		<major>1</major>
		<minor>0</minor>
	</specVersion>
	<URLBase>http://192.168.1.1:49152</URLBase>
	<device>
		<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
		<friendlyName>Wireless Broadband Router</friendlyName>
		<manufacturer>D-Link Corporation</manufacturer>
		<manufacturerURL>http://www.dlink.com</manufacturerURL>
		<modelDescription>D-Link Router</modelDescription>
		<modelName>D-Link Router</modelName>
		<modelNumber>DIR-890L</modelNumber>
		<modelURL>http://www.dlink.com</modelURL>
		<serialNumber>120</serialNumber>
		<UDN>$UDN</UDN>
		<iconList>
			<icon>
				<mimetype>image/gif</mimetype>
				<width>118</width>
				<height>119</height>
				<depth>8</depth>
				<url>/ligd.gif</url>
			</icon>
		</iconList>
		<serviceList>
			<service>
				<serviceType>urn:schemas-microsoft-com:service:OSInfo:1</serviceType>
				<serviceId>urn:microsoft-com:serviceId:OSInfo1</serviceId>
				<controlURL>/soap.cgi?service=OSInfo1</controlURL>
				<eventSubURL>/gena.cgi?service=OSInfo1</eventSubURL>
				<SCPDURL>/OSInfo.xml</SCPDURL>
			</service>
`,
			ends: `							<service>
								<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
								<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
								<controlURL>/soap.cgi?service=WANIPConn1</controlURL>
								<eventSubURL>/gena.cgi?service=WANIPConn1</eventSubURL>
								<SCPDURL>/WANIPConnection.xml</SCPDURL>
							</service>
						</serviceList>
					</device>
				</deviceList>
			</device>
		</deviceList>
		<presentationURL>http://192.168.1.1</presentationURL>
	</device>
</root>
`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				`urn:schemas-microsoft-com:service:OSInfo:1 urn:microsoft-com:serviceId:OSInfo1 /OSInfo.xml /soap.cgi\?service=OSInfo1 /gena.cgi\?service=OSInfo1`,
				upnp + "Layer3Forwarding:1 " + identifier + `L3Forwarding1 /Layer3Forwarding.xml /soap.cgi\?service=L3Forwarding1 /gena.cgi\?service=L3Forwarding1`,
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + `WANCommonIFC1 /WANCommonInterfaceConfig.xml /soap.cgi\?service=WANCommonIFC1 /gena.cgi\?service=WANCommonIFC1`,
				connDevice + " uuid:.*",
				upnp + "WANEthernetLinkConfig:1 " + identifier + `WANEthLinkC1 /WANEthernetLinkConfig.xml /soap.cgi\?service=WANEthLinkC1 /gena.cgi\?service=WANEthLinkC1`,
				upnp + "WANIPConnection:1 " + identifier + `WANIPConn1 /WANIPConnection.xml /soap.cgi\?service=WANIPConn1 /gena.cgi\?service=WANIPConn1`,
			},
			actions: elevenActions(),
			control: `/soap.cgi\?service=WANIPConn1`, urn: upnp + "WANIPConnection:1",
			answer: "HTTP/1.1 200 OK\r\nServer: WebServer\r\nDate: $NOW\r\nConnection: close\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nCONTENT-LENGTH: 365 \r\nEXT:\r\n\r\n" +
				"<?xml version=\"1.0\"?>\n" + envelope + "\n\t<s:Body>\n\t\t<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\n" +
				"<NewExternalIPAddress>11.222.3.44</NewExternalIPAddress>\n</u:GetExternalIPAddressResponse>\n\t</s:Body>\n</s:Envelope>\n",
			refuses: []string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "2"},
			fault: "HTTP/1.1 500 Internal Server Error\r\nServer: WebServer\r\nDate: $NOW\r\nConnection: close\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nCONTENT-LENGTH: 482 \r\nEXT:\r\n\r\n" +
				"<?xml version=\"1.0\"?>\n" + envelope + "\n\t<s:Body>\n\t\t<s:Fault>\n\t\t\t<faultcode>s:Client</faultcode>\n\t\t\t<faultstring>UPnPError</faultstring>\n\t\t\t<detail>\n" +
				"\t\t\t\t<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n\t\t\t\t\t<errorCode>713</errorCode>\n\t\t\t\t\t<errorDescription>SpecifiedArrayIndexInvalid</errorDescription>\n" +
				"\t\t\t\t</UPnPError>\n\t\t\t</detail>\n\t\t</s:Fault>\n\t</s:Body>\n</s:Envelope>\n",
			gets: []talk{{[]string{"/OSInfo.xml"}, "HTTP/1.1 200 OK\r\nServer: WebServer\r\nDate: $NOW\r\nContent-Type: text/xml\r\nContent-Length: 219\r\n" +
				"Last-Modified: Thu, 09 Aug 2018 12:41:07 GMT\r\nConnection: close\r\n\r\n<?xml version=\"1.0\"?>\n<scpd xmlns=\"urn:schemas-upnp-org:service-1-0\">\n\t<specVersion>\n" +
				"\t\t<major>1</major>\n\t\t<minor>0</minor>\n\t</specVersion>\n\t<actionList>\n\t</actionList>\n\t<serviceStateTable>\n\t</serviceStateTable>\n</scpd>\n"}},
			more: []talk{
				{[]string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", "9308", "NewProtocol", "UDP", "NewInternalPort", "9308", "NewInternalClient", "192.168.1.10",
					"NewEnabled", "1", "NewPortMappingDescription", "192.168.1.10:9308 to 9308 (UDP)", "NewLeaseDuration", "0"},
					result("<u:AddPortMappingResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\"></u:AddPortMappingResponse>")},
				{[]string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "0"},
					result("<u:GetGenericPortMappingEntryResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\n\n<NewRemoteHost></NewRemoteHost>\n" +
						"<NewExternalPort>9308</NewExternalPort>\n<NewProtocol>UDP</NewProtocol>\n<NewInternalPort>9308</NewInternalPort>\n<NewInternalClient>192.168.1.10</NewInternalClient>\n" +
						"<NewEnabled>1</NewEnabled>\n<NewPortMappingDescription>192.168.1.10:9308 to 9308 (UDP)</NewPortMappingDescription>\n<NewLeaseDuration>0</NewLeaseDuration>\n" +
						"</u:GetGenericPortMappingEntryResponse>")},
				{[]string{"DeletePortMapping", "NewRemoteHost", "", "NewExternalPort", "9308", "NewProtocol", "UDP"},
					result("<u:DeletePortMappingResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\"></u:DeletePortMappingResponse>")},
			},
		},
		{
			name: "dlink-internet-access-router", at: routerAt(5678),
			udn:    "uuid:upnp-InternetGatewayDevice-1_0-[0-9]{10}0001",
			st:     deviceIGD1,
			begins: "<root><specVersion><major>1</major><minor>0</minor></specVersion><URLBase>http://192.168.1.1:5678</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><presentationURL>http://192.168.1.1:80</presentationURL><friendlyName>D-Link Router</friendlyName><manufacturer>D-Link</manufacturer><manufacturerURL>http://www.dlink.com</manufacturerURL><modelDescription>Internet Access Router</modelDescription><modelName>D-Link Router</modelName><UDN>$UDN</UDN><UPC>123456789001</UPC><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId><controlURL>/Layer3Forwarding</controlURL><eventSubURL>/Layer3Forwarding</eventSubURL><SCPDURL>/Layer3Forwarding.xml</SCPDURL></service></serviceLis",
			ends:   `>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConnection</serviceId><controlURL>/WANIPConnection</controlURL><eventSubURL>/WANIPConnection</eventSubURL><SCPDURL>/WANIPConnection.xml</SCPDURL></service></serviceList></device></deviceList></device></deviceList></device></root>`,
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:1 uuid:upnp-InternetGatewayDevice-1_0-[0-9]{10}0001",
				"urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:upnp-org:serviceId:L3Forwarding1 /Layer3Forwarding.xml /Layer3Forwarding /Layer3Forwarding",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:upnp-WANDevice-1_0-[0-9]{10}0001",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:upnp-org:serviceId:WANCommonInterfaceConfig /WANCommonInterfaceConfig.xml /WANCommonInterfaceConfig /WANCommonInterfaceConfig",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:upnp-WANConnectionDevice-1_0-[0-9]{10}0001",
				"urn:schemas-upnp-org:service:WANIPConnection:1 urn:upnp-org:serviceId:WANIPConnection /WANIPConnection.xml /WANIPConnection /WANIPConnection",
			},
			control: "/WANIPConnection", urn: upnp + "WANIPConnection:1",
		},
		{
			name: "dlink-dir-655", at: routerAt(80),
			udn: "uuid:[0-9A-F]{8}-[0-9A-F]{4}-3[0-9A-F]{3}-9[0-9A-F]{3}-[0-9A-F]{12}",
			st:  deviceIGD1,
			begins: crlf("<?xml version=\"1.0\"?>\n" +
				"<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n" +
				"\t<specVersion>\n" +
				"\t\t<major>1</major>\n" +
				"\t\t<minor>0</minor>\n" +
				"\t</specVersion>\n" +
				"\t<URLBase>http://192.168.1.1</URLBase>\n" +
				"\n" +
				"\t\n" +
				"\t<device>\n" +
				"\t\n" +
				"\t\t<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\n" +
				"\t\t<presentationURL>/</presentationURL>\n" +
				"\t\t<friendlyName>Xtreme N GIGABIT Router</friendlyName>\n" +
				"\t\t<manufacturer>D-Link Systems</manufacturer>\n" +
				"\t\t<manufacturerURL>http://www.dlink.com</manufacturerURL>\n" +
				"\t\t<modelDescription>Xtreme N GIGABIT Router</modelDescription>\n" +
				"\t\t<modelName>Xtreme N GIGABIT Router</modelName>\n" +
				"\t\t<modelNumber>DIR-655</modelNumber>\n" +
				"\t\t<modelURL>http://www.dlink.com</modelURL>\n" +
				"\t\t<serialNumber>none</serialNumber>\t\t\n" +
				"\t\t<UDN>$UDN</UDN>\n" +
				"\t\t\n" +
				"\t\t\n" +
				"\t\t\n" +
				"\t\t<UPC>00000-00001</UPC>\n" +
				"\t\t<serviceList>\n" +
				"\t\t\t<service>\n" +
				"\t\t\t\t<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>\n" +
				"\t\t\t\t\n" +
				"\t\t\t\t<serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>\n" +
				"\t\t\t\t<controlURL>http://192.168.1.1:4444/l3fw</controlURL>\n" +
				"\t\t\t\t<eventSubURL>http://192.168.1.1:9393/l3fw</eventSubURL>\n" +
				"\t\t\t\t<SCPDURL>http://192.168.1.1/l3fw.xml</SCPDURL>\n" +
				"\t\t\t</service>\n" +
				"\t\t</serviceList>\n" +
				"\t\t<deviceList>\n" +
				"\t\t\t<device>\n" +
				"\t\t\t\t<deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>\n"),
			ends: crlf("                                \n" +
				"\n" +
				"\n" +
				"\t\n" +
				"\n" +
				"\n" +
				"\t\t\t\t\n" +
				"\n" +
				"\t\t\t\t<UPC>00000-00001</UPC>\n" +
				"\t\t\t\t<serviceList>\n" +
				"\t\t\t\t\t<service>\n" +
				"\t\t\t\t\t\t<serviceType>urn:schemas-wifialliance-org:service:WFAWLANConfig:1</serviceType>\n" +
				"\n" +
				"\t\t\t\t\t\t\n" +
				"\n" +
				"\t\t\t\t\t\t<serviceId>urn:wifialliance-org:serviceId:WFAWLANConfig1</serviceId>\n" +
				"\t\t\t\t\t\t<controlURL>http://192.168.1.1:8832/wfawc</controlURL>\n" +
				"\t\t\t\t\t\t<eventSubURL>http://192.168.1.1:8456/wfawc</eventSubURL>\n" +
				"\t\t\t\t\t\t<SCPDURL>http://192.168.1.1/WFAwc.xml</SCPDURL>\n" +
				"\t\t\t\t\t</service>\n" +
				"\t\t\t\t</serviceList>\n" +
				"\t\t\t</device>\n" +
				"\t\n" +
				"\n" +
				"\n" +
				"\t\t</deviceList>\n" +
				"\t</device>\n" +
				"\n" +
				"\n" +
				"</root>\n"),
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 http://192.168.1.1/l3fw.xml http://192.168.1.1:4444/l3fw http://192.168.1.1:9393/l3fw",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 http://192.168.1.1/WANCommonIFC1.xml http://192.168.1.1:4444/wcommifc http://192.168.1.1:9393/wcommifc",
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 http://192.168.1.1/WANIPConn1.xml http://192.168.1.1:4444/wipconn http://192.168.1.1:9393/wipconn",
				"urn:schemas-wifialliance-org:device:WFADevice:1 uuid:.*",
				"urn:schemas-wifialliance-org:service:WFAWLANConfig:1 urn:wifialliance-org:serviceId:WFAWLANConfig1 http://192.168.1.1/WFAwc.xml http://192.168.1.1:8832/wfawc http://192.168.1.1:8456/wfawc",
			},
			control: "http://.*/wipconn", urn: upnp + "WANIPConnection:1",
		},
	}
}
