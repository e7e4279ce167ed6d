package scenarios_test

// sdkProfiles are what was captured of gateways with the Portable SDK for UPnP devices.
func sdkProfiles() []profile {
	reply := func(server string) string {
		return `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
EXT:
LOCATION: $LOCATION
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: ‹[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}›
SERVER: ` + server + `
X-User-Agent: redsonic
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`
	}
	rdk := func(p profile) profile { // of RDK-B
		p.at, p.st, p.udn = routerAt(49152), deviceIGD1, "uuid:ebf5a0a0-1dd1-11b2-a90f-[0-9a-f]{12}"
		p.tree = []string{
			deviceIGD1 + " uuid:.*",
			listed(serviceL3, "L3Forwarding1", "/Layer3ForwardingSCPD.xml", "/upnp/control/Layer3Forwarding", "/upnp/event/Layer3Forwarding"),
			wanDevice + " uuid:.*",
			listed(serviceCommon, "WANCommonIFC1", "/WANCommonInterfaceConfigSCPD.xml", "/upnp/control/WANCommonInterfaceConfig0", "/upnp/event/WANCommonInterfaceConfig0"),
			connDevice + " uuid:.*",
			listed(serviceIP1, "WANIPConn1", "/WANIPConnectionServiceSCPD.xml", "/upnp/control/WANIPConnection0", "/upnp/event/WANIPConnection0"),
		}
		p.control, p.urn = "/upnp/control/WANIPConnection0", serviceIP1
		return p
	}
	sagemcom := func(p profile, path string) profile {
		p.st, p.udn = deviceIGD1, "uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
		p.tree = []string{
			deviceIGD1 + " uuid:.*",
			wanDevice + " uuid:.*",
			listed(serviceCommon, "WANCommonIFC1", path+"gateicfgSCPD.xml", "/upnp/control/WANCommonIFC1", "/upnp/event/WANCommonIFC1"),
			connDevice + " uuid:.*",
			listed(serviceIP1, "WANIPConn1", path+"gateconnSCPD.xml", "/upnp/control/WANIPConn1", "/upnp/event/WANIPConn1"),
		}
		p.control, p.urn = "/upnp/control/WANIPConn1", serviceIP1
		return p
	}
	return []profile{
		rdk(profile{
			name:  "technicolor-cga4233",
			reply: reply("Linux/4.9.135-Prod_19.3, UPnP/1.0, Portable SDK for UPnP devices/1.6.22"),
		}),
		rdk(profile{
			name: "pace-px5001", scpd: "404",
			says: []string{
				"<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>Pace PX5001</friendlyName><manufacturer>Arris Group, Inc</manufacturer>" +
					"<manufacturerURL>http://www.arrisi.com/</manufacturerURL><modelDescription>EPON Fiber Gateway Device</modelDescription><modelName>PX5001</modelName>" +
					"<modelNumber>PX5001</modelNumber><modelURL>http://www.comcast.com</modelURL><serialNumber></serialNumber><UDN>$UDN</UDN><UPC>PX5001</UPC>" +
					"<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>" +
					"<SCPDURL>/Layer3ForwardingSCPD.xml</SCPDURL><controlURL>/upnp/control/Layer3Forwarding</controlURL><eventSubURL>/upnp/event/Layer3Forwarding</eventSubURL></service></serviceList>" +
					"<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>",
			},
		}),
		sagemcom(profile{
			name: "sagemcom-home-hub-3000", at: routerAt(49154),
			reply: reply("Linux/3.4.11-rt19, UPnP/1.0, Portable SDK for UPnP devices/1.6.18"),
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
    <friendlyName>Home Hub 3000 Internet Gateway Device</friendlyName>
    <manufacturer>Sagemcom</manufacturer>
    <manufacturerURL>http://www.sagemcom.com</manufacturerURL>
    <modelDescription>Home Hub 3000 Internet Gateway Device</modelDescription>
    <modelName>Sagemcom IDG WAN</modelName>
    <modelNumber></modelNumber>
    <presentationURL>http://192.168.1.1:80</presentationURL>
    <UDN>$UDN</UDN>
    <UPC></UPC>
    <iconList>
      <icon>
        <mimetype>image/png</mimetype>
        <width>16</width>
        <height>16</height>
        <depth>8</depth>
        <url>/ligd.png</url>
      </icon>
    </iconList>
    <deviceList>
      <device>
        <deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
        <friendlyName>External WAN Device</friendlyName>
        <manufacturer>Sagemcom</manufacturer>
        <manufacturerURL>http://www.sagemcom.com</manufacturerURL>
        <modelDescription></modelDescription>
        <modelName>Sagemcom IGD WAN</modelName>
        <modelNumber></modelNumber>
`,
		}, "/7/"),
		sagemcom(profile{
			name: "sagemcom-fast5684", at: routerAt(49152), external: "100.64.250.247",
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
`,
			answer: crlf("HTTP/1.1 200 OK\nCONTENT-LENGTH: 343\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\nDATE: $NOW\nEXT:\n"+
				"SERVER: Linux/4.1.52-5.02L.07, UPnP/1.0, Portable SDK for UPnP devices/1.6.18\nX-User-Agent: redsonic\n\n") + envelope +
				"<s:Body>\n<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\r\n" +
				"<NewExternalIPAddress>100.64.250.247</NewExternalIPAddress>\r\n</u:GetExternalIPAddressResponse>\r\n</s:Body> </s:Envelope>",
			refuses: []string{"GetListOfPortMappings"},
			fault: envelope + "\n<s:Body>\n<s:Fault>\n<faultcode>s:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n<detail>\n" +
				"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n<errorCode>401</errorCode>\n<errorDescription>Invalid Action</errorDescription>\n" +
				"</UPnPError>\n</detail>\n</s:Fault>\n</s:Body>\n</s:Envelope>",
		}, "/[0-9a-f]{8}/"),
	}
}
