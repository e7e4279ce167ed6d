package emulator_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/emulator"
)

// The oracle is goupnp, unmodified, over plain net/http: nothing of ours reads what the emulator writes.

func location(t testing.TB, g *emulator.Gateway) *url.URL {
	t.Helper()
	u, err := url.Parse(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// client finds the one service of a kind in the description.
func client[C any](t testing.TB, g *emulator.Gateway, byURL func(*url.URL) ([]C, error)) C {
	t.Helper()
	all, err := byURL(location(t, g))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d services, want 1", len(all))
	}
	return all[0]
}

// code is the UPnP error code in what goupnp returned, 0 for success.
func code(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var f *goupnpsoap.SOAPFaultError
	if !errors.As(err, &f) {
		t.Fatalf("not a fault: %v", err)
	}
	return f.Detail.UPnPError.Errorcode
}

func wantCode(t *testing.T, what string, err error, want int) {
	t.Helper()
	if got := code(t, err); got != want {
		t.Errorf("%s: error %d, want %d", what, got, want)
	}
}

// entry is what both reading actions give, with the key.
type entry struct {
	remote   string
	external uint16
	protocol string
	internal uint16
	client   string
	enabled  bool
	text     string
	lease    uint32
}

// portMapper is what the stubs of WANIPConnection:1, :2 and WANPPPConnection:1 share.
type portMapper interface {
	AddPortMapping(remote string, external uint16, protocol string, internal uint16, client string, enabled bool, text string, lease uint32) error
	DeletePortMapping(remote string, external uint16, protocol string) error
	GetSpecificPortMappingEntry(remote string, external uint16, protocol string) (internal uint16, client string, enabled bool, text string, lease uint32, err error)
	GetGenericPortMappingEntry(index uint16) (remote string, external uint16, protocol string, internal uint16, client string, enabled bool, text string, lease uint32, err error)
	GetExternalIPAddress() (string, error)
	GetStatusInfo() (status, lastError string, uptime uint32, err error)
	GetNATRSIPStatus() (rsip, nat bool, err error)
	GetConnectionTypeInfo() (kind, possible string, err error)
	SetConnectionType(kind string) error
	RequestConnection() error
	RequestTermination() error
	ForceTermination() error
}

func specific(c portMapper, remote string, external uint16, protocol string) (entry, error) {
	e := entry{remote: remote, external: external, protocol: protocol}
	var err error
	e.internal, e.client, e.enabled, e.text, e.lease, err = c.GetSpecificPortMappingEntry(remote, external, protocol)
	return e, err
}

func generic(c portMapper, index uint16) (e entry, err error) {
	e.remote, e.external, e.protocol, e.internal, e.client, e.enabled, e.text, e.lease, err = c.GetGenericPortMappingEntry(index)
	return e, err
}

func TestGoupnpMapsPorts(t *testing.T) {
	tests := []struct {
		name    string
		options emulator.Options
		client  func(*testing.T, *emulator.Gateway) portMapper
		lease0  uint32 // what lease 0 becomes
	}{
		{"WANIPConnection:1", emulator.Options{Version: 1}, func(t *testing.T, g *emulator.Gateway) portMapper {
			return client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
		}, 0},
		{"WANPPPConnection:1", emulator.Options{Version: 1, Connection: "WANPPPConnection"}, func(t *testing.T, g *emulator.Gateway) portMapper {
			return client(t, g, internetgateway2.NewWANPPPConnection1ClientsByURL)
		}, 0},
		{"WANIPConnection:2", emulator.Options{Version: 2}, func(t *testing.T, g *emulator.Gateway) portMapper {
			return client(t, g, internetgateway2.NewWANIPConnection2ClientsByURL)
		}, 604800},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := emulator.Start(t, tt.options)
			c := tt.client(t, g)

			_, err := generic(c, 0)
			wantCode(t, "generic entry of an empty table", err, 713)
			_, err = specific(c, "", 8080, "TCP")
			wantCode(t, "specific entry of an empty table", err, 714)
			wantCode(t, "delete from an empty table", c.DeletePortMapping("", 8080, "TCP"), 714)

			for _, e := range []entry{
				{"", 8080, "TCP", 8081, "127.0.0.1", true, "a <web> & \"server\"", 3600},
				{"", 8080, "UDP", 8080, "127.0.0.1", true, "größer", 0},
				{"198.51.100.9", 9000, "TCP", 9000, "127.0.0.1", false, "", 60},
			} {
				err := c.AddPortMapping(e.remote, e.external, e.protocol, e.internal, e.client, e.enabled, e.text, e.lease)
				wantCode(t, "add", err, 0)
			}
			want := []entry{
				{"", 8080, "TCP", 8081, "127.0.0.1", true, "a <web> & \"server\"", 3600},
				{"", 8080, "UDP", 8080, "127.0.0.1", true, "größer", tt.lease0},
				{"198.51.100.9", 9000, "TCP", 9000, "127.0.0.1", false, "", 60},
			}
			for i, w := range want {
				e, err := generic(c, uint16(i))
				wantCode(t, "generic", err, 0)
				if diff := cmp.Diff(w, withFullLease(e, w), cmp.AllowUnexported(entry{})); diff != "" {
					t.Errorf("generic %d (-want +got):\n%s", i, diff)
				}
				e, err = specific(c, w.remote, w.external, w.protocol)
				wantCode(t, "specific", err, 0)
				if diff := cmp.Diff(w, withFullLease(e, w), cmp.AllowUnexported(entry{})); diff != "" {
					t.Errorf("specific %d (-want +got):\n%s", i, diff)
				}
			}
			_, err = generic(c, 3)
			wantCode(t, "generic entry past the end", err, 713)

			wantCode(t, "delete", c.DeletePortMapping("", 8080, "TCP"), 0)
			e, err := generic(c, 0)
			wantCode(t, "generic", err, 0)
			if e.protocol != "UDP" {
				t.Errorf("the entries behind a deleted one did not move up: %+v", e)
			}
			wantCode(t, "delete again", c.DeletePortMapping("", 8080, "TCP"), 714)
			wantCode(t, "delete with the wrong remote host", c.DeletePortMapping("", 9000, "TCP"), 714)
			wantCode(t, "delete with the remote host", c.DeletePortMapping("198.51.100.9", 9000, "TCP"), 0)
		})
	}
}

