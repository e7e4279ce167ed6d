package scenarios_test

// keptOthers are gateways of other makes.
func keptOthers() []profile {
	return []profile{
		{
			name: "linksys-wag200g", at: routerAt(49152),
			udn: "uuid:[0-9a-f]{7}7-1dd2-11b2-86f1-[0-9a-f]{12}",
			st:  deviceIGD1,
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<URLBase>http://192.168.1.1:49152</URLBase>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>LINKSYS WAG200G Gateway</friendlyName>
<manufacturer>LINKSYS</manufacturer>
<manufacturerURL>http://www.linksys.com</manufacturerURL>
<modelDescription>LINKSYS WAG200G Gateway</modelDescription>
<modelName>Wireless-G ADSL Home Gateway</modelName>
<modelNumber>WAG200G</modelNumber>
<modelURL>http://www.linksys.com</modelURL>
<serialNumber>123456789</serialNumber>
<UDN>$UDN</UDN>
<UPC>WAG200G</UPC>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>
<controlURL>/upnp/control/L3Forwarding1</controlURL>
<eventSubURL>/upnp/event/L3Forwarding1</eventSubURL>
<SCPDURL>/l3frwd.xml</SCPDURL>
</service>
</serviceList>
<deviceList>
<device>
`,
			ends: `<manufacturerURL>http://www.linksys.com/</manufacturerURL>
<modelDescription>Residential Gateway</modelDescription>
<modelName>Residential Gateway</modelName>
<modelNumber>1</modelNumber>
<modelURL>http://www.linksys.com/</modelURL>
<serialNumber>0000001</serialNumber>
<UDN>‹uuid:[0-9a-f]{7}6-1dd2-11b2-86f0-[0-9a-f]{11}
[0-9a-f]›</UDN>
<UPC>WAG200G</UPC>
<serviceList>
<service>
<serviceType>urn:schemas-upnp-org:service:LANHostConfigManagement:1</serviceType>
<serviceId>urn:upnp-org:serviceId:LANHostCfg1</serviceId>
<controlURL>/upnp/control/LANHostCfg1</controlURL>
<eventSubURL>/upnp/event/LANHostCfg1</eventSubURL>
<SCPDURL>/lanhostc.xml</SCPDURL>
</service>
</serviceList>
</device>
</deviceList>
<presentationURL>http://192.168.1.1/index.htm</presentationURL>
</device>
</root>

`,
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:1 uuid:[0-9a-f]{7}7-1dd2-11b2-86f1-[0-9a-f]{12}",
				"urn:schemas-upnp-org:service:Layer3Forwarding:1 urn:upnp-org:serviceId:L3Forwarding1 /l3frwd.xml /upnp/control/L3Forwarding1 /upnp/event/L3Forwarding1",
				"urn:schemas-upnp-org:device:WANDevice:1 uuid:[0-9a-f]{7}6-1dd2-11b2-86f1-[0-9a-f]{12}",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:upnp-org:serviceId:WANCommonIFC1 /cmnicfg.xml /upnp/control/WANCommonIFC1 /upnp/event/WANCommonIFC1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:1 uuid:[0-9a-f]{7}7-1dd2-11b2-86f0-[0-9a-f]{12}",
				"urn:schemas-upnp-org:service:WANEthernetLinkConfig:1 urn:upnp-org:serviceId:WANEthLinkC1 /wanelcfg.xml /upnp/control/WANEthLinkC1 /upnp/event/WANEthLinkC1",
				"urn:schemas-upnp-org:service:WANPPPConnection:1 urn:upnp-org:serviceId:WANPPPConn1 /pppcfg.xml /upnp/control/WANPPPConn1 /upnp/event/WANPPPConn1",
				`urn:schemas-upnp-org:device:LANDevice:1 uuid:[0-9a-f]{7}6-1dd2-11b2-86f0-[0-9a-f]{11}\n[0-9a-f]`,
				"urn:schemas-upnp-org:service:LANHostConfigManagement:1 urn:upnp-org:serviceId:LANHostCfg1 /lanhostc.xml /upnp/control/LANHostCfg1 /upnp/event/LANHostCfg1",
			},
			control: "/upnp/control/WANPPPConn1", urn: upnp + "WANPPPConnection:1",
		},
		{
			name: "livebox-3", at: routerAt(60000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
			st:  deviceIGD2,
			begins: crlf(`<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <pnpx:X_hardwareId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">VEN_0129&amp;DEV_0000&amp;SUBSYS_03&amp;REV_250417</pnpx:X_hardwareId>
    <pnpx:X_compatibleId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">GenericUmPass</pnpx:X_compatibleId>
    <pnpx:X_deviceCategory xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">NetworkInfrastructure.Gateway</pnpx:X_deviceCategory>
    <df:X_deviceCategory xmlns:df="http://schemas.microsoft.com/windows/2008/09/devicefoundation">Network.Gateway</df:X_deviceCategory>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType>
    <friendlyName>Orange Livebox</friendlyName>
    <manufacturer>Sagemcom</manufacturer>
    <manufacturerURL>http://www.sagemcom.com/</manufacturerURL>
    <modelName>Residential Livebox,(DSL,WAN Ethernet)</modelName>
`),
			ends: crlf(`            <serialNumber>‹LK[0-9]{5}DP[0-9]{6}›</serialNumber>
            <presentationURL>http://192.168.1.1</presentationURL>
            <UDN>‹uuid:.*›</UDN>
            <UPC></UPC>
            <serviceList>
              <service>
                <serviceType>urn:schemas-upnp-org:service:WANPPPConnection:2</serviceType>
                <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
                <controlURL>/‹[0-9a-f]{8}›/upnp/control/WANIPConn1</controlURL>
                <eventSubURL>/‹[0-9a-f]{8}›/upnp/control/WANIPConn1</eventSubURL>
                <SCPDURL>/‹[0-9a-f]{8}›/gateconnSCPD_PPP.xml</SCPDURL>
              </service>
             <service>
                <serviceType>urn:schemas-upnp-org:service:WANIPv6FirewallControl:1</serviceType>
                <serviceId>urn:upnp-org:serviceId:WANIPv6FwCtrl1</serviceId>
                <controlURL>/‹[0-9a-f]{8}›/upnp/control/WANIPv6FwCtrl1</controlURL>
                <eventSubURL>/‹[0-9a-f]{8}›/upnp/control/WANIPv6FwCtrl1</eventSubURL>
                <SCPDURL>/‹[0-9a-f]{8}›/wanipv6fwctrlSCPD.xml</SCPDURL>
              </service>
            </serviceList>
          </device>
        </deviceList>
      </device>
    </deviceList>
  </device>
</root>`),
			tree: []string{
				"urn:schemas-upnp-org:device:InternetGatewayDevice:2 uuid:.*",
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:.*",
				"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1 urn:upnp-org:serviceId:WANCommonIFC1 /[0-9a-f]{8}/gateicfgSCPD.xml /[0-9a-f]{8}/upnp/control/WANCommonIFC1 /[0-9a-f]{8}/upnp/control/WANCommonIFC1",
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:.*",
				"urn:schemas-upnp-org:service:WANPPPConnection:2 urn:upnp-org:serviceId:WANIPConn1 /[0-9a-f]{8}/gateconnSCPD_PPP.xml /[0-9a-f]{8}/upnp/control/WANIPConn1 /[0-9a-f]{8}/upnp/control/WANIPConn1",
				"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1 urn:upnp-org:serviceId:WANIPv6FwCtrl1 /[0-9a-f]{8}/wanipv6fwctrlSCPD.xml /[0-9a-f]{8}/upnp/control/WANIPv6FwCtrl1 /[0-9a-f]{8}/upnp/control/WANIPv6FwCtrl1",
			},
			control: "/[0-9a-f]{8}/upnp/control/WANIPConn1", urn: upnp + "WANPPPConnection:2",
		},
		{
			name: "dd-wrt-rt-n16", at: routerAt(1780),
			udn: "uuid:[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}",
			st:  "upnp:rootdevice",
			reply: `HTTP/1.1 200 OK
Cache-Control: max-age=300
Date: $NOW
Ext: ` + `
Location: http://192.168.1.1:1780/InternetGatewayDevice.xml
Server: POSIX UPnP/1.0 DD-WRT Linux/V24
ST: upnp:rootdevice
USN: $UDN::upnp:rootdevice

`,
			begins: `<?xml version="1.0"?>
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
		<friendlyName>Asus RT-N16:DD-WRT</friendlyName>
		<modelName>Asus RT-N16</modelName>
		<modelNumber>V24</modelNumber>
		<serialNumber>0000001</serialNumber>
		<modelURL>http://www.dd-wrt.com</modelURL>
		<UDN>$UDN</UDN>
		<serviceList>
`,
			ends: `					<service>
						<serviceType>urn:schemas-upnp-org:service:LANHostConfigManagement:1</serviceType>
						<serviceId>urn:upnp-org:serviceId:LANHostCfg1</serviceId>
						<SCPDURL>/x_lanhostconfigmanagement.xml</SCPDURL>
						<controlURL>/control?LANHostConfigManagement</controlURL>
						<eventSubURL>/event?LANHostConfigManagement</eventSubURL>
					</service>
				</serviceList>
			</device>
		</deviceList>
		<presentationURL>http://192.168.1.1:1780</presentationURL>
	</device>
</root>
`,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + `L3Forwarding1 /x_layer3forwarding.xml /control\?Layer3Forwarding /event\?Layer3Forwarding`,
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + `WANCommonIFC1 /x_wancommoninterfaceconfig.xml /control\?WANCommonInterfaceConfig /event\?WANCommonInterfaceConfig`,
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + `WANIPConn1 /x_wanipconnection.xml /control\?WANIPConnection /event\?WANIPConnection`,
				lanDevice + " uuid:.*",
				upnp + "LANHostConfigManagement:1 " + identifier + `LANHostCfg1 /x_lanhostconfigmanagement.xml /control\?LANHostConfigManagement /event\?LANHostConfigManagement`,
			},
			control: `/control\?WANIPConnection`, urn: upnp + "WANIPConnection:1",
		},
		{
			name: "tplink-tl-wr940n", at: routerAt(1900), external: "100.100.100.100",
			udn: "uuid:.*", st: deviceIGD1,
			tree: []string{
				deviceIGD1 + " uuid:.*",
				upnp + "Layer3Forwarding:1 " + identifier + "L3Forwarding1 /.*",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /.*",
				connDevice + " uuid:.*",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /.*",
			},
			control: "/.*/WANIPConnection1", urn: upnp + "WANIPConnection:1",
			answer: "HTTP/1.1 200 OK\r\nCONNECTION: close\r\nSERVER: ipos/7.0 UPnP/1.0 TL-WR940N/TL-WR941ND/3.0\r\nCONTENT-LENGTH: 404\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\n\r\n" +
				`<?xml version="1.0"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<SOAP-ENV:Body>
<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>100.100.100.100</NewExternalIPAddress></u:GetExternalIPAddressResponse></SOAP-ENV:Body>
</SOAP-ENV:Envelope>
`,
		},
		{
			name: "fritzbox-7430", at: routerAt(49000),
			udn: "uuid:75802409-bccb-40e7-8e6c-[0-9A-F]{12}",
			st:  deviceIGD1,
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion>
<major>1</major>
<minor>0</minor>
</specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>FRITZ!Box 7430</friendlyName>
<manufacturer>AVM Berlin</manufacturer>
<manufacturerURL>http://www.avm.de</manufacturerURL>
<modelDescription>FRITZ!Box 7430</modelDescription>
<modelName>FRITZ!Box 7430</modelName>
<modelNumber>avm</modelNumber>
<modelURL>http://www.avm.de</modelURL>
<UDN>$UDN</UDN>
<iconList>
`,
			ends: "</device>\n</deviceList>\n</device>\n</deviceList>\n<presentationURL>http://fritz.box</presentationURL>\n</device>\n</root>\n",
			tree: []string{
				deviceIGD1 + " uuid:.*",
				"urn:schemas-any-com:service:Any:1 urn:any-com:serviceId:any1 /any.xml /igdupnp/control/any /igdupnp/control/any",
				wanDevice + " uuid:.*",
				upnp + "WANCommonInterfaceConfig:1 " + identifier + "WANCommonIFC1 /igdicfgSCPD.xml /igdupnp/control/WANCommonIFC1 /igdupnp/control/WANCommonIFC1",
				connDevice + " uuid:.*",
				upnp + "WANDSLLinkConfig:1 " + identifier + "WANDSLLinkC1 /igddslSCPD.xml /igdupnp/control/WANDSLLinkC1 /igdupnp/control/WANDSLLinkC1",
				upnp + "WANIPConnection:1 " + identifier + "WANIPConn1 /igdconnSCPD.xml /igdupnp/control/WANIPConn1 /igdupnp/control/WANIPConn1",
				upnp + "WANIPv6FirewallControl:1 " + identifier + "WANIPv6Firewall1 /igd2ipv6fwcSCPD.xml /igd2upnp/control/WANIPv6Firewall1 /igd2upnp/control/WANIPv6Firewall1",
			},
			control: "/igdupnp/control/WANIPConn1", urn: upnp + "WANIPConnection:1",
		},
	}
}
