package scenarios_test

// tplinkProfiles are what was captured of TP-Link's routers.
func tplinkProfiles() []profile {
	const (
		igdUDN  = "uuid:060b7353-fca6-4070-85f4-1fbfb9add62c" // of every router with ipos
		wanUDN  = "uuid:254e9977-8964-49f3-b8d5-51acb7bd40fc"
		connUDN = "uuid:9f0865b3-f5da-4ad5-85b7-7404637fdf37"
		wpsUDN  = "uuid:565aa949-67c1-4c0e-aa8f-f349e6f59311"
	)
	ipos := func(name, server, title, model, number string) profile {
		return profile{
			name: name, at: routerAt(1900), external: "100.100.100.100",
			udn: igdUDN,
			st:  serviceIP1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=100
DATE: $NOW
EXT:
LOCATION: http://192.168.1.1:1900/igd.xml
SERVER: ` + server + `
ST: urn:schemas-upnp-org:service:WANIPConnection:1
USN: uuid:9f0865b3-f5da-4ad5-85b7-7404637fdf37::urn:schemas-upnp-org:service:WANIPConnection:1

`,
			alive: `NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=100
LOCATION: http://192.168.1.1:1900/igd.xml
NT: uuid:9f0865b3-f5da-4ad5-85b7-7404637fdf37
NTS: ssdp:alive
SERVER: ` + server + `
USN: uuid:9f0865b3-f5da-4ad5-85b7-7404637fdf37

`,
			begins: crlf(`HTTP/1.1 200 OK
CONTENT-LENGTH: N
CONTENT-TYPE: text/xml
DATE: $NOW
LAST-MODIFIED: Tue, 28 Oct 2003 08:46:08 GMT
SERVER: `+server+`
CONNECTION: close

`) + `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
	<specVersion>
		<major>1</major>
		<minor>0</minor>
	</specVersion>
	<device>
		<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
		<presentationURL>http://192.168.1.1:80/      </presentationURL>
		<friendlyName>` + title + `</friendlyName>
       		<manufacturer>TP-LINK</manufacturer>
                         		<manufacturerURL>http://www.tp-link.com</manufacturerURL>
          		<modelDescription>` + title + `</modelDescription>
       		<modelName>` + model + `</modelName>
                       		<modelNumber>` + number + `</modelNumber>
                             		<modelURL>http://192.168.1.1:80</modelURL>
        	<serialNumber>none</serialNumber>
		<UDN>uuid:060b7353-fca6-4070-85f4-1fbfb9add62c</UDN>
		<UPC>00000-00001</UPC>
		<serviceList>
			<service>
				<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
				<serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>
				<controlURL>/l3f</controlURL>
				<eventSubURL>/l3f</eventSubURL>
				<SCPDURL>/l3f.xml</SCPDURL>
			</service>
		</serviceList>
		<deviceList>
		<device>
			<deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
			<friendlyName>` + title + `</friendlyName>
`,
			says: []string{
				`<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><controlURL>/ipc</controlURL><eventSubURL>/ipc</eventSubURL><SCPDURL>/ipc.xml</SCPDURL></service></serviceList></device></deviceList></device>`,
				`<device><deviceType>urn:schemas-wifialliance-org:device:WFADevice:1</deviceType><presentationURL>http://192.168.1.1:80/      </presentationURL>` +
					`<friendlyName>` + title + `</friendlyName><manufacturer>TP-LINK</manufacturer><manufacturerURL>http://www.tp-link.com</manufacturerURL>` +
					`<modelDescription>` + title + `</modelDescription><modelName>` + model + `</modelName><modelNumber>` + number + `</modelNumber>` +
					`<modelURL>http://192.168.1.1:80</modelURL><serialNumber>none</serialNumber><UDN>` + wpsUDN + `</UDN><UPC>00000-00001</UPC>` +
					`<serviceList><service><serviceType>urn:schemas-wifialliance-org:service:WFAWLANConfig:1</serviceType><serviceId>urn:wifialliance-org:serviceId:WFAWLANConfig1</serviceId>` +
					`<controlURL>http://192.168.1.1:1910/WFAWLANConfig/control</controlURL><eventSubURL>http://192.168.1.1:1910/WFAWLANConfig/event</eventSubURL>` +
					`<SCPDURL>http://192.168.1.1:1900/wfc.xml</SCPDURL></service></serviceList></device></deviceList></device></root>`,
			},
			tree: []string{
				deviceIGD1 + " " + igdUDN,
				listed(serviceL3, "L3Forwarding1", "/l3f.xml", "/l3f", "/l3f"),
				wanDevice + " " + wanUDN,
				listed(serviceCommon, "WANCommonIFC1", "/ifc.xml", "/ifc", "/ifc"),
				connDevice + " " + connUDN,
				listed(serviceIP1, "WANIPConn1", "/ipc.xml", "/ipc", "/ipc"),
				"urn:schemas-wifialliance-org:device:WFADevice:1 " + wpsUDN,
				"urn:schemas-wifialliance-org:service:WFAWLANConfig:1 urn:wifialliance-org:serviceId:WFAWLANConfig1 http://192.168.1.1:1900/wfc.xml " +
					"http://192.168.1.1:1910/WFAWLANConfig/control http://192.168.1.1:1910/WFAWLANConfig/event",
			},
			control: "/ipc", urn: serviceIP1,
			answer: crlf("HTTP/1.1 200 OK\nCONTENT-LENGTH: 404\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\nDATE: $NOW\nEXT:\nSERVER: "+server+"\n\n") +
				"<?xml version=\"1.0\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n" +
				"<SOAP-ENV:Body>\n<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\"><NewExternalIPAddress>100.100.100.100</NewExternalIPAddress>" +
				"</u:GetExternalIPAddressResponse></SOAP-ENV:Body>\n</SOAP-ENV:Envelope>\n",
			refuses: []string{"NoSuchAction"},
			fault: crlf("HTTP/1.1 500 Internal Server Error\nCONTENT-LENGTH: 475\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\nDATE: $NOW\nEXT:\nSERVER: "+server+"\n\n") +
				"<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n" +
				"<SOAP-ENV:Body>\n<SOAP-ENV:Fault>\n<faultcode>SOAP-ENV:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n<detail>\n" +
				"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n<errorCode>401</errorCode>\n<errorDescription>Invalid Action</errorDescription>\n</UPnPError>\n" +
				"</detail>\n</SOAP-ENV:Fault>\n</SOAP-ENV:Body>\n</SOAP-ENV:Envelope>\n",
		}
	}
	return []profile{
		ipos("tplink-archer-c8", "ipos/7.0 UPnP/1.0 Archer_C8/1.0", "Wireless Router Archer C8", "Archer_C8", "1.0"),
		ipos("tplink-tl-wr841n", "ipos/7.0 UPnP/1.0 TL-WR841N/9.0", "Wireless Router TL-WR841N", "TL-WR841N", "9.0"),
		{
			name: "tplink-er605", at: routerAt(1900),
			udn: "uuid:upnp-InternetGatewayDevice-[0-9A-F]{2}(:[0-9A-F]{2}){5}0",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=100
DATE: $NOW
EXT:
LOCATION: $LOCATION
SERVER: TP-Link SMB ER605, UPnP/1.0
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: crlf("HTTP/1.1 200 OK\nCONTENT-LENGTH: N\nCONTENT-TYPE: text/xml\nDATE: $NOW\nLAST-MODIFIED: Sat, 25 Oct 2003 03:20:32 GMT\nSERVER: TP-Link SMB ER605, UPnP/1.0\nCONNECTION: close\n\n"),
			tree: []string{
				deviceIGD1 + " uuid:upnp-InternetGatewayDevice-.*0",
				listed(serviceL3, "L3Forwarding1", "/l3f16[0-9]{14}.xml", "/l3f", "/l3f"),
				wanDevice + " .*",
				listed(serviceCommon, "WANCommonIFC1", "/ifc16[0-9]{14}.xml", "/ifc", "/ifc"),
				connDevice + " .*",
				listed(serviceIP1, "WANIPConn1", "/ipc16[0-9]{14}.xml", "/ipc", "/ipc"),
			},
			control: "/ipc", urn: serviceIP1,
			refuses: []string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", "80", "NewProtocol", "TCP", "NewInternalPort", "80",
				"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "", "NewLeaseDuration", "0"},
			fault: `<?xml version="1.0"?>` + envelope + `<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>` +
				`<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`,
		},
	}
}