// withFullLease forgives the seconds that a test takes.
func withFullLease(got, want entry) entry {
	if got.lease <= want.lease && got.lease+10 > want.lease {
		got.lease = want.lease
	}
	return got
}

func TestGoupnpReadsStatus(t *testing.T) {
	for _, version := range []int{1, 2} {
		g := emulator.Start(t, emulator.Options{Version: version})
		var c portMapper
		if version == 1 {
			c = client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
		} else {
			c = client(t, g, internetgateway2.NewWANIPConnection2ClientsByURL)
		}
		ip, err := c.GetExternalIPAddress()
		if err != nil || ip != "45.66.77.88" {
			t.Errorf("external address %q, %v", ip, err)
		}
		status, lastError, uptime, err := c.GetStatusInfo()
		if err != nil || status != "Connected" || lastError != "ERROR_NONE" || uptime > 60 {
			t.Errorf("status %q, %q, %d, %v", status, lastError, uptime, err)
		}
		rsip, nat, err := c.GetNATRSIPStatus()
		if err != nil || rsip || !nat {
			t.Errorf("RSIP %v, NAT %v, %v", rsip, nat, err)
		}
		kind, possible, err := c.GetConnectionTypeInfo()
		if err != nil || kind != "IP_Routed" || !slices.Contains(strings.Split(possible, ","), kind) {
			t.Errorf("connection type %q of %q, %v", kind, possible, err)
		}
		wantCode(t, "set type", c.SetConnectionType("IP_Bridged"), map[int]int{1: 703, 2: 731}[version])
		wantCode(t, "request", c.RequestConnection(), 0)
		wantCode(t, "terminate", c.RequestTermination(), 0)
		wantCode(t, "terminate twice", c.ForceTermination(), 711)
		status, _, uptime, err = c.GetStatusInfo()
		if err != nil || status != "Disconnected" || uptime != 0 {
			t.Errorf("after termination: status %q, uptime %d, %v", status, uptime, err)
		}
		if ip, err = c.GetExternalIPAddress(); err != nil || ip != "" {
			t.Errorf("external address of a closed connection %q, %v", ip, err)
		}
		wantCode(t, "request", c.RequestConnection(), 0)
		if g.ExternalIP().String() != "45.66.77.88" {
			t.Errorf("external address after connecting %v", g.ExternalIP())
		}
		wantCode(t, "force", c.ForceTermination(), 0)
	}
}

