package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
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
	"github.com/igdkit/igdkit/soap"
)

// profile is what captures of a router give, byte by byte. $UDN stands for the name of the root device, $NOW for the moment in which the
// test runs, and the length of a description is N. What is between ‹ and › in a reply or a description is a regular expression.
type profile struct {
	name     string
	at       netip.AddrPort
	external string // address on the Internet

	udn     string // what that of the root device looks like
	st      string // searched for
	reply   string // of the search
	begins  string // the answer to GET of the description
	ends    string
	tree    []string // devices and services in their order: what they are and where
	control string   // what the path of the connection service looks like
	urn     string   // of the connection service
	answer  string   // to GetExternalIPAddress; empty: not known
	refuses []string // an action with arguments
	fault   string   // its answer
	more    []talk   // what else is known, in this order
	gets    []talk   // the same of documents by their paths
}

// talk is a request and its answer.
type talk struct {
	call   []string // an action with arguments, or a path
	answer string   // whole
}

// profiles are what public captures give of each router; the documents themselves are in the evidence that each scenario names.
func profiles() []profile {
	return slices.Concat(firstProfiles(), keptProfiles(), threadProfiles())
}

// now is when time begins in a bubble.
const now = "Sat, 01 Jan 2000 00:00:00 GMT"

func TestProfilesOnTheWire(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { p.test(t) })
		})
	}
}

func (p profile) test(t *testing.T) {
	g, pc := p.start(t)
	if !regexp.MustCompile("^" + p.udn + "$").MatchString(g.UDN()) {
		t.Errorf("UDN %s does not look like %s", g.UDN(), p.udn)
	}
	fill := strings.NewReplacer("$UDN", g.UDN(), "$NOW", now)
	reply := search(t, pc, g.SSDP(), p.st)
	if want := crlf(fill.Replace(p.reply)); want != "" && !regexp.MustCompile("^"+pattern(want)+"$").MatchString(reply) {
		t.Errorf("reply (-want +got)\n%s", cmp.Diff(want, reply))
	}
	path := strings.TrimPrefix(g.Location(), "http://"+p.at.String())
	answer := exchange(t, pc, p.at, "GET "+path+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n")
	answer = regexp.MustCompile(`ength: \d+`).ReplaceAllString(answer, "ength: N")
	_, document, _ := strings.Cut(answer, "\r\n\r\n")
	beginning := answer
	if !strings.HasPrefix(p.begins, "HTTP/") { // the head is not known
		beginning = document
	}
	if want := fill.Replace(p.begins); !regexp.MustCompile("^" + pattern(want)).MatchString(beginning) {
		t.Errorf("description begins (-want +got)\n%s", cmp.Diff(want, beginning[:min(len(beginning), len(want))]))
	}
	if want := fill.Replace(p.ends); !regexp.MustCompile(pattern(want) + "$").MatchString(answer) {
		t.Errorf("description ends (-want +got)\n%s", cmp.Diff(want, answer[max(0, len(answer)-len(want)):]))
	}
	var tree goupnp.RootDevice
	if err := xml.Unmarshal([]byte(document), &tree); err != nil {
		t.Fatal(err)
	}
	if diff := p.diff(outline(&tree.Device)); diff != "" {
		t.Errorf("tree (-want +got)\n%s", diff)
	}
	control := ""
	tree.Device.VisitServices(func(s *goupnp.Service) {
		if regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
			control = s.ControlURL.Str
		}
	})
	if p.answer != "" {
		if got := p.call(t, pc, control, "GetExternalIPAddress"); got != fill.Replace(p.answer) {
			t.Errorf("answer (-want +got)\n%s", cmp.Diff(fill.Replace(p.answer), got))
		}
	}
	if p.fault != "" {
		got := p.call(t, pc, control, p.refuses[0], p.refuses[1:]...)
		if !strings.HasPrefix(p.fault, "HTTP/") { // the head is not known
			_, got, _ = strings.Cut(got, "\r\n\r\n")
		}
		if want := fill.Replace(p.fault); got != want {
			t.Errorf("fault (-want +got)\n%s", cmp.Diff(want, got))
		}
	}
	for _, s := range p.gets {
		got := exchange(t, pc, p.at, "GET "+s.call[0]+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n")
		if want := fill.Replace(s.answer); got != want {
			t.Errorf("%s (-want +got)\n%s", s.call[0], cmp.Diff(want, got))
		}
	}
	for _, s := range p.more {
		if got, want := p.call(t, pc, control, s.call[0], s.call[1:]...), fill.Replace(s.answer); got != want {
			t.Errorf("%s (-want +got)\n%s", s.call[0], cmp.Diff(want, got))
		}
	}
}

// Our own client opens a port on each of them, from the search on.
func TestProfilesOpen(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, pc := p.start(t)
				m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Lease: time.Hour}, client.Options{Net: pc, SSDP: g.SSDP().String()})
				if err != nil {
					t.Fatal(err)
				}
				var open []string
				for _, m := range g.Mappings() {
					open = append(open, fmt.Sprintf("%s %d %v:%d", m.Protocol, m.ExternalPort, m.InternalClient, m.InternalPort))
				}
				if diff := cmp.Diff([]string{"TCP 8080 192.168.1.10:8080"}, open); diff != "" {
					t.Errorf("open (-want +got)\n%s", diff)
				}
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if n := len(g.Mappings()); n != 0 {
					t.Errorf("%d mappings left over", n)
				}
			})
		})
	}
}

