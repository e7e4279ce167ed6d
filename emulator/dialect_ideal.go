package emulator

import "time"

// What a gateway writes whose dialect says nothing else: as the standards have it.
const (
	idealServer = "igdkit/1 UPnP/1.1 igdkit-emulator/1"
	idealMaxAge = 30 * time.Minute // UDA 1.1 §1.2.2 wants at least 1800 s

	// xmlType is the Content-Type of everything with a body (UDA 1.1 §2.10, §3.1.2).
	xmlType = `text/xml; charset="utf-8"`
)

// UDA 1.1 §1.2 and §1.3.3. A byebye has no LOCATION, an update no CACHE-CONTROL and no SERVER.
const (
	idealReply Template = `HTTP/1.1 200 OK
CACHE-CONTROL: max-age={max-age}
DATE: {date}
EXT:
LOCATION: {location}
SERVER: {server}
ST: {st}
USN: {usn}
BOOTID.UPNP.ORG: {bootid}
CONFIGID.UPNP.ORG: {configid}
SEARCHPORT.UPNP.ORG: {searchport}
`
	idealAlive Template = `NOTIFY * HTTP/1.1
HOST: {host}
CACHE-CONTROL: max-age={max-age}
LOCATION: {location}
NT: {st}
NTS: ssdp:alive
SERVER: {server}
USN: {usn}
BOOTID.UPNP.ORG: {bootid}
CONFIGID.UPNP.ORG: {configid}
SEARCHPORT.UPNP.ORG: {searchport}
`
	idealByeBye Template = `NOTIFY * HTTP/1.1
HOST: {host}
NT: {st}
NTS: ssdp:byebye
USN: {usn}
BOOTID.UPNP.ORG: {bootid}
CONFIGID.UPNP.ORG: {configid}
`
	idealUpdate Template = `NOTIFY * HTTP/1.1
HOST: {host}
LOCATION: {location}
NT: {st}
NTS: ssdp:update
USN: {usn}
BOOTID.UPNP.ORG: {bootid}
CONFIGID.UPNP.ORG: {configid}
NEXTBOOTID.UPNP.ORG: {nextbootid}
SEARCHPORT.UPNP.ORG: {searchport}
`
)

// UDA 1.1 §2.11, §3.1.2, §4.1.2.
const idealHead Template = `HTTP/1.1 {status} {reason}
Content-Type: {type}
Allow: {allow}
SID: {sid}
TIMEOUT: {timeout}
Date: {date}
Ext:
Server: {server}
Connection: {connection}
Content-Length: {length}
`

// UDA 1.1 §2.3 and §2.5.
const (
	idealPath     Template = "/description.xml"
	idealLocation Template = "http://{host}:{port}{path}"
	idealName     Template = "Emulated gateway {gateway}"

	idealDocument Template = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0" configId="{configid}">
 <specVersion>
  <major>1</major>
  <minor>1</minor>
 </specVersion>
 <URLBase>{url-base}</URLBase>
 {device}
</root>
`
	idealDevice Template = `<device>
 <deviceType>{type}</deviceType>
 <friendlyName>{name}</friendlyName>
 <manufacturer>igdkit</manufacturer>
 <modelDescription>An emulator of an Internet gateway for tests; it leads nowhere</modelDescription>
 <modelName>Emulated IGD:{igd}</modelName>
 <modelNumber>1</modelNumber>
 <serialNumber>{seed}</serialNumber>
 <UDN>{udn}</UDN>
 {services}
 {devices}
</device>
`
	idealService Template = `<service>
 <serviceType>{type}</serviceType>
 <serviceId>{id}</serviceId>
 <SCPDURL>{scpd}</SCPDURL>
 <controlURL>{control}</controlURL>
 <eventSubURL>{events}</eventSubURL>
</service>
`
	idealSCPD Template = `<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0" configId="{configid}">
	<specVersion>
		<major>1</major>
		<minor>1</minor>
	</specVersion>
	{actions}
	{variables}
</scpd>
`
)

// UDA 1.1 §3.1.2 and §3.1.3, as [soap.WriteResponse] and [soap.WriteFault] have them.
const (
	idealDeclaration          = `<?xml version="1.0"?>`
	idealEnvelope             = "s"
	idealPrefix               = "u"
	soapBegin                 = `{declaration}<{envelope}:Envelope xmlns:{envelope}="http://schemas.xmlsoap.org/soap/envelope/" {envelope}:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><{envelope}:Body>`
	soapEnd                   = `</{envelope}:Body></{envelope}:Envelope>`
	idealResponse    Template = soapBegin + `<{prefix}:{action}Response xmlns:{prefix}="{service}">{arguments}</{prefix}:{action}Response>` + soapEnd
	idealArgument    Template = "<{name}>{value}</{name}>"
	idealFault       Template = soapBegin + `<{envelope}:Fault><faultcode>{envelope}:Client</faultcode><faultstring>UPnPError</faultstring><detail>` +
		`<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>{code}</errorCode><errorDescription>{description}</errorDescription></UPnPError>` +
		`</detail></{envelope}:Fault>` + soapEnd
)
