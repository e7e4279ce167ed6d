package scenarios_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"
	soaper "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// Our own client opens a port on each of them, from the search on.
func TestProfilesOpen(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				router, pc, o := p.stand(t)
				o.Net, o.SSDP = router, "multicast"
				g := emulator.Start(t, o)
				before := table(g)
				m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Lease: time.Hour}, client.Options{Net: pc})
				if p.fails != "" {
					if diff := cmp.Diff(before, table(g)); err == nil || !strings.Contains(err.Error(), p.fails) || diff != "" {
						t.Errorf("%v, want %s; table (-before +after)\n%s", err, p.fails, diff)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(append(before, "TCP 8080 192.168.1.10:8080"), table(g)); diff != "" {
					t.Errorf("open (-want +got)\n%s", diff)
				}
				if err := m.Close(t.Context()); err != nil && p.closes == "" || !strings.Contains(fmt.Sprint(err), p.closes) {
					t.Errorf("closing: %v, want %q", err, p.closes)
				}
				if n := len(table(g)) - len(before); n != p.left {
					t.Errorf("%d mappings left over, want %d", n, p.left)
				}
			})
		})
	}
}

// table lists what a gateway maps.
func table(g *emulator.Gateway) (all []string) {
	for _, m := range g.Mappings() {
		all = append(all, fmt.Sprintf("%s %d %v:%d", m.Protocol, m.ExternalPort, m.InternalClient, m.InternalPort))
	}
	return all
}

// So does goupnp, unmodified and over net/http: by the generic client that it has for every type.
func TestProfilesGoupnp(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			s, err := scenarios.Load(p.name)
			if err != nil {
				t.Fatal(err)
			}
			o := s.Options()[0]
			g := emulator.Start(t, o)
			location, err := url.Parse(g.Location())
			if err != nil {
				t.Fatal(err)
			}
			root, err := goupnp.DeviceByURL(location)
			if err != nil {
				if p.goupnp == "" || !strings.Contains(err.Error(), p.goupnp) {
					t.Fatal(err)
				}
				return
			}
			var path, urn string
			root.Device.VisitServices(func(s *goupnp.Service) {
				if regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
					path, urn = s.ControlURL.Str, s.ServiceType
				}
			})
			if p.none {
				if path != "" {
					t.Errorf("there is a connection service at %s", path)
				}
				return
			}
			control, err := location.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			c := soaper.NewSOAPClient(*control)
			before := len(g.Mappings())
			in := struct {
				NewRemoteHost, NewExternalPort, NewProtocol, NewInternalPort, NewInternalClient, NewEnabled, NewPortMappingDescription, NewLeaseDuration string
			}{"", "8080", "TCP", "8080", "127.0.0.1", "1", "goupnp", "0"}
			err = c.PerformActionCtx(t.Context(), urn, "AddPortMapping", &in, &struct{}{})
			if p.goupnp != "" {
				if err == nil || !strings.Contains(err.Error(), p.goupnp) || len(g.Mappings()) != before {
					t.Errorf("%v and %v, want %s", err, g.Mappings(), p.goupnp)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := len(g.Mappings()) - before; n != 1 {
				t.Errorf("%d mappings more, want 1", n)
			}
			want := external
			switch {
			case o.ExternalIP.IsUnspecified():
				want = ""
			case o.ExternalIP.IsValid():
				want = o.ExternalIP.String()
			}
			var out struct{ NewExternalIPAddress string }
			if err := c.PerformActionCtx(t.Context(), urn, "GetExternalIPAddress", &struct{}{}, &out); err != nil || out.NewExternalIPAddress != want {
				t.Errorf("external address %q, %v", out.NewExternalIPAddress, err)
			}
		})
	}
}