// So does goupnp, unmodified and over net/http: by the generic client that it has for every type.
func TestProfilesGoupnp(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			s, err := scenarios.Load(p.name)
			if err != nil {
				t.Fatal(err)
			}
			g := emulator.Start(t, s.Options()[0])
			location, err := url.Parse(g.Location())
			if err != nil {
				t.Fatal(err)
			}
			root, err := goupnp.DeviceByURL(location)
			if err != nil {
				t.Fatal(err)
			}
			var path, urn string
			root.Device.VisitServices(func(s *goupnp.Service) {
				if regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
					path, urn = s.ControlURL.Str, s.ServiceType
				}
			})
			control, err := location.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			c := soaper.NewSOAPClient(*control)
			in := struct {
				NewRemoteHost, NewExternalPort, NewProtocol, NewInternalPort, NewInternalClient, NewEnabled, NewPortMappingDescription, NewLeaseDuration string
			}{"", "8080", "TCP", "8080", "127.0.0.1", "1", "goupnp", "0"}
			if err := c.PerformActionCtx(t.Context(), urn, "AddPortMapping", &in, &struct{}{}); err != nil {
				t.Fatal(err)
			}
			if n := len(g.Mappings()); n != 1 {
				t.Errorf("%d mappings, want 1", n)
			}
			var out struct{ NewExternalIPAddress string }
			if err := c.PerformActionCtx(t.Context(), urn, "GetExternalIPAddress", &struct{}{}, &out); err != nil || out.NewExternalIPAddress != "45.66.77.88" {
				t.Errorf("external address %q, %v", out.NewExternalIPAddress, err)
			}
		})
	}
}

// start plays the profile at its address beside a host.
func (p profile) start(t *testing.T) (*emulator.Gateway, *emulator.Host) {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	router := n.Host("router", netip.PrefixFrom(p.at.Addr(), 24))
	pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	pc.SetDefaultGateway(p.at.Addr())
	s, err := scenarios.Load(p.name)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Options()[0]
	o.Net, o.LAN, o.HTTPPort, o.SSDP = router, p.at.Addr(), p.at.Port(), netip.AddrPortFrom(p.at.Addr(), 1900).String()
	if p.external != "" {
		o.ExternalIP = netip.MustParseAddr(p.external)
	}
	return emulator.Start(t, o), pc
}

// search asks by unicast, and gives the first answer.
func search(t *testing.T, pc *emulator.Host, to netip.AddrPort, st string) string {
	t.Helper()
	c, err := pc.ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.10:4000"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: "+st+"\r\n\r\n"), net.UDPAddrFromAddrPort(to)); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 4096)
	k, _, err := c.ReadFrom(b)
	if err != nil {
		t.Fatalf("no answer to a search for %s: %v", st, err)
	}
	return string(b[:k])
}

// call sends a control request.
func (p profile) call(t *testing.T, pc *emulator.Host, path, action string, args ...string) string {
	t.Helper()
	var all []soap.Arg
	for i := 0; i < len(args); i += 2 {
		all = append(all, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	body := soap.WriteRequest(p.urn, action, all)
	return exchange(t, pc, p.at, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %v\r\nConnection: close\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"+
		"SOAPAction: \"%s#%s\"\r\nContent-Length: %d\r\n\r\n%s", path, p.at, p.urn, action, len(body), body))
}

// exchange gives all that the gateway sends until it closes the connection.
func exchange(t *testing.T, pc *emulator.Host, to netip.AddrPort, request string) string {
	t.Helper()
	c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// outline lists a tree: a device with its UDN, and what its services are called and where they are.
func outline(d *goupnp.Device) []string {
	all := []string{d.DeviceType + " " + d.UDN}
	for _, s := range d.Services {
		all = append(all, strings.Join([]string{s.ServiceType, s.ServiceId, s.SCPDURL.Str, s.ControlURL.Str, s.EventSubURL.Str}, " "))
	}
	for i := range d.Devices {
		all = append(all, outline(&d.Devices[i])...)
	}
	return all
}

// diff compares lines of which those that are wanted are regular expressions.
func (p profile) diff(got []string) string {
	want := append([]string(nil), p.tree...)
	for i := range want {
		if i < len(got) && regexp.MustCompile("^"+want[i]+"$").MatchString(got[i]) {
			want[i] = got[i]
		}
	}
	return cmp.Diff(want, got)
}

// pattern is the regular expression of a text in which some pieces are regular expressions.
func pattern(text string) string {
	var b strings.Builder
	for text != "" {
		literal, rest, _ := strings.Cut(text, "‹")
		piece, after, _ := strings.Cut(rest, "›")
		b.WriteString(regexp.QuoteMeta(literal) + piece)
		text = after
	}
	return b.String()
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
