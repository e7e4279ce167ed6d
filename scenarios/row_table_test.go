package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// add-table-full-silent-32: a WRT54G says yes to the 33rd mapping and does not have it.
func TestTableFullSilent(t *testing.T) {
	for use, limit := range map[string]int{"igd1": 1000, "add-table-full-silent-32": 32, "add-table-full-silent-32: {limit: 160}": 160} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				c := s.connections()[0]
				for i := range 170 {
					port := 5001 + i
					s.ok(c.add("TCP", port, "192.168.1.10", 0)) // or the test ends
					want := ""
					if i >= limit {
						want = "714"
					}
					if got := s.code(c.of("GetSpecificPortMappingEntry", "TCP", port)); got != want {
						t.Fatalf("mapping %d: error %q, want %q", i+1, got, want)
					}
				}
				there := min(170, limit)
				if got := len(s.listed(c)); got != there || len(s.gateways[0].Mappings()) != there {
					t.Errorf("%d listed, %d there, want %d", got, len(s.gateways[0].Mappings()), there)
				}
				// One that is there can be renewed, and what one gives back another can have.
				s.ok(c.add("TCP", 5003, "192.168.1.10", 600))
				if got := s.ok(c.of("GetSpecificPortMappingEntry", "TCP", 5003))["NewLeaseDuration"]; got != "600" {
					t.Errorf("renewed for 600 s, left %s", got)
				}
				s.ok(c.of("DeletePortMapping", "TCP", 5001))
				s.ok(c.add("UDP", 6001, "192.168.1.10", 0))
				if got := s.code(c.of("GetSpecificPortMappingEntry", "UDP", 6001)); got != "" {
					t.Errorf("there is room, yet error %s", got)
				}
				// Nobody gets through by a mapping that is not.
				behind := s.run("6002")
				s.ok(c.add("TCP", 6002, "192.168.1.10", 0))
				if got := s.tcp(behind); got != (there < limit) {
					t.Errorf("a peer gets through: %v", got)
				}
			})
		})
	}
}

// list-views-differ: upnpc -l and upnpc -L of one miniupnpd 2.1 with nftables differ in the client.
func TestListViewsDiffer(t *testing.T) {
	for use, client := range map[string]string{"igd2": "192.168.1.10", "list-views-differ": "0.0.0.0"} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				c := s.connections()[0]
				for _, port := range []int{5001, 5002} {
					s.ok(c.add("UDP", port, "192.168.1.10", 600))
				}
				for i, port := range []string{"5001", "5002"} {
					want := map[string]string{
						"NewRemoteHost": "", "NewExternalPort": port, "NewProtocol": "UDP", "NewInternalPort": port, "NewInternalClient": client,
						"NewEnabled": "1", "NewPortMappingDescription": "row", "NewLeaseDuration": "600",
					}
					got := s.ok(c.at(i))
					for name := range got { // envelope and body have their text too
						if !strings.HasPrefix(name, "New") {
							delete(got, name)
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("entry %d (-want +got)\n%s", i, diff)
					}
				}
				// All other views are right, and so is what is there.
				if got := s.ok(c.of("GetSpecificPortMappingEntry", "UDP", 5001))["NewInternalClient"]; got != "192.168.1.10" {
					t.Errorf("GetSpecificPortMappingEntry: client %s", got)
				}
				listing := s.ok(c.request("GetListOfPortMappings", "NewStartPort", "0", "NewEndPort", "65535", "NewProtocol", "UDP", "NewManage", "1", "NewNumberOfPorts", "1000"))["NewPortListing"]
				var entries struct {
					Entry []struct {
						Port   int    `xml:"NewExternalPort"`
						Client string `xml:"NewInternalClient"`
					} `xml:"PortMappingEntry"`
				}
				if err := xml.Unmarshal([]byte(listing), &entries); err != nil {
					t.Fatalf("%v\n%s", err, listing)
				}
				if got, want := fmt.Sprint(entries.Entry), "[{5001 192.168.1.10} {5002 192.168.1.10}]"; got != want {
					t.Errorf("GetListOfPortMappings: %s, want %s", got, want)
				}
				for _, m := range s.gateways[0].Mappings() {
					if m.InternalClient.String() != "192.168.1.10" {
						t.Errorf("what is there is %v", m)
					}
				}
				if behind := s.run("5001"); !s.udp(behind) {
					t.Error("a peer does not get through")
				}
			})
		})
	}
}
