package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"
	"github.com/huin/goupnp/scpd"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
	"github.com/igdkit/igdkit/soap"
)

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
	o.LAN = p.at.Addr()
	if len(o.Dialect.HTTP.Ports) == 0 { // not known, or a matter of configuration
		o.HTTPPort = p.at.Port()
	}
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
