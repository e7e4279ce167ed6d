package scenarios_test

// operatorProfiles are what was captured of the boxes of operators, and of AVM's.
func operatorProfiles() []profile {
	fritz := func(name, model, server, strings string) profile {
		return profile{
			name: name, at: routerAt(49000),
			udn: "uuid:75802409-bccb-40e7-8e6c-[0-9A-F]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
Cache-Control: max-age=1800
Location: http://192.168.1.1:49000/igddesc.xml
Server: ` + server + `
Ext: ` + `
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1

`,
			says: []string{"<friendlyName>" + model + "</friendlyName><manufacturer>AVM Berlin</manufacturer>"},
			tree: []string{
				deviceIGD1 + " uuid:75802409-bccb-40e7-8e6c-[0-9A-F]{12}",
				"urn:schemas-any-com:service:Any:1 urn:any-com:serviceId:any1 /any.xml /igdupnp/control/any /igdupnp/control/any",
				wanDevice + " uuid:76802409-bccb-40e7-8e6b-[0-9A-F]{12}",
				listed(serviceCommon, "WANCommonIFC1", "/igdicfgSCPD.xml", "/igdupnp/control/WANCommonIFC1", "/igdupnp/control/WANCommonIFC1"),
				connDevice + " uuid:76802409-bccb-40e7-8e6a-[0-9A-F]{12}",
				listed("urn:schemas-upnp-org:service:WANDSLLinkConfig:1", "WANDSLLinkC1", "/igddslSCPD.xml", "/igdupnp/control/WANDSLLinkC1", "/igdupnp/control/WANDSLLinkC1"),
				listed(serviceIP1, "WANIPConn1", "/igdconnSCPD.xml", "/igdupnp/control/WANIPConn1", "/igdupnp/control/WANIPConn1"),
				listed("urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", "WANIPv6Firewall1", "/igd2ipv6fwcSCPD.xml", "/igd2upnp/control/WANIPv6Firewall1", "/igd2upnp/control/WANIPv6Firewall1"),
			},
			control: "/igdupnp/control/WANIPConn1", urn: serviceIP1,
			refuses: []string{"GetGenericPortMappingEntry", "NewPortMappingIndex", "0"},
			fault: "<?xml version=\"1.0\"?>\n" + envelope + "\n<s:Body>\n<s:Fault>\n" + strings + "<detail>\n<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n" +
				"<errorCode>713</errorCode>\n<errorDescription>SpecifiedArrayIndexInvalid</errorDescription>\n</UPnPError>\n</detail>\n</s:Fault>\n</s:Body>\n</s:Envelope>\n",
		}
	}
	softathome := func(st string) string {
		return `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
EXT:
LOCATION: $LOCATION
SERVER: Unspecified, UPnP/1.0, SoftAtHome
ST: ` + st + `
USN: $UDN::` + st + `

`
	}
	const hash = "/[0-9a-f]{8}"
	return []profile{
		fritz("fritzbox-6590", "FRITZ!Box 6590 Cable", "FRITZ!Box 6590 Cable UPnP/1.0 AVM FRITZ!Box 6590 Cable 148.07.12", "<faultcode>s:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n"),
		fritz("fritzbox-6660", "FRITZ!Box 6660 Cable", "FRITZ!Box 6660 Cable UPnP/1.0 AVM FRITZ!Box 6660 Cable", ""),
		{
			name: "livebox-4", at: routerAt(60000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
			st:  deviceIGD1, reply: softathome(deviceIGD1),
			begins: `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion>
    <major>1</major>
    <minor>0</minor>
  </specVersion>
  <device>
    <pnpx:X_hardwareId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">VEN_0129&amp;DEV_0000&amp;SUBSYS_03&amp;REV_250407</pnpx:X_hardwareId>
    <pnpx:X_compatibleId xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">GenericUmPass</pnpx:X_compatibleId>
    <pnpx:X_deviceCategory xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/11">NetworkInfrastructure.Gateway</pnpx:X_deviceCategory>
    <df:X_deviceCategory xmlns:df="http://schemas.microsoft.com/windows/2008/09/devicefoundation">Network.Gateway</df:X_deviceCategory>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
    <friendlyName>Orange Livebox</friendlyName>
    <manufacturer>Sagemcom</manufacturer>
    <manufacturerURL>http://www.sagemcom.com/</manufacturerURL>
    <modelName>Residential Livebox,(DSL,WAN Ethernet)</modelName>
    <UDN>$UDN</UDN>
    <modelDescription>Sagemcom,fr,SG40_sip-fr-4.15.10.1_7.21.3.1</modelDescription>
    <modelNumber>4</modelNumber>
    <serialNumber>LK`,
			says: []string{"</serialNumber><presentationURL>http://192.168.1.1</presentationURL><UPC></UPC>"},
			tree: []string{
				deviceIGD1 + " uuid:.*",
				wanDevice + " uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", hash+"/gateicfgSCPD.xml", hash+"/upnp/control/WANCommonIFC1", hash+"/upnp/event/WANCommonIFC1"),
				connDevice + " uuid:.*",
				listed(serviceIP1, "WANIPConn1", hash+"/gateconnSCPD.xml", hash+"/upnp/control/WANIPConn1", hash+"/upnp/event/WANIPConn1"),
			},
			control: hash + "/upnp/control/WANIPConn1", urn: serviceIP1,
		},
		{
			name: "funbox-6", at: routerAt(60000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
			st:  deviceIGD2, reply: softathome(deviceIGD2),
			tree: []string{
				deviceIGD2 + " uuid:.*",
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", hash+"/gateicfgSCPD.xml", hash+"/upnp/control/WANCommonIFC1", hash+"/upnp/event/WANCommonIFC1"),
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:.*",
				listed("urn:schemas-upnp-org:service:WANIPConnection:2", "WANIPConn1", hash+"/gateconnSCPD.xml", hash+"/upnp/control/WANIPConn1", hash+"/upnp/event/WANIPConn1"),
			},
			control: hash + "/upnp/control/WANIPConn1", urn: "urn:schemas-upnp-org:service:WANIPConnection:2",
		},
		{
			name: "freebox", at: routerAt(5678),
			udn: "uuid:igd73616d61-6a65-7374-650a-[0-9a-f]{12}",
			says: []string{
				"<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><friendlyName>Freebox Server</friendlyName><manufacturer>Freebox</manufacturer>" +
					"<manufacturerURL>http://www.freebox.fr/</manufacturerURL><modelDescription>NAS/Modem/Routeur ADSL/FTTH</modelDescription><modelName>Freebox Server</modelName>" +
					"<modelNumber>6</modelNumber><modelURL>http://www.freebox.fr/</modelURL><serialNumber>",
				"<friendlyName>WAN Connection Device</friendlyName>",
				"</deviceList></device></deviceList><presentationURL>http://mafreebox.freebox.fr/</presentationURL></device></root>",
			},
			tree: []string{
				deviceIGD2 + " uuid:igd73616d61-6a65-7374-650a-.*",
				listed(serviceL3, "L3Forwarding1", "/desc/l3f", "/control/l3f", "/event/l3f"),
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:wan73616d61-6a65-7374-650a-.*",
				listed(serviceCommon, "WANCommonIFC1", "/desc/wan_common_ifc", "/control/wan_common_ifc", "/event/wan_common_ifc"),
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:wanc73616d61-6a65-7374-650a-.*",
				listed("urn:schemas-upnp-org:service:WANIPConnection:2", "WANIPConn1", "/desc/wan_ip_connection", "/control/wan_ip_connection", "/event/wan_ip_connection"),
			},
			control: "/control/wan_ip_connection", urn: "urn:schemas-upnp-org:service:WANIPConnection:2",
		},
	}
}
