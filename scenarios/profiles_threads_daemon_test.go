package scenarios_test

// daemonProfiles are what was captured of routers with miniupnpd.
func daemonProfiles() []profile {
	// reply is the answer to a search; boot is what the daemon says of the boot.
	reply := func(server, boot string) string {
		return `HTTP/1.1 200 OK
CACHE-CONTROL: max-age=120
ST: upnp:rootdevice
USN: $UDN::upnp:rootdevice
EXT:
SERVER: ` + server + `
LOCATION: $LOCATION
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: ` + boot + `
BOOTID.UPNP.ORG: ` + boot + `
CONFIGID.UPNP.ORG: 1337

`
	}
	tree := func(before string) []string {
		return []string{
			deviceIGD1 + " uuid:.*1",
			listed(serviceL3, "L3Forwarding1", before+"/L3F.xml", before+"/ctl/L3F", before+"/evt/L3F"),
			wanDevice + " uuid:.*2",
			listed(serviceCommon, "WANCommonIFC1", before+"/WANCfg.xml", before+"/ctl/CmnIfCfg", before+"/evt/CmnIfCfg"),
			connDevice + " uuid:.*3",
			listed(serviceIP1, "WANIPConn1", before+"/WANIPCn.xml", before+"/ctl/IPConn", before+"/evt/IPConn"),
		}
	}
	const udn = "uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
	return []profile{
		{
			name: "technicolor-homeware", at: routerAt(5000), udn: udn,
			st: rootDevice, reply: reply("Homeware UPnP/1.1", "1"),
			says: []string{
				"<manufacturer>Technicolor</manufacturer><manufacturerURL>http://www.technicolor.com/</manufacturerURL><modelDescription>Technicolor Internet Gateway Device</modelDescription>" +
					"<modelName>MediaAccess TG</modelName><modelNumber>389ac</modelNumber><modelURL>http://www.technicolor.com/</modelURL><serialNumber>",
			},
			tree:    tree(""),
			control: "/ctl/IPConn", urn: serviceIP1,
			bare: "500 501",
		},
		{
			name: "tplink-archer-ax10", at: routerAt(1900), udn: udn,
			st: rootDevice, reply: reply("TP-LINK/TP-LINK UPnP/1.1 MiniUPnPd/1.8", "1"),
			alive: `NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=60
LOCATION: $LOCATION
SERVER: TP-LINK/TP-LINK UPnP/1.1 MiniUPnPd/1.8
NT: upnp:rootdevice
USN: $UDN::upnp:rootdevice
NTS: ssdp:alive
OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01
01-NLS: 1
BOOTID.UPNP.ORG: 1
CONFIGID.UPNP.ORG: 1337

`,
			tree:    tree("/[a-z]{5}"),
			control: "/[a-z]{5}/ctl/IPConn", urn: serviceIP1,
		},
		{
			name: "neufbox", at: routerAt(49152), udn: udn,
			tree:    tree(""),
			control: "/ctl/IPConn", urn: serviceIP1,
		},
		{
			name: "xiaomi", at: routerAt(5351), udn: udn,
			tree:    tree(""),
			control: "/ctl/IPConn", urn: serviceIP1,
		},
		{
			name: "openwrt-22-03", at: routerAt(5000), udn: udn, closes: "still shows it", left: 1,
			st: rootDevice, reply: reply("OpenWrt/5.10.146 UPnP/1.1 MiniUPnPd/2.3.0", "946684800"),
			tree: []string{
				deviceIGD2 + " uuid:.*1",
				listed(serviceL3, "L3Forwarding1", "/L3F.xml", "/ctl/L3F", "/evt/L3F"),
				listed("urn:schemas-upnp-org:service:DeviceProtection:1", "DeviceProtection1", "/DP.xml", "/ctl/DP", "/evt/DP"),
				"urn:schemas-upnp-org:device:WANDevice:2 uuid:.*2",
				listed(serviceCommon, "WANCommonIFC1", "/WANCfg.xml", "/ctl/CmnIfCfg", "/evt/CmnIfCfg"),
				"urn:schemas-upnp-org:device:WANConnectionDevice:2 uuid:.*3",
				listed("urn:schemas-upnp-org:service:WANIPConnection:2", "WANIPConn1", "/WANIPCn.xml", "/ctl/IPConn", "/evt/IPConn"),
				listed("urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", "WANIPv6Firewall1", "/WANIP6FC.xml", "/ctl/IP6FCtl", "/evt/IP6FCtl"),
			},
			control: "/ctl/IPConn", urn: "urn:schemas-upnp-org:service:WANIPConnection:2",
		},
	}
}
