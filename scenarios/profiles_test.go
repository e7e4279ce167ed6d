package scenarios_test

import (
	std "cmp"
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
	"github.com/huin/goupnp/scpd"
	soaper "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
	"github.com/igdkit/igdkit/soap"
)

// profile is what captures of a router give, byte by byte. $UDN stands for the name of the root device, $NOW for the moment in which the
// test runs, $LOCATION for the URL of the description, and its length is N. What is between ‹ and › in a reply or a description is a
// regular expression.
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
	actions []string // that the SCPD of the connection service lists, in any order; nil: not known

	alive    string   // the announcement of what is searched for
	byebye   string   // how that is taken back; empty: not known
	says     []string // what stands in the description, without the white space between elements, which a browser does not show
	misspelt string   // how the answer to a request begins whose header says Soapaction
	bare     string   // status, and UPnP error, of the answer to an action without quotation marks
	resets   string   // an action at which the connection is reset
	scpd     string   // HTTP status of the documents of services; empty: 200
	none     bool     // there is no connection service
	fails    string   // what our client says where no port can be opened; empty: one can
	goupnp   string   // what goupnp says where it opens none; empty: it does
	left     int      // mappings that are there when our client takes its own for gone
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
	fill := strings.NewReplacer("$UDN", g.UDN(), "$NOW", now, "$LOCATION", g.Location())
	var reply string
	if p.st != "" {
		reply = search(t, pc, g.SSDP(), p.st)
	}
	if want := crlf(fill.Replace(p.reply)); want != "" && !regexp.MustCompile("^"+pattern(want)+"$").MatchString(reply) {
		t.Errorf("reply (-want +got)\n%s", cmp.Diff(want, reply))
	}
	path := strings.TrimPrefix(g.Location(), "http://"+p.at.String())
	answer := exchange(t, pc, p.at, "GET "+path+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n")
	answer = regexp.MustCompile(`((?i)length: )\d+`).ReplaceAllString(answer, "${1}N")
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
	named := strings.Replace(document, "<root>", `<root xmlns="urn:schemas-upnp-org:device-1-0">`, 1) // goupnp wants the namespace
	if err := xml.Unmarshal([]byte(named), &tree); err != nil {
		t.Fatal(err)
	}
	if diff := p.diff(outline(&tree.Device)); diff != "" {
		t.Errorf("tree (-want +got)\n%s", diff)
	}
	between := regexp.MustCompile(`>\s+<`).ReplaceAllString(document, "><")
	for _, part := range p.says {
		if part := fill.Replace(part); !strings.Contains(between, part) {
			t.Errorf("description says %s\nwithout %s", between, part)
		}
	}
	tree.Device.VisitServices(func(s *goupnp.Service) {
		path := strings.TrimPrefix(s.SCPDURL.Str, "http://"+p.at.String())
		status := strings.Fields(exchange(t, pc, p.at, "GET "+path+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n"))[1]
		if want := std.Or(p.scpd, "200"); status != want {
			t.Errorf("%s is %s, want %s", s.SCPDURL.Str, status, want)
		}
	})
	control := ""
	tree.Device.VisitServices(func(s *goupnp.Service) {
		if regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
			control = strings.TrimPrefix(s.ControlURL.Str, "http://"+p.at.String())
		}
	})
	if p.none != (control == "") {
		t.Errorf("control URL %q", control)
	}
	if p.actions != nil {
		if diff := cmp.Diff(slices.Sorted(slices.Values(p.actions)), slices.Sorted(slices.Values(p.listed(t, pc, &tree.Device)))); diff != "" {
			t.Errorf("actions (-want +got)\n%s", diff)
		}
	}
	if p.answer != "" {
		if got := p.call(t, pc, control, "GetExternalIPAddress"); got != fill.Replace(p.answer) {
			t.Errorf("answer (-want +got)\n%s", cmp.Diff(fill.Replace(p.answer), got))
		}
	}
	if p.misspelt != "" {
		request := p.request(control, "GetExternalIPAddress")
		got := exchange(t, pc, p.at, strings.Replace(request, "SOAPAction:", "Soapaction:", 1))
		if !strings.HasPrefix(got, p.misspelt) {
			t.Errorf("to Soapaction (-want +got)\n%s", cmp.Diff(p.misspelt, got))
		}
	}
	if p.bare != "" {
		request := p.request(control, "GetExternalIPAddress")
		got := exchange(t, pc, p.at, regexp.MustCompile(`SOAPAction: "(.*)"`).ReplaceAllString(request, "SOAPAction: $1"))
		if said := strings.Join(regexp.MustCompile(`^HTTP/1.1 (\d+)[^<]*(?:.*<errorCode>(\d+))?`).FindStringSubmatch(got)[1:], " "); said != p.bare {
			t.Errorf("to an action without quotation marks: %s, want %s", got, p.bare)
		}
	}
	if p.resets != "" {
		c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, p.at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, p.request(control, p.resets)); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); len(got) > 0 || ending(err) != "reset" {
			t.Errorf("%s ends with %q, %v", p.resets, got, err)
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
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
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

// start plays the profile at its address beside a host.
func (p profile) start(t *testing.T) (*emulator.Gateway, *emulator.Host) {
	t.Helper()
	router, pc, o := p.stand(t)
	o.Net, o.SSDP = router, netip.AddrPortFrom(p.at.Addr(), 1900).String()
	return emulator.Start(t, o), pc
}

// stand makes a network for the profile: a router, a host, and what the router is to be.
func (p profile) stand(t *testing.T) (router, pc *emulator.Host, o emulator.Options) {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	router = n.Host("router", netip.PrefixFrom(p.at.Addr(), 24))
	pc = n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	pc.SetDefaultGateway(p.at.Addr())
	s, err := scenarios.Load(p.name)
	if err != nil {
		t.Fatal(err)
	}
	o = s.Options()[0]
	o.LAN, o.HTTPPort = p.at.Addr(), p.at.Port()
	if p.external != "" {
		o.ExternalIP = netip.MustParseAddr(p.external)
	}
	return router, pc, o
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
	return exchange(t, pc, p.at, p.request(path, action, args...))
}

// request is a control request.
func (p profile) request(path, action string, args ...string) string {
	var all []soap.Arg
	for i := 0; i < len(args); i += 2 {
		all = append(all, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	body := soap.WriteRequest(p.urn, action, all)
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %v\r\nConnection: close\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"+
		"SOAPAction: \"%s#%s\"\r\nContent-Length: %d\r\n\r\n%s", path, p.at, p.urn, action, len(body), body)
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

// listed are the actions that the SCPD of the connection service lists.
func (p profile) listed(t *testing.T, pc *emulator.Host, d *goupnp.Device) (names []string) {
	t.Helper()
	d.VisitServices(func(s *goupnp.Service) {
		if !regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
			return
		}
		_, document, _ := strings.Cut(exchange(t, pc, p.at, "GET "+s.SCPDURL.Str+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n"), "\r\n\r\n")
		var v scpd.SCPD
		if err := xml.Unmarshal([]byte(document), &v); err != nil {
			t.Error(err)
		}
		for _, a := range v.Actions {
			names = append(names, a.Name)
		}
	})
	return names
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
