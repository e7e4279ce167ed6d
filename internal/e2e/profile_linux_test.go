package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
	"github.com/igdkit/igdkit/soap"
)

// TestMiniupnpdProfile asks a real miniupnpd and the profile that plays it the same, and compares every byte of the answers but those
// that cannot be alike: SERVER names the kernel, UDNs and the moment of the boot are each one's own.
func TestMiniupnpdProfile(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		var real, played []string
		if err := h.lan.Do(func() error {
			real = interview(t, emulator.SystemNet())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		n := emulator.NewNetwork()
		defer n.Close()
		router := n.Host("router", netip.PrefixFrom(lanGateway, 24))
		pc := n.Host("pc", netip.PrefixFrom(lanHost, 24))
		s, err := scenarios.Load("miniupnpd-igd2")
		if err != nil {
			t.Fatal(err)
		}
		o := s.Options()[0]
		o.Net, o.LAN, o.HTTPPort, o.SSDP, o.ExternalIP = router, lanGateway, 5000, netip.AddrPortFrom(lanGateway, 1900).String(), claimed
		emulator.Start(t, o)
		played = interview(t, pc)
		for i := range real {
			if diff := cmp.Diff(real[i], played[i]); diff != "" {
				t.Errorf("-real +played\n%s", diff)
			}
		}
	})
}

// interview is what a gateway says to a number of questions.
func interview(t *testing.T, from emulator.Net) (answers []string) {
	for _, st := range []string{
		"upnp:rootdevice", "urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:device:WANDevice:2", "urn:schemas-upnp-org:service:WANIPConnection:1", "urn:schemas-upnp-org:service:WANPPPConnection:1",
		"urn:schemas-upnp-org:service:DeviceProtection:1",
	} {
		answers = append(answers, alike(searchOnce(t, from, st)))
	}
	ask := func(method, path, fields, body string) {
		answers = append(answers, alike(requestOnce(t, from, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 192.168.77.1:5000\r\nContent-Length: %d\r\n%s\r\n%s", method, path, len(body), fields, body))))
	}
	for _, path := range []string{"/rootDesc.xml", "/nothing", "/ctl/IPConn", "/evt/IPConn"} {
		ask("GET", path, "", "")
	}
	const (
		ip1 = "urn:schemas-upnp-org:service:WANIPConnection:1"
		ip2 = "urn:schemas-upnp-org:service:WANIPConnection:2"
		ppp = "urn:schemas-upnp-org:service:WANPPPConnection:1"
	)
	for _, call := range []struct {
		header, urn, action string
		args                []string
	}{
		{`"` + ip2 + `#GetExternalIPAddress"`, ip2, "GetExternalIPAddress", nil},
		{`"` + ppp + `#GetExternalIPAddress"`, ip1, "GetExternalIPAddress", nil},
		{ip1 + "#GetExternalIPAddress", ip1, "GetExternalIPAddress", nil},
		{"", ip1, "GetExternalIPAddress", nil},
		{`"nonsense"`, ip1, "GetExternalIPAddress", nil},
		{`"` + ip2 + `#NoSuchAction"`, ip2, "NoSuchAction", nil},
		{`"` + ip2 + `#GetSpecificPortMappingEntry"`, ip2, "GetSpecificPortMappingEntry", []string{"NewRemoteHost", "", "NewExternalPort", "7777", "NewProtocol", "TCP"}},
		{`"` + ip2 + `#GetGenericPortMappingEntry"`, ip2, "GetGenericPortMappingEntry", []string{"NewPortMappingIndex", "5"}},
		{`"` + ip2 + `#AddPortMapping"`, ip2, "AddPortMapping", []string{"NewRemoteHost", "", "NewExternalPort", "7777", "NewProtocol", "TCP", "NewInternalPort", "7777",
			"NewInternalClient", lanHost.String(), "NewEnabled", "1", "NewPortMappingDescription", "x & y", "NewLeaseDuration", "3600"}},
		{`"` + ip2 + `#DeletePortMapping"`, ip2, "DeletePortMapping", []string{"NewRemoteHost", "", "NewExternalPort", "7777", "NewProtocol", "TCP"}},
	} {
		var args []soap.Arg
		for i := 0; i < len(call.args); i += 2 {
			args = append(args, soap.Arg{Name: call.args[i], Value: call.args[i+1]})
		}
		fields := "Content-Type: text/xml\r\n"
		if call.header != "" {
			fields += "SOAPAction: " + call.header + "\r\n"
		}
		ask("POST", "/ctl/IPConn", fields, string(soap.WriteRequest(call.urn, call.action, args)))
	}
	ask("SUBSCRIBE", "/evt/IPConn", "CALLBACK: <http://"+lanHost.String()+":4000/>\r\nNT: upnp:event\r\nTIMEOUT: Second-1800\r\n", "")
	return answers
}

// alike takes out of an answer what no two gateways have in common.
func alike(answer string) string {
	for _, own := range [][2]string{
		{`(?i)(server: )[^\r]*`, "${1}OWN"},
		{`uuid:[-0-9a-f]{35}`, "uuid:OWN-"}, // without the last digit, which counts the devices
		{`(SID: uuid:)[-0-9A-Za-z]*`, "${1}OWN"},
		{`((?:01-NLS|BOOTID\.UPNP\.ORG): )\d+`, "${1}OWN"},
	} {
		answer = regexp.MustCompile(own[0]).ReplaceAllString(answer, own[1])
	}
	return answer
}

func searchOnce(t *testing.T, from emulator.Net, st string) string {
	t.Helper()
	c, err := from.ListenPacket(t.Context(), netip.AddrPortFrom(lanHost, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	search := "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: " + st + "\r\n\r\n"
	if _, err := c.WriteTo([]byte(search), net.UDPAddrFromAddrPort(netip.AddrPortFrom(lanGateway, 1900))); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 4096)
	n, _, err := c.ReadFrom(b)
	if err != nil {
		return fmt.Sprintf("%s: %v", st, err)
	}
	return string(b[:n])
}

func requestOnce(t *testing.T, from emulator.Net, request string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := from.Dial(ctx, "tcp", netip.Addr{}, "192.168.77.1:5000")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		return fmt.Sprintf("%s: %v", all, err)
	}
	return string(all)
}
