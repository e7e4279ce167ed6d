package scenarios_test

// keptBroadcom are gateways with the stack of Broadcom.
func keptBroadcom() []profile {
	return []profile{
		{
			name: "dd-wrt-v24-x86", at: routerAt(5431), external: "11.222.33.111",
			udn: "uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}00c00068",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
ST:upnp:rootdevice
USN:$UDN::upnp:rootdevice
Location: http://192.168.1.1:5431/dyndev/$UDN
Server: Custom/1.0 UPnP/1.0 Proc/Ver
EXT:
Cache-Control:max-age=180
DATE: Thu, 01 Jan 1970 00:23:13 GMT

`,
			alive: "NOTIFY * HTTP/1.1 \n" + `Host: 239.255.255.250:1900
Cache-Control: max-age=180
Location: http://192.168.1.1:5431/dyndev/$UDN
NT: upnp:rootdevice
NTS: ssdp:alive
SERVER: LINUX/2.4 UPnP/1.0 BRCM400/1.0
USN: $UDN::upnp:rootdevice

`,
			begins: crlf(`HTTP/1.0 200 OK
Server: LINUX/2.4 UPnP/1.0 BRCM400/1.0
Date: Thu, 01 Jan 1970 00:23:13 GMT
Content-Type: text/xml
Cache-Control: max-age=1
Pragma: no-cache
Connection: close

`) + crlf(`<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
 <specVersion>
  <major>1</major>
  <minor>0</minor>
 </specVersion>
 <device>
  <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
  <friendlyName>DD-WRT Router (192.168.1.1)</friendlyName>
  <manufacturer>NewMedia-NET GmbH</manufacturer>
  <manufacturerURL>http://www.dd-wrt.com/</manufacturerURL>
  <modelDescription>Internet Gateway Device</modelDescription>
  <modelName>Generic X86</modelName>
  <modelNumber>DD-WRT v24 (05/20/08)</modelNumber>
  <modelURL>http://www.dd-wrt.com/</modelURL>
  <serialNumber>Not Available</serialNumber>
  <UDN>$UDN</UDN>
  <serviceList>
  <service>
   <serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
   <serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>
   <SCPDURL>/dynsvc/Layer3Forwarding:1.xml</SCPDURL>
   <controlURL>/$UDN/Layer3Forwarding:1</controlURL>
   <eventSubURL>/$UDN/Layer3Forwarding:1</eventSubURL>
   </service>
  </serviceList>
  <deviceList>
 <device>
  <deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
`),
			ends: crlf(`   <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
   <SCPDURL>/dynsvc/WANIPConnection:1.xml</SCPDURL>
   <controlURL>/‹uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8›/WANIPConnection:1</controlURL>
   <eventSubURL>/‹uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8›/WANIPConnection:1</eventSubURL>
   </service>
  <service>
   <serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>
   <serviceId>urn:upnp-org:serviceId:WANPPPConn1</serviceId>
   <SCPDURL>/dynsvc/WANPPPConnection:1.xml</SCPDURL>
   <controlURL>/‹uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8›/WANPPPConnection:1</controlURL>
   <eventSubURL>/‹uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8›/WANPPPConnection:1</eventSubURL>
   </service>
  </serviceList>
</device>
  </deviceList>
</device>
  </deviceList>
</device>
</root>
`),
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:1 uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}00c00068",
				"urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:upnp-org:serviceId:L3Forwarding1 /dynsvc/Layer3Forwarding:1.xml /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}00c00068/Layer3Forwarding:1 /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}00c00068/Layer3Forwarding:1",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}01c00098",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:upnp-org:serviceId:WANCommonIFC1 /dynsvc/WANCommonInterfaceConfig:1.xml /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}01c00098/WANCommonInterfaceConfig:1 /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}01c00098/WANCommonInterfaceConfig:1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8",
				"urn:schemas-upnp-org:service:WANIPConnection:1 urn:upnp-org:serviceId:WANIPConn1 /dynsvc/WANIPConnection:1.xml /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8/WANIPConnection:1 /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8/WANIPConnection:1",
				"urn:schemas-upnp-org:service:WANPPPConnection:1 urn:upnp-org:serviceId:WANPPPConn1 /dynsvc/WANPPPConnection:1.xml /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8/WANPPPConnection:1 /uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8/WANPPPConnection:1",
			},
			actions: elevenActions(),
			control: "/uuid:[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}02c000c8/WANIPConnection:1", urn: upnp + "WANIPConnection:1",
			answer: crlf("HTTP/1.1 200 OK\nDATE: Thu, 01 Jan 1970 00:23:13 GMT\nConnection: Keep-Alive\nServer: LINUX/2.4 UPnP/1.0 BRCM400/1.0\nContent-Length: 359\n" +
				"Content-Type: text/xml; charset=\"utf-8\"\nEXT:\n\n<?xml version=\"1.0\"?>\n" + envelope +
				`<s:Body><m:GetExternalIPAddressResponse xmlns:m="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>11.222.33.111</NewExternalIPAddress>` +
				"</m:GetExternalIPAddressResponse></s:Body></s:Envelope>\n"),
			refuses: []string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "0"},
			fault: crlf("HTTP/1.1 500 Internal Server Error\nDATE: Thu, 01 Jan 1970 00:23:13 GMT\nConnection: Keep-Alive\nServer: LINUX/2.4 UPnP/1.0 BRCM400/1.0\nContent-Length: 474\n" +
				"Content-Type: text/xml; charset=\"utf-8\"\nEXT:\n\n" + envelope + `
 <s:Body>
  <s:Fault>
   <faultcode>s:Client</faultcode>
   <faultstring>UPnPError</faultstring>
   <detail>
    <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
     <errorCode>713</errorCode>
     <errorDescription>SpecifiedArrayIndexInvalid</errorDescription>
    </UPnPError>
   </detail>
  </s:Fault>
 </s:Body>
</s:Envelope>
`),
		},
		{
			name: "broadcom-bcm963xx", at: routerAt(5431),
			udn: "uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}000808e0",
			st:  deviceIGD1,
			begins: crlf(`<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<URLBase>http://192.168.1.1:5431/</URLBase>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<presentationURL>http://192.168.1.1:80/</presentationURL>
<friendlyName>Broadcom ADSL Router</friendlyName>
<manufacturer>Broadcom</manufacturer>
<manufacturerURL>http://www.broadcom.com/</manufacturerURL>
<modelDescription>Broadcom single-chip ADSL router</modelDescription>
<modelName>BRCM963xx</modelName>
<modelNumber>1.0</modelNumber>
<modelURL>http://www.broadcom.com/</modelURL>
<UDN>$UDN</UDN>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<serviceId>urn:upnp-org:serviceId:Layer3Forwarding:11</serviceId>
<controlURL>/$UDN/Layer3Forwarding:1</controlURL>
<eventSubURL>/$UDN/Layer3Forwarding:1</eventSubURL>
<SCPDURL>/dynsvc/Layer3Forwarding:1.xml</SCPDURL>
</service>
</serviceList>
`),
			ends: crlf(`<modelURL>http://www.broadcom.com/</modelURL>
<UDN>‹uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048›</UDN>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>
<serviceId>urn:upnp-org:serviceId:WANPPPConn1</serviceId>
<controlURL>/‹uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048›/WANPPPConnection:1</controlURL>
<eventSubURL>/‹uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048›/WANPPPConnection:1</eventSubURL>
<SCPDURL>/dynsvc/WANPPPConnection:1.xml</SCPDURL>
</service>
</serviceList>
</device>
</deviceList>
</device>
</deviceList>
</device>
</root>
`),
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:1 uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}000808e0",
				"urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:upnp-org:serviceId:Layer3Forwarding:11 /dynsvc/Layer3Forwarding:1.xml /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}000808e0/Layer3Forwarding:1 /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}000808e0/Layer3Forwarding:1",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}01082808",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:upnp-org:serviceId:WANCommonIFC1 /dynsvc/WANCommonInterfaceConfig:1.xml /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}01082808/WANCommonInterfaceConfig:1 /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}01082808/WANCommonInterfaceConfig:1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048",
				"urn:schemas-upnp-org:service:WANPPPConnection:1 urn:upnp-org:serviceId:WANPPPConn1 /dynsvc/WANPPPConnection:1.xml /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048/WANPPPConnection:1 /uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048/WANPPPConnection:1",
			},
			control: "/uuid:0000[0-9a-f]{4}-[0-9a-f]{4}-00[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}02086048/WANPPPConnection:1", urn: upnp + "WANPPPConnection:1",
		},
	}
}
