package emulator_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator"
)

func TestGoupnpUsesTheOtherServices(t *testing.T) {
	g := emulator.Start(t, emulator.Options{})
	forwarding := client(t, g, internetgateway2.NewLayer3Forwarding1ClientsByURL)
	service, err := forwarding.GetDefaultConnectionService()
	wantCode(t, "get default connection service", err, 0)
	udn, rest, ok := strings.Cut(service, ":WANConnectionDevice:")
	if !ok || !strings.HasPrefix(udn, "uuid:") || rest != "2,urn:upnp-org:serviceId:WANIPConn1" {
		t.Errorf("default connection service %q", service)
	}
	wantCode(t, "set the same", forwarding.SetDefaultConnectionService(service), 0)
	wantCode(t, "set nonsense", forwarding.SetDefaultConnectionService("WANIPConn1"), 402)
	wantCode(t, "set an unknown device", forwarding.SetDefaultConnectionService("uuid:x:WANConnectionDevice:2,urn:upnp-org:serviceId:WANIPConn1"), 720)
	wantCode(t, "set an unknown service", forwarding.SetDefaultConnectionService(udn+":WANConnectionDevice:2,urn:upnp-org:serviceId:WANIPConn9"), 721)

	common := client(t, g, internetgateway2.NewWANCommonInterfaceConfig1ClientsByURL)
	access, up, down, link, err := common.GetCommonLinkProperties()
	if err != nil || access != "Ethernet" || up == 0 || down == 0 || link != "Up" {
		t.Errorf("link properties %q %d %d %q, %v", access, up, down, link, err)
	}
	for name, get := range map[string]func() (uint64, error){
		"bytes sent": common.GetTotalBytesSent, "bytes received": common.GetTotalBytesReceived,
	} {
		if n, err := get(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	for name, get := range map[string]func() (uint32, error){
		"packets sent": common.GetTotalPacketsSent, "packets received": common.GetTotalPacketsReceived,
	} {
		if n, err := get(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// An IPv6 firewall is spoken to over IPv6, because a host may open pinholes to itself only.
func TestGoupnpOpensPinholes(t *testing.T) {
	g := emulator.Start(t, emulator.Options{LAN: netip.MustParseAddr("::1")})
	c := client(t, g, internetgateway2.NewWANIPv6FirewallControl1ClientsByURL)
	enabled, inbound, err := c.GetFirewallStatus()
	if err != nil || !enabled || !inbound {
		t.Errorf("firewall %v, pinholes %v, %v", enabled, inbound, err)
	}
	if timeout, err := c.GetOutboundPinholeTimeout("", 0, "::1", 4000, 17); err != nil || timeout != 300 {
		t.Errorf("timeout %d, %v", timeout, err)
	}
	id, err := c.AddPinhole("2001:db8::1", 0, "::1", 8080, 6, 60)
	wantCode(t, "add", err, 0)
	again, err := c.AddPinhole("2001:db8::1", 0, "::1", 8080, 6, 600)
	wantCode(t, "add again", err, 0)
	other, err := c.AddPinhole("", 0, "::1", 8080, 6, 60)
	wantCode(t, "add another", err, 0)
	if id != again || id == other {
		t.Errorf("UniqueIDs %d, %d for the same, %d for another", id, again, other)
	}
	if all := g.Pinholes(); len(all) != 2 || all[0].Lease != 600*time.Second || all[0].RemoteHost != netip.MustParseAddr("2001:db8::1") {
		t.Errorf("pinholes %v", all)
	}
	_, err = c.AddPinhole("", 0, "2001:db8::2", 8080, 6, 60)
	wantCode(t, "another host", err, 606)
	wantCode(t, "update", c.UpdatePinhole(id, 120), 0)
	_, err = c.CheckPinholeWorking(id)
	wantCode(t, "nothing has passed", err, 709)
	g.PassPinhole(id, 3)
	if working, err := c.CheckPinholeWorking(id); err != nil || !working {
		t.Errorf("working %v, %v", working, err)
	}
	if n, err := c.GetPinholePackets(id); err != nil || n != 3 {
		t.Errorf("%d packets, %v", n, err)
	}
	wantCode(t, "delete", c.DeletePinhole(id), 0)
	wantCode(t, "delete again", c.DeletePinhole(id), 704)
}

func TestGoupnpUsesTheOptionalActions(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Version: 1, Connection: "WANPPPConnection", WAN: []emulator.WAN{{UserName: "me@isp", Provider: "ISP"}}})
	ppp := client(t, g, internetgateway2.NewWANPPPConnection1ClientsByURL)
	common := client(t, g, internetgateway2.NewWANCommonInterfaceConfig1ClientsByURL)
	for name, timer := range map[string]struct {
		set func(uint32) error
		get func() (uint32, error)
	}{
		"auto": {ppp.SetAutoDisconnectTime, ppp.GetAutoDisconnectTime},
		"idle": {ppp.SetIdleDisconnectTime, ppp.GetIdleDisconnectTime},
		"warn": {ppp.SetWarnDisconnectDelay, ppp.GetWarnDisconnectDelay},
	} {
		if n, err := timer.get(); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		wantCode(t, name, timer.set(90), 0)
		if n, err := timer.get(); err != nil || n != 90 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	for want, get := range map[string]func() (string, error){
		"me@isp": ppp.GetUserName, "": ppp.GetPassword, "PAP": ppp.GetPPPAuthenticationProtocol, "ISP": common.GetWANAccessProvider,
	} {
		if got, err := get(); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	wantCode(t, "configure", ppp.ConfigureConnection("you@isp", "secret"), 0)
	if got, err := ppp.GetUserName(); err != nil || got != "you@isp" {
		t.Errorf("user name %q, %v", got, err)
	}
	for _, get := range []func() (string, error){ppp.GetPPPEncryptionProtocol, ppp.GetPPPCompressionProtocol} {
		if got, err := get(); err != nil || got != "None" {
			t.Errorf("protocol %q, %v", got, err)
		}
	}
	if up, down, err := ppp.GetLinkLayerMaxBitRates(); err != nil || up == 0 || down < up {
		t.Errorf("bit rates %d, %d, %v", up, down, err)
	}
	if n, err := common.GetMaximumActiveConnections(); err != nil || n != 1 {
		t.Errorf("%d connections at most, %v", n, err)
	}
	device, id, err := common.GetActiveConnection(0)
	if err != nil || !strings.HasSuffix(device, ":WANConnectionDevice:1") || id != "urn:upnp-org:serviceId:WANPPPConn1" {
		t.Errorf("active connection %q, %q, %v", device, id, err)
	}
	wantCode(t, "disable", common.SetEnabledForInternet(false), 0)
	if on, err := common.GetEnabledForInternet(); err != nil || on {
		t.Errorf("enabled %v, %v", on, err)
	}
	_, _, err = common.GetActiveConnection(0)
	wantCode(t, "no active connection", err, 713)
}
