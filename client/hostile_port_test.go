package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// What another host says leads to no port of the gateway either, which has more to lose than a description: a reply, an announcement in the gateway's
// name, and every URL in the other's description.
func TestForgerLeadsToNoPortOfTheGateway(t *testing.T) {
	for _, lure := range []string{"http://192.168.1.1:2222/", "http://192.168.1.1:22/", "http://192.168.1.1/", "http://192.168.1.1:49152/desc.xml"} {
		for name, build := range map[string]func(s *stub){
			"LOCATION":   func(s *stub) { s.announce(lure) },
			"controlURL": func(s *stub) { s.page("/desc.xml", description("uuid:forger", "WANIPConnection:1", lure)) },
			"eventSubURL": func(s *stub) {
				s.page("/desc.xml", strings.Replace(description("uuid:forger", "WANIPConnection:1", "/ctl"), "/evt", lure, 1))
			},
			"URLBase": func(s *stub) {
				s.page("/desc.xml", strings.Replace(description("uuid:forger", "WANIPConnection:1", "ctl"), "<device>", "<URLBase>"+lure+"</URLBase><device>", 1))
			},
		} {
			for _, known := range []bool{false, true} { // whether the gateway answers, too
				t.Run(fmt.Sprint(name, " ", lure, " ", known), func(t *testing.T) {
					inNetwork(t, func(t *testing.T, n *emulator.Network) {
						router := newStub(t, n, "router", "192.168.1.1/24")
						if known {
							router.gateway("45.66.77.88")
						}
						forger := newStub(t, n, "forger", "192.168.1.66/24")
						forger.announce(forger.url("/desc.xml"))
						forger.actions("/ctl", connected("45.66.77.88"))
						build(forger)
						w := &watchedNet{Host: newPC(n)}
						m := New(Options{Net: w, Listen: true}).Keep(t.Context(), Request{InternalPort: 8080})
						time.Sleep(10 * time.Second)
						for i, udn := range []string{"uuid:forger", "uuid:router", "uuid:router"} {
							announceFrom(t, forger.host, "192.168.1.66", udn, lure, i)
							time.Sleep(10 * time.Second)
						}
						m.Close(t.Context())
						w.mu.Lock()
						defer w.mu.Unlock()
						for _, a := range w.called {
							if strings.HasPrefix(a, "192.168.1.1:") && a != "192.168.1.1:5000" {
								t.Errorf("%s was called", a)
							}
						}
					})
				})
			}
		}
	}
}

// Who sends in the gateway's name has it called at few of its ports, and not often.
func TestForgedPortsOfTheGatewayAreFew(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		var places []string
		for port := range 100 {
			places = append(places, fmt.Sprintf("http://192.168.1.1:%d/", 6000+port))
		}
		newStub(t, n, "router", "192.168.1.1/24").announce(places...)
		w := &dialed{Host: newPC(n)}
		discover(t.Context(), Options{Net: w})
		calls := len(w.all)
		slices.Sort(w.all)
		if ports := len(slices.Compact(w.all)); ports != maxPerResponder || calls != maxPerResponder*maxFetches {
			t.Errorf("%d calls at %d ports, want %d at %d", calls, ports, maxPerResponder*maxFetches, maxPerResponder)
		}
	})
}

// A port of another service is asked for no description and no action, whoever names it; but the user.
func TestForeignPorts(t *testing.T) {
	for port, want := range map[string]Reason{
		":22": BadLocation, ":25": BadLocation, ":443": BadLocation, ":631": BadLocation, ":1023": BadLocation, ":0": BadLocation,
		"": Unreachable, ":80": Unreachable, ":1024": Unreachable, ":1780": Unreachable, ":60000": Unreachable, // nobody is there
	} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			location := "http://192.168.1.1" + port + "/desc.xml"
			newStub(t, n, "router", "192.168.1.1/24").announce(location)
			w := &watchedNet{Host: newPC(n)}
			_, err := Find(t.Context(), Options{Net: w})
			if reasonOf(err) != want {
				t.Errorf("%s: %v", location, err)
			}
			if want == BadLocation && len(w.called) > 0 {
				t.Errorf("%v was called", w.called)
			}
			if want == BadLocation && port != ":0" && !strings.HasSuffix(err.Error(), "names a port of other services: UPnP is on port 80, or on 1024 and up") {
				t.Error(err)
			}
		})
	}
	for _, tt := range []struct {
		port    uint16 // of the description, as the user gives it
		control string
		found   bool
	}{{5000, "http://192.168.1.1:25/ctl", false}, {81, "/ctl", true}, {81, "http://192.168.1.1:81/ctl", true}, {81, "http://192.168.1.1:25/ctl", false}} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			s := newStub(t, n, "router", "192.168.1.1/24")
			if tt.port != 5000 {
				s.listenHTTP(tt.port)
			}
			s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", tt.control))
			s.actions("/ctl", connected("45.66.77.88"))
			w := &watchedNet{Host: newPC(n)}
			location := fmt.Sprintf("http://192.168.1.1:%d/desc.xml", tt.port)
			g, err := Find(t.Context(), Options{Net: w, Gateway: location})
			if tt.found && (err != nil || !g.Connected) {
				t.Errorf("%s and %s: %v", location, tt.control, err)
			}
			for _, a := range w.called {
				if a == "192.168.1.1:25" {
					t.Errorf("%s and %s: %s was called", location, tt.control, a)
				}
			}
		})
	}
}
