package scenarios_test

// moreProfiles are further devices from issue threads.
func moreProfiles() []profile {
	const hash = "/[0-9a-f]{8}"
	arcadyan := "<manufacturer>Arcadyan, Inc.</manufacturer><manufacturerURL>http://www.arcadyan.com</manufacturerURL><modelDescription>Livebox</modelDescription>" +
		"<modelName>PRV33AX349B-B</modelName><modelNumber>03.03.01.027C</modelNumber>"
	return []profile{
		{
			name: "livebox-arcadyan", at: routerAt(56910),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{11}1",
			st:  serviceIP1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
DATE: $NOW
ST: urn:schemas-upnp-org:service:WANIPConnection:1
USN: uuid:‹[-0-9a-f]{35}›3::urn:schemas-upnp-org:service:WANIPConnection:1
EXT:
SERVER: OpenWRT/12.09.1 UPnP/1.1 MiniUPnPd/2.1.20191006
LOCATION: http://192.168.1.1:56910/‹[0-9a-f]{8}›/IGDV1/rootDesc.xml
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 946684800
BOOTID.UPNP.ORG: 946684800
CONFIGID.UPNP.ORG: 1337

`,
			begins: "<?xml version=\"1.0\"?>\r\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\" configId=\"1337\"><specVersion><major>1</major><minor>0</minor></specVersion>" +
				"<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>OSP Livebox</friendlyName>" + arcadyan,
			says: []string{
				"<deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><friendlyName>WANConnectionDevice</friendlyName>" + arcadyan + "<modelURL>http://www.arcadyan.com</modelURL><serialNumber>ARLT",
				"<UPC>000000000000</UPC><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><controlURL>/",
			},
			tree: []string{
				deviceIGD1 + " uuid:.*1",
				listed(serviceL3, "L3Forwarding1", hash+"/L3F.xml", hash+"/ctl/L3F", hash+"/evt/L3F"),
				wanDevice + " uuid:.*2",
				listed(serviceCommon, "WANCommonIFC1", hash+"/WANCfg.xml", hash+"/ctl/CmnIfCfg", hash+"/evt/CmnIfCfg"),
				connDevice + " uuid:.*3",
				listed(serviceIP1, "WANIPConn1", hash+"/WANIPCn.xml", hash+"/ctl/IPConn", hash+"/evt/IPConn"),
			},
			control: hash + "/ctl/IPConn", urn: serviceIP1,
		},
		{
			name: "technicolor-tg389ac", at: routerAt(5000),
			udn: "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
			st:  deviceIGD1,
			reply: `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
DATE: $NOW
ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1
USN: $UDN::urn:schemas-upnp-org:device:InternetGatewayDevice:1
EXT:
SERVER: OpenWRT/OpenWrt/Attitude_Adjustment__r43446_ UPnP/1.1 MiniUPnPd/1.8
LOCATION: http://192.168.1.1:5000/rootDesc.xml
‹(?s:.*)›`, // the end was not captured
			says: []string{
				"<major>1</major><minor>0</minor></specVersion><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><friendlyName>MediaAccess TG389ac (",
				")</friendlyName><manufacturer>Technicolor</manufacturer><manufacturerURL>http://www.technicolor.com/</manufacturerURL>" +
					"<modelDescription>Technicolor Internet Gateway Device</modelDescription><modelName>MediaAccess TG</modelName><modelNumber>389ac</modelNumber>" +
					"<modelURL>http://www.technicolor.com/</modelURL><serialNumber>",
			},
			tree: []string{
				deviceIGD2 + " uuid:.*",
				listed(serviceL3, "L3Forwarding1", "/L3F.xml", "/ctl/L3F", "/evt/L3F"),
				".*:DeviceProtection:1 .*",
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", "/WANCfg.xml", "/ctl/CmnIfCfg", "/evt/CmnIfCfg"),
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:.*",
				listed("urn:schemas-upnp-org:service:WANIPConnection:2", "WANIPConn1", "/WANIPCn.xml", "/ctl/IPConn", "/evt/IPConn"),
				".*:WANIPv6FirewallControl:1 .*",
			},
			control: "/ctl/IPConn", urn: "urn:schemas-upnp-org:service:WANIPConnection:2",
		},
		{
			name: "dlink-dsl-x1852e", at: routerAt(5556),
			udn: "uuid:00000001-0000-0000-0000-[0-9a-f]{12}",
			says: []string{
				"<URLBase>http://192.168.1.1:5556</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>DSL-X1852E</friendlyName>" +
					"<manufacturer>D-link</manufacturer><manufacturerURL>http://www.dlink.com</manufacturerURL><modelDescription>DSL-X1852E</modelDescription><modelName>DSL-X1852E</modelName>" +
					"<modelNumber>MDSL-X1852E</modelNumber><modelURL>http://www.dlink.com</modelURL><serialNumber>00000001</serialNumber><UDN>$UDN</UDN><UPC>000000000001</UPC><iconList>",
				"</iconList><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId>" +
					"<SCPDURL>/L3Fwd.xml</SCPDURL><controlURL>http://192.168.1.1:5556/ctrl?1</controlURL><eventSubURL>/sub",
			},
			tree: []string{
				deviceIGD1 + " uuid:.*",
				listed(serviceL3, "L3Forwarding1", "/L3Fwd.xml", `http://192.168.1.1:5556/ctrl\?1`, `/sub\?1`),
				wanDevice + " uuid:.*",
				listed(serviceCommon, "WANCommonIFC1", "/.*", `http://192.168.1.1:5556/ctrl\?2`, `/sub\?2`),
				connDevice + " uuid:.*",
				listed(serviceIP1, "WANIPConn1", "/.*", `http://192.168.1.1:5556/ctrl\?3`, `/sub\?3`),
			},
			control: `http://[0-9.:]+/ctrl\?3`, urn: serviceIP1,
		},
	}
}