func TestGoupnpUsesVersion2(t *testing.T) {
	g := emulator.Start(t, emulator.Options{})
	c := client(t, g, internetgateway2.NewWANIPConnection2ClientsByURL)
	add := func(port, internal uint16) uint16 {
		t.Helper()
		got, err := c.AddAnyPortMapping("", port, "TCP", internal, "127.0.0.1", true, "any", 100)
		wantCode(t, "add any", err, 0)
		return got
	}
	if got := add(7000, 7000); got != 7000 {
		t.Errorf("a free port was not granted: %d", got)
	}
	if got := add(7000, 7000); got != 7000 {
		t.Errorf("a port that already leads there was not granted again: %d", got)
	}
	other := add(7000, 7001)
	if other == 7000 || other < 1024 {
		t.Errorf("taken port: got %d", other)
	}
	wantCode(t, "delete", c.DeletePortMapping("", other, "TCP"), 0)
	add(7002, 7002)
	add(7004, 7004)

	_, err := c.GetListOfPortMappings(9, 8, "TCP", true, 0)
	wantCode(t, "list of a reversed range", err, 733)
	_, err = c.GetListOfPortMappings(7000, 7010, "UDP", true, 0)
	wantCode(t, "list of nothing", err, 730)
	for _, tt := range []struct {
		from, to, most uint16
		manage         bool
		want           []string
	}{
		{0, 65535, 0, true, []string{"7000", "7002", "7004"}},
		{0, 65535, 0, false, []string{"7000", "7002", "7004"}},
		{7001, 7003, 0, true, []string{"7002"}},
		{7000, 7004, 2, true, []string{"7000", "7002"}},
	} {
		listing, err := c.GetListOfPortMappings(tt.from, tt.to, "TCP", tt.manage, tt.most)
		wantCode(t, "list", err, 0)
		if diff := cmp.Diff(tt.want, between(listing, "<p:NewExternalPort>", "</p:NewExternalPort>")); diff != "" {
			t.Errorf("%d-%d, at most %d (-want +got):\n%s", tt.from, tt.to, tt.most, diff)
		}
	}

	wantCode(t, "delete a reversed range", c.DeletePortMappingRange(9, 8, "TCP", false), 733)
	wantCode(t, "delete everybody's", c.DeletePortMappingRange(7000, 7010, "TCP", true), 606)
	wantCode(t, "delete a range", c.DeletePortMappingRange(7001, 7010, "TCP", false), 0)
	wantCode(t, "delete an empty range", c.DeletePortMappingRange(7001, 7010, "TCP", false), 730)
	if got := g.Mappings(); len(got) != 1 || got[0].ExternalPort != 7000 {
		t.Errorf("left over: %v", got)
	}
}

// between are the pieces of s that stand between two marks.
func between(s, begin, end string) (all []string) {
	for {
		_, rest, ok := strings.Cut(s, begin)
		if !ok {
			return all
		}
		piece, rest, _ := strings.Cut(rest, end)
		all, s = append(all, piece), rest
	}
}

func TestGoupnpReadsDescriptions(t *testing.T) {
	for _, tt := range []struct {
		options  emulator.Options
		devices  []string
		services []string
	}{
		{
			emulator.Options{Version: 1},
			[]string{"InternetGatewayDevice:1", "WANDevice:1", "WANConnectionDevice:1"},
			[]string{"Layer3Forwarding:1", "WANCommonInterfaceConfig:1", "WANIPConnection:1"},
		},
		{
			emulator.Options{Version: 1, Connection: "WANPPPConnection"},
			[]string{"InternetGatewayDevice:1", "WANDevice:1", "WANConnectionDevice:1"},
			[]string{"Layer3Forwarding:1", "WANCommonInterfaceConfig:1", "WANPPPConnection:1"},
		},
		{
			emulator.Options{Version: 2},
			[]string{"InternetGatewayDevice:2", "WANDevice:2", "WANConnectionDevice:2"},
			[]string{"Layer3Forwarding:1", "WANCommonInterfaceConfig:1", "WANIPConnection:2", "WANIPv6FirewallControl:1"},
		},
	} {
		g := emulator.Start(t, tt.options)
		root, err := goupnp.DeviceByURLCtx(t.Context(), location(t, g))
		if err != nil {
			t.Fatal(err)
		}
		var devices, services []string
		udns := map[string]bool{}
		root.Device.VisitDevices(func(d *goupnp.Device) {
			devices = append(devices, strings.TrimPrefix(d.DeviceType, "urn:schemas-upnp-org:device:"))
			udns[d.UDN] = true
			if !strings.Contains(d.ModelDescription, "emulator") {
				t.Errorf("%s does not say that it is an emulator: %q", d.DeviceType, d.ModelDescription)
			}
		})
		root.Device.VisitServices(func(s *goupnp.Service) {
			services = append(services, strings.TrimPrefix(s.ServiceType, "urn:schemas-upnp-org:service:"))
			doc, err := s.RequestSCPDCtx(t.Context())
			if err != nil {
				t.Errorf("SCPD of %s: %v", s.ServiceType, err)
				return
			}
			for _, a := range doc.Actions {
				for _, arg := range a.Arguments {
					if doc.GetStateVariable(arg.RelatedStateVariable) == nil {
						t.Errorf("%s: argument %s of %s relates to no variable", s.ServiceType, arg.Name, a.Name)
					}
				}
			}
			if doc.ConfigId == "" {
				t.Errorf("SCPD of %s has no configId", s.ServiceType)
			}
		})
		if diff := cmp.Diff(tt.devices, devices); diff != "" {
			t.Errorf("devices (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(tt.services, services); diff != "" {
			t.Errorf("services (-want +got):\n%s", diff)
		}
		if len(udns) != 3 || root.Device.UDN != g.UDN() {
			t.Errorf("UDNs %v, root %s", udns, g.UDN())
		}
	}
}
