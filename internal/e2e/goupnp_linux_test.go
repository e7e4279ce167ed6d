package e2e

import (
	"encoding/xml"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"
)

// portMapper is what goupnp's WANIPConnection1 and WANIPConnection2 have in common.
type portMapper interface {
	AddPortMapping(remote string, external uint16, protocol string, internal uint16, client string, enabled bool, text string, lease uint32) error
	DeletePortMapping(remote string, external uint16, protocol string) error
	GetSpecificPortMappingEntry(remote string, external uint16, protocol string) (internal uint16, client string, enabled bool, text string, lease uint32, err error)
	GetGenericPortMappingEntry(index uint16) (remote string, external uint16, protocol string, internal uint16, client string, enabled bool, text string, lease uint32, err error)
	GetExternalIPAddress() (string, error)
	GetStatusInfo() (status, lastError string, uptime uint32, err error)
	GetConnectionTypeInfo() (kind, possible string, err error)
	GetNATRSIPStatus() (rsip, nat bool, err error)
}

// entry is a port mapping as goupnp reads it.
type entry struct {
	Remote   string
	External uint16
	Protocol string
	Internal uint16
	Client   string
	Enabled  bool
	Text     string
	Lease    uint32
}

// TestGoupnp is an unmodified goupnp from its own discovery by multicast through all actions for port mappings. It has
// its own reader, which is stricter than ours.
func TestGoupnp(t *testing.T) {
	onHost(t, func(t *testing.T, version int) {
		var all portMapper
		if version == 1 {
			clients, errs, err := internetgateway2.NewWANIPConnection1Clients()
			all = only(t, clients, errs, err)
		} else {
			clients, errs, err := internetgateway2.NewWANIPConnection2Clients()
			second := only(t, clients, errs, err)
			all = second
			defer listAndRange(t, second)
		}
		if ip, err := all.GetExternalIPAddress(); ip != claimed.String() || err != nil {
			t.Errorf("external address %q, %v", ip, err)
		}
		if status, last, _, err := all.GetStatusInfo(); status != "Connected" || last != "ERROR_NONE" || err != nil {
			t.Errorf("status %q, last error %q, %v", status, last, err)
		}
		if kind, possible, err := all.GetConnectionTypeInfo(); kind != "IP_Routed" || possible == "" || err != nil {
			t.Errorf("connection type %q of %q, %v", kind, possible, err)
		}
		if rsip, nat, err := all.GetNATRSIPStatus(); rsip || !nat || err != nil {
			t.Errorf("RSIP %v, NAT %v, %v", rsip, nat, err)
		}

		web := entry{"", 8081, "TCP", 8080, labHost.String(), true, "web & <more>", 3600}
		game := entry{"", 27015, "UDP", 27015, labHost.String(), true, "game", 7200}
		for _, e := range []entry{web, game} {
			if err := all.AddPortMapping(e.Remote, e.External, e.Protocol, e.Internal, e.Client, e.Enabled, e.Text, e.Lease); err != nil {
				t.Fatal(err)
			}
		}
		specific := entry{External: 8081, Protocol: "TCP"}
		var err error
		specific.Internal, specific.Client, specific.Enabled, specific.Text, specific.Lease, err = all.GetSpecificPortMappingEntry("", 8081, "TCP")
		compare(t, "GetSpecificPortMappingEntry", web, specific, err)
		for i, want := range []entry{web, game} {
			var got entry
			got.Remote, got.External, got.Protocol, got.Internal, got.Client, got.Enabled, got.Text, got.Lease, err = all.GetGenericPortMappingEntry(uint16(i))
			compare(t, "GetGenericPortMappingEntry", want, got, err)
		}
		_, _, _, _, _, _, _, _, err = all.GetGenericPortMappingEntry(2)
		fault(t, "GetGenericPortMappingEntry beyond the end", err, 713)
		for _, e := range []entry{web, game} {
			if err := all.DeletePortMapping("", e.External, e.Protocol); err != nil {
				t.Error(err)
			}
		}
		_, _, _, _, _, err = all.GetSpecificPortMappingEntry("", 8081, "TCP")
		fault(t, "GetSpecificPortMappingEntry of what was deleted", err, 714)
		fault(t, "DeletePortMapping of what was deleted", all.DeletePortMapping("", 8081, "TCP"), 714)
	})
}

// listAndRange is what only WANIPConnection:2 has.
func listAndRange(t *testing.T, c *internetgateway2.WANIPConnection2) {
	t.Helper()
	for i, want := range []uint16{9000, 9001} {
		got, err := c.AddAnyPortMapping("", want, "TCP", 8080+uint16(i), labHost.String(), true, "any", 600)
		if got != want || err != nil {
			t.Fatalf("AddAnyPortMapping gives %d, %v; want %d, which is free", got, err, want)
		}
	}
	listing, err := c.GetListOfPortMappings(1, 65535, "TCP", false, 10)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		XMLName xml.Name `xml:"urn:schemas-upnp-org:gw:WANIPConnection PortMappingList"`
		Entries []struct {
			External uint16 `xml:"NewExternalPort"`
			Protocol string `xml:"NewProtocol"`
			Internal uint16 `xml:"NewInternalPort"`
			Client   string `xml:"NewInternalClient"`
			Enabled  int    `xml:"NewEnabled"`
			Text     string `xml:"NewDescription"`
		} `xml:"PortMappingEntry"`
	}
	if err := xml.Unmarshal([]byte(listing), &list); err != nil {
		t.Fatalf("%v in %s", err, listing)
	}
	var got []entry
	for _, e := range list.Entries {
		got = append(got, entry{"", e.External, e.Protocol, e.Internal, e.Client, e.Enabled == 1, e.Text, 0})
	}
	want := []entry{
		{"", 9000, "TCP", 8080, labHost.String(), true, "any", 0},
		{"", 9001, "TCP", 8081, labHost.String(), true, "any", 0},
	}
	compare(t, "GetListOfPortMappings", want, got, nil)
	if err := c.DeletePortMappingRange(9000, 9100, "TCP", false); err != nil {
		t.Error(err)
	}
	fault(t, "DeletePortMappingRange of nothing", c.DeletePortMappingRange(9000, 9100, "TCP", false), 730)
	_, err = c.GetListOfPortMappings(1, 65535, "TCP", false, 10)
	fault(t, "GetListOfPortMappings of nothing", err, 730)
}

// only is the one client that a discovery without any error must give.
func only[C any](t *testing.T, clients []C, errs []error, err error) C {
	t.Helper()
	if err != nil || len(errs) > 0 || len(clients) != 1 {
		t.Fatalf("%d clients, errors %v, %v; want one client", len(clients), errs, err)
	}
	return clients[0]
}

func compare(t *testing.T, what string, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	// A second may pass between adding and reading.
	near := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Lease" },
		cmp.Comparer(func(a, b uint32) bool { return a-b+5 <= 10 }))
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func fault(t *testing.T, what string, err error, code int) {
	t.Helper()
	f, ok := errors.AsType[*goupnpsoap.SOAPFaultError](err)
	if !ok || f.Detail.UPnPError.Errorcode != code {
		t.Errorf("%s: %v, want error %d", what, err, code)
	}
}
