package scenarios_test

// firstProfiles are the six of quite different make.
func firstProfiles() []profile {
	add := []string{"AddPortMapping", "NewRemoteHost", "", "NewExternalPort", "2234", "NewProtocol", "TCP", "NewInternalPort", "2234",
		"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "NicotinePlus", "NewLeaseDuration", "86400"}
	return []profile{
		{
			name: "miniupnpd-igd2", at: routerAt(5000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
ST: upnp:rootdevice
USN: $UDN::upnp:rootdevice
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
			begins: "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: N\r\n" +
				"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n" +
				"<?xml version=\"1.0\"?>\r\n" + `<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1337"><specVersion><major>1</major><minor>1</minor></specVersion>` +
				`<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><friendlyName>Debian router</friendlyName>` +
				`<manufacturer>Debian</manufacturer><manufacturerURL>http://www.debian.org/</manufacturerURL><modelDescription>Debian router</modelDescription>` +
				`<modelName>Debian router</modelName><modelNumber>1</modelNumber><modelURL>http://www.debian.org/</modelURL><serialNumber>00000000</serialNumber>` +
				`<UDN>$UDN</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>` +
				`<SCPDURL>/L3F.xml</SCPDURL><controlURL>/ctl/L3F</controlURL><eventSubURL>/evt/L3F</eventSubURL></service><service>`,
			ends: "</device></deviceList></device></deviceList><presentationURL>http://192.168.1.1/</presentationURL></device></root>",
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:2 uuid:.*1",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /L3F.xml /ctl/L3F /evt/L3F",
				upnp + "DeviceProtection:1 " + identifier + "DeviceProtection1 /DP.xml /ctl/DP /evt/DP",
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:.*2",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCfg.xml /ctl/CmnIfCfg /evt/CmnIfCfg",
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:.*3",
				upnp + "WANIPConnection:2 " + identifier + "WANIPConn1 /WANIPCn.xml /ctl/IPConn /evt/IPConn",
				upnp + "WANIPv6FirewallControl:1 " + identifier + "WANIPv6Firewall1 /WANIP6FC.xml /ctl/IP6FCtl /evt/IP6FCtl",
			},
			actions: append(elevenActions(), "DeletePortMappingRange", "GetListOfPortMappings", "AddAnyPortMapping"),
			control: "/ctl/IPConn", urn: "urn:schemas-upnp-org:service:WANPPPConnection:1", // which it has not, and answers to
			answer: "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: 358\r\n" +
				"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n<?xml version=\"1.0\"?>\r\n" + envelope +
				`<s:Body><u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANPPPConnection:1"><NewExternalIPAddress>45.66.77.88</NewExternalIPAddress>` +
				"</u:GetExternalIPAddressResponse></s:Body></s:Envelope>\r\n",
			refuses: []string{"NoSuchAction"},
			fault: "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nConnection: close\r\nContent-Length: 398\r\n" +
				"Server: Debian/6.1.0 UPnP/1.1 MiniUPnPd/2.3.1\r\nExt:\r\n\r\n" + envelope +
				`<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">` +
				`<errorCode>401</errorCode><errorDescription>Invalid Action</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`,
		},
		{
			name: "mikrotik-routeros7", at: routerAt(2828),
			udn: "uuid:UUID-MIKROTIK-INTERNET-GATEWAY-DEVICE-[0-9A-Z]{4}-[0-9A-Z]{4}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=3600
EXT: ` + `
LOCATION: http://192.168.1.1:2828/gateway.xml
SERVER: RouterOS/7.10UPnP/1.0 MikroTik UPnP/1.0
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: crlf(`<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
    <friendlyName>MikroTik Router</friendlyName>
    <manufacturer>MikroTik</manufacturer>
    <manufacturerURL>https://www.mikrotik.com/</manufacturerURL>
    <modelName>Router OS</modelName>
    <UDN>$UDN</UDN>
    <iconList>
`),
			ends: crlf("    </deviceList>\n    <presentationURL>http://192.168.1.1/</presentationURL>\n  </device>\n  <URLBase>http://192.168.1.1:2828</URLBase>\n</root>\n"),
			tree: []string{
				deviceIGD1 + " uuid:.*",
				"urn:schemas-microsoft-com:service:OSInfo:1 urn:microsoft-com:serviceId:OSInfo1 /osinfo.xml /upnp/control/[a-z]{10}/osinfo /upnp/event/[a-z]{10}/osinfo",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:UUID-MIKROTIK-WAN-DEVICE-[0-9A-Z]{4}-[0-9A-Z]{4}-1",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /wancommonifc-1.xml /upnp/control/[a-z]{10}/wancommonifc-1 /upnp/event/[a-z]{10}/wancommonifc-1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:UUID-MIKROTIK-WAN-CONNECTION-DEVICE-[0-9A-Z]{4}-[0-9A-Z]{4}-1",
				serviceIP1 + " " + identifier + "WANIPConn1 /wanipconn-1.xml /upnp/control/[a-z]{10}/wanipconn-1 /upnp/event/[a-z]{10}/wanipconn-1",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:UUID-MIKROTIK-WAN-DEVICE-[0-9A-Z]{4}-[0-9A-Z]{4}-7",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /wancommonifc-7.xml /upnp/control/[a-z]{10}/wancommonifc-7 /upnp/event/[a-z]{10}/wancommonifc-7",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:UUID-MIKROTIK-WAN-CONNECTION-DEVICE-[0-9A-Z]{4}-[0-9A-Z]{4}-7",
				serviceIP1 + " " + identifier + "WANIPConn1 /wanipconn-7.xml /upnp/control/[a-z]{10}/wanipconn-7 /upnp/event/[a-z]{10}/wanipconn-7",
			},
			control: "/upnp/control/[a-z]{10}/wanipconn-7", urn: serviceIP1,
			refuses: add,
			fault: crlf(envelope + `
  <s:Body>
    <s:Fault>
      <faultCode>s:Client</faultCode>
      <faultString>UPnPError</faultString>
      <detail>
        <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
          <errorCode>725</errorCode>
          <errorDescription>OnlyPermanentLeasesSupported</errorDescription>
        </UPnPError>
      </detail>
    </s:Fault>
  </s:Body>
</s:Envelope>
`),
		},
		{
			name: "actiontec-gt784wn", at: routerAt(5431), external: "11.222.33.111",
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{14}",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
ST:upnp:rootdevice
USN:$UDN::upnp:rootdevice
Location: http://192.168.1.1:5431/dyndev/$UDN
Server: Custom/1.0 UPnP/1.0 Proc/Ver
EXT:
Cache-Control:max-age=1800
DATE: $NOW

`,
			begins: crlf(`HTTP/1.0 200 OK
SERVER: LINUX/2.4 UPnP/1.0 BRCM400/1.0
DATE: $NOW
CONTENT-TYPE: application/octet-stream
Cache-Control: max-age=1
PRAGMA: no-cache
Connection: Close

<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<URLBase>http://192.168.1.1:5431/</URLBase>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<presentationURL>http://192.168.1.1:80/</presentationURL>
<friendlyName>Actiontec GT784WN</friendlyName>
<manufacturer>Actiontec</manufacturer>
<manufacturerURL>http://www.broadcom.com/</manufacturerURL>
<modelDescription>(null)</modelDescription>
<modelName>GT784WN</modelName>
<modelNumber>1.0</modelNumber>
<modelURL>http://www.broadcom.com/</modelURL>
<UDN>$UDN</UDN>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<serviceId>urn:upnp-org:serviceId:Layer3Forwarding.1</serviceId>
<controlURL>/$UDN/Layer3Forwarding:1</controlURL>
<eventSubURL>/$UDN/Layer3Forwarding:1</eventSubURL>
<SCPDURL>/dynsvc/Layer3Forwarding:1.xml</SCPDURL>
</service>
</serviceList>
<deviceList>
<device>
`),
			ends: crlf("</service>\n</serviceList>\n</device>\n</deviceList>\n</device>\n</deviceList>\n</device>\n</root>\n"),
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "Layer3Forwarding.1 /dynsvc/Layer3Forwarding:1.xml /uuid:[-0-9a-f]{38}/Layer3Forwarding:1 /uuid:[-0-9a-f]{38}/Layer3Forwarding:1",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:.*0001",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonInterfaceConfig.1 /dynsvc/WANCommonInterfaceConfig:1.xml /uuid:[-0-9a-f]{34}0001/WANCommonInterfaceConfig:1 /uuid:[-0-9a-f]{34}0001/WANCommonInterfaceConfig:1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:.*0002",
				upnp + "WANPPPConnection:1 " + identifier + "WANPPPConnection.2 /dynsvc/WANPPPConnection:1.xml /uuid:[-0-9a-f]{34}0002/WANPPPConnection:1 /uuid:[-0-9a-f]{34}0002/WANPPPConnection:1",
			},
			actions: elevenActions(),
			control: "/uuid:[-0-9a-f]{34}0002/WANPPPConnection:1", urn: "urn:schemas-upnp-org:service:WANPPPConnection:1",
			answer: "HTTP/1.1 200 OK\r\nDATE: $NOW\r\nConnection: Keep-Alive\r\nServer: LINUX/2.4 UPnP/1.0 BRCM400/1.0\r\nContent-Length: 360\r\n" +
				"Content-Type: text/xml; charset=\"utf-8\"\r\nEXT:\r\n\r\n<?xml version=\"1.0\"?>\r\n" + envelope +
				`<s:Body><m:GetExternalIPAddressResponse xmlns:m="urn:schemas-upnp-org:service:WANPPPConnection:1"><NewExternalIPAddress>11.222.33.111</NewExternalIPAddress>` +
				"</m:GetExternalIPAddressResponse></s:Body></s:Envelope>\r\n",
			refuses: []string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "1"},
			fault: crlf("HTTP/1.1 500 Internal Server Error\nDATE: $NOW\nConnection: Keep-Alive\nServer: LINUX/2.4 UPnP/1.0 BRCM400/1.0\nContent-Length: 474\n" +
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
			name: "fritzbox-7590", at: routerAt(49000),
			udn: "uuid:75802409-bccb-40e7-8e6c-[0-9A-F]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
Cache-Control: max-age=1800
Location: http://192.168.1.1:49000/igddesc.xml
Server: FRITZ!Box 7590 UPnP/1.0 AVM FRITZ!Box 7590 154.07.10
Ext: ` + `
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>FRITZ!Box 7590</friendlyName>
<manufacturer>AVM Berlin</manufacturer>
<manufacturerURL>http://www.avm.de</manufacturerURL>
<modelDescription>FRITZ!Box 7590</modelDescription>
<modelName>FRITZ!Box 7590</modelName>
<modelNumber>avm</modelNumber>
<modelURL>http://www.avm.de</modelURL>
<UDN>$UDN</UDN>
<iconList>
`,
			ends: "</device>\n</deviceList>\n</device>\n</deviceList>\n<presentationURL>http://fritz.box</presentationURL>\n</device>\n</root>\n",
			tree: []string{
				deviceIGD1 + " uuid:75802409-bccb-40e7-8e6c-[0-9A-F]{12}",
				"urn:schemas-any-com:service:Any:1 urn:any-com:serviceId:any1 /any.xml /igdupnp/control/any /igdupnp/control/any",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:76802409-bccb-40e7-8e6b-[0-9A-F]{12}",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /igdicfgSCPD.xml /igdupnp/control/WANCommonIFC1 /igdupnp/control/WANCommonIFC1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:76802409-bccb-40e7-8e6a-[0-9A-F]{12}",
				upnp + "WANDSLLinkConfig:1 " + identifier + "WANDSLLinkC1 /igddslSCPD.xml /igdupnp/control/WANDSLLinkC1 /igdupnp/control/WANDSLLinkC1",
				serviceIP1 + " " + identifier + "WANIPConn1 /igdconnSCPD.xml /igdupnp/control/WANIPConn1 /igdupnp/control/WANIPConn1",
				upnp + "WANIPv6FirewallControl:1 " + identifier + "WANIPv6Firewall1 /igd2ipv6fwcSCPD.xml /igd2upnp/control/WANIPv6Firewall1 /igd2upnp/control/WANIPv6Firewall1",
			},
			control: "/igdupnp/control/WANIPConn1", urn: serviceIP1,
		},
		{
			name: "huawei-hg531", at: routerAt(37215),
			udn:   "uuid:00e0fc37-2626-2828-2600-[0-9a-f]{12}",
			st:    "urn:schemas-upnp-org:service:WANPPPConnection:1",
			reply: "", // only that there is one is known
			begins: "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nServer: Linux UPnP/1.0 Huawei-ATP-IGD\r\nDate: $NOW\r\nConnection: Keep-Alive\r\n" +
				"Content-Length: N\r\n\r\n" + `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <deviceType>urn:dslforum-org:device:InternetGatewayDevice:1</deviceType>
    <friendlyName>HG531 V1</friendlyName>
    <manufacturer>Huawei Technologies Co., Ltd.</manufacturer>
    <manufacturerURL>http://www.huawei.com</manufacturerURL>
    <modelDescription>Huawei Home Gateway</modelDescription>
    <modelName>HG531 V1</modelName>
    <modelNumber>Huawei Model</modelNumber>
    <modelURL>http://www.huawei.com</modelURL>
    <serialNumber>`,
			ends: "      </device>\n    </deviceList>\n    <presentationURL>http://192.168.1.1</presentationURL>\n  </device>\n</root>\n",
			tree: []string{
				"urn:dslforum-org:device:InternetGatewayDevice:1 uuid:.*",
				"urn:www-huawei-com:service:DeviceConfig:1 urn:www-huawei-com:serviceId:DeviceConfig1 /desc/DevCfg.xml /ctrlt/DeviceConfig_1 /evt/DeviceConfig_1",
				dslforum("LANConfigSecurity", "LANSec", 1),
				dslforum("Layer3Forwarding", "L3Fwd", 1),
				"urn:dslforum-org:device:WANDevice:1 uuid:00e0fc37-2626-2828-2601-.*",
				dslforum("WANDSLInterfaceConfig", "WanDslIfCfg", 1),
				dslforum("WANCommonInterfaceConfig", "WanCommonIfc1", 1),
				"urn:dslforum-org:device:WANConnectionDevice:1 uuid:00e0fc37-2626-2828-2603-.*",
				dslforum("WANPPPConnection", "WanPppConn", 1),
				dslforum("WANEthernetConnectionManagement", "WanEthConnMgt", 1),
				dslforum("WANDSLLinkConfig", "WanDslLink", 1),
				"urn:dslforum-org:device:LANDevice:1 uuid:00e0fc37-2626-2828-2602-.*",
				dslforum("WLANConfiguration", "WLANCfg", 4),
				dslforum("WLANConfiguration", "WLANCfg", 3),
				dslforum("WLANConfiguration", "WLANCfg", 2),
				dslforum("WLANConfiguration", "WLANCfg", 1),
				dslforum("LANHostConfigManagement", "LanHostCfgMgmt", 1),
			},
			control: "/ctrlt/WANPPPConnection_1", urn: "urn:dslforum-org:service:WANPPPConnection:1",
		},
		{
			name: "technicolor-cga4131com", at: routerAt(49152), external: "11.22.33.44",
			udn: "uuid:[0-9a-f]{8}-1dd1-11b2-a90f-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
EXT:
LOCATION: http://192.168.1.1:49152/IGDdevicedesc_brlan0.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: ‹[0-9a-f]{8}-[0-9a-f]{4}-11e8-[0-9a-f]{4}-[0-9a-f]{12}›
SERVER: Linux/3.14.28-Prod_17.2, UPnP/1.0, Portable SDK for UPnP devices/1.6.22
X-User-Agent: redsonic
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>CGA4131COM</friendlyName>
<manufacturer>Cisco</manufacturer>
<manufacturerURL>http://www.cisco.com/</manufacturerURL>
<modelDescription>CGA4131COM</modelDescription>
<modelName>CGA4131COM</modelName>
<modelNumber>CGA4131COM</modelNumber>
<modelURL>http://www.cisco.com</modelURL>
<serialNumber></serialNumber>
<UDN>$UDN</UDN>
<UPC>CGA4131COM</UPC>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
`,
			ends: `        <UPC>CGA4131COM</UPC>
        <serviceList>
       <service>
           <serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
           <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
           <SCPDURL>/WANIPConnectionServiceSCPD.xml</SCPDURL>
           <controlURL>/upnp/control/WANIPConnection0</controlURL>
           <eventSubURL>/upnp/event/WANIPConnection0</eventSubURL>
       </service>
        </serviceList>
    </device>
</deviceList>
</device>
</deviceList>
<presentationURL>http://192.168.1.1/</presentationURL></device>
</root>`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /Layer3ForwardingSCPD.xml /upnp/control/Layer3Forwarding /upnp/event/Layer3Forwarding",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:.{8}-1dd1-11b2-a92f-.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /WANCommonInterfaceConfigSCPD.xml /upnp/control/WANCommonInterfaceConfig0 /upnp/event/WANCommonInterfaceConfig0",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:.{8}-1dd1-11b2-a93f-.*",
				serviceIP1 + " " + identifier + "WANIPConn1 /WANIPConnectionServiceSCPD.xml /upnp/control/WANIPConnection0 /upnp/event/WANIPConnection0",
			},
			control: "/upnp/control/WANIPConnection0", urn: serviceIP1,
			answer: "HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 340\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nDATE: $NOW\r\nEXT:\r\n" +
				"SERVER: Linux/3.14.28-Prod_17.2, UPnP/1.0, Portable SDK for UPnP devices/1.6.22\r\nX-User-Agent: redsonic\r\n\r\n" + envelope +
				"<s:Body>\n<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\r\n" +
				"<NewExternalIPAddress>11.22.33.44</NewExternalIPAddress>\r\n</u:GetExternalIPAddressResponse>\r\n</s:Body> </s:Envelope>",
			refuses: []string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "5"},
			fault: envelope + "\n<s:Body>\n<s:Fault>\n<faultcode>s:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n<detail>\n" +
				"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n<errorCode>713</errorCode>\n<errorDescription>SpecifiedArrayIndexInvalid</errorDescription>\n" +
				"</UPnPError>\n</detail>\n</s:Fault>\n</s:Body>\n</s:Envelope>",
		},
	}
}

// dslforum is a service of the HG531: its URLs follow one rule.
func dslforum(kind, document string, n int) string {
	number := string(rune('0' + n))
	return "urn:dslforum-org:service:" + kind + ":1 urn:dslforum-org:serviceId:" + kind + number + " /desc/" + document + ".xml /ctrlt/" + kind + "_" + number + " /evt/" + kind + "_" + number
}
