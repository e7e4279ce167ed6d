package scenarios_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
	"github.com/igdkit/igdkit/soap"
)

// FuzzPlay plays any scenario that can be played, with all its dialect, faults and timeline, to a client that sends any datagram and any
// bytes: nothing breaks, the gateways end when told to, what they do is bounded, and they do the same again.
func FuzzPlay(f *testing.F) {
	const search = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n"
	request := get("/rootDesc.xml")
	for _, name := range scenarios.Names() {
		text, err := scenarios.Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte(search), []byte(request))
	}
	const subscribe = "SUBSCRIBE /event/WANIPConnection1 HTTP/1.1\r\nHost: x\r\nNT: upnp:event\r\nCALLBACK: <http://192.168.1.10:9/>\r\nTIMEOUT: Second-1\r\n\r\n"
	for _, text := range []string{
		"schema: 1\ndevices: {igd: 1, faults: [{on: ssdp.notify, do: {then: {announce: alive}, duplicate: 3}}, {on: tcp.accept, when: {chance: 50%}, do: {close: rst}}]}\n",
		"schema: 1\ndevices: {igd: 2, faults: [{on: gena.notify, do: {delay: 1s, then: {reboot: {downtime: 1s, new-udn: true}}}}, {on: http.body, do: {drip: {bytes: 1, every: 1s}}}]}\n",
		"schema: 1\ndevices: {igd: 1, timeline: [{every: boot, do: {reboot: {new-ports: true, byebye: false}}}], faults: [{on: http.request, do: {hang: true}}]}\n",
	} {
		f.Add([]byte(text), []byte(search), []byte(subscribe))
	}
	const urn = "urn:schemas-upnp-org:service:WANIPConnection:1"
	add := soap.WriteRequest(urn, "AddPortMapping", []soap.Arg{
		{Name: "NewRemoteHost"}, {Name: "NewExternalPort", Value: "8080"}, {Name: "NewProtocol", Value: "TCP"}, {Name: "NewInternalPort", Value: "80"},
		{Name: "NewInternalClient", Value: "192.168.1.10"}, {Name: "NewEnabled", Value: "1"}, {Name: "NewPortMappingDescription"}, {Name: "NewLeaseDuration", Value: "20"},
	})
	call := fmt.Appendf(nil, "POST /control/WANIPConnection1 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: \"%s#AddPortMapping\"\r\nContent-Length: %d\r\n\r\n%s", urn, len(add), add)
	for _, text := range []string{
		"schema: 1\ndevices: {igd: 1, faults: [{on: table.add, do: {set: {NewInternalClient: 192.0.2.7, NewExternalPort: {same-as: NewInternalPort}}}}, {on: xml, do: {remove: [u:AddPortMappingResponse]}}]}\n",
		"schema: 1\ndevices: {igd: 1, faults: [{on: table.expire, do: {store: false}}, {on: soap.AddPortMapping, do: {delay: 1s..5s, rename: {NewEnabled: a}}}], policy: {clients: {accept: any}}}\n",
		"schema: 1\ndevices: {igd: 1, timeline: [{after: AddPortMapping, do: [{wan-address: 0.0.0.0}, {reboot: {keep: true}}]}]}\n",
	} {
		f.Add([]byte(text), []byte(search), call)
	}
	f.Fuzz(func(t *testing.T, text, datagram, request []byte) {
		s, err := scenarios.Parse("f.yaml", text)
		if err != nil || len(s.Options()) > 3 || len(datagram) > 1400 {
			return
		}
		first := played(t, s, datagram, request)
		if bytes.Count(request, []byte("HTTP/1.")) > 1 {
			return // a request that does not wait for the answer before may race with a reboot that follows that
		}
		if again := played(t, s, datagram, request); !bytes.Equal(first, again) {
			was, is := bytes.Split(first, []byte("\n")), bytes.Split(again, []byte("\n"))
			for i := range min(len(was), len(is)) {
				if !bytes.Equal(was[i], is[i]) {
					t.Fatalf("entry %d of %d was\n%s\nand is\n%s", i, len(was), was[i], is[i])
				}
			}
			t.Fatalf("%d entries were there, and %d are", len(was), len(is))
		}
	})
}

// played is what a minute of s writes into the journals of its gateways, one after the other, with these bytes in it.
func played(t *testing.T, s *scenarios.Scenario, datagram, request []byte) []byte {
	var journals []*bytes.Buffer // of each gateway its own: they write at the same time
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		lan := netip.MustParsePrefix("192.168.1.1/24")
		host, pc := n.Host("router", lan), n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		var all []*emulator.Gateway
		defer func() {
			began := time.Now()
			for _, g := range all {
				if err := g.Close(); err != nil {
					t.Error(err)
				}
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("the end took %v", took)
			}
		}()
		for _, o := range s.Options() {
			journals = append(journals, new(bytes.Buffer))
			o.Net, o.LAN, o.SSDP, o.Seed, o.Journal = host, lan.Addr(), "multicast", 1, journals[len(journals)-1]
			if len(all) > 0 {
				o.Beside = all[0]
			}
			g, err := emulator.New(t.Context(), o)
			if err != nil {
				return // it cannot stand here
			}
			all = append(all, g)
		}
		synctest.Wait() // what the start has brought about is done
		c, err := pc.ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.10:4000"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, to := range []string{group, router} {
			_, _ = c.WriteTo(datagram, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
		}
		// Nobody has anything to do at these moments. At the first, MX is over.
		began := time.Now().Add(137 * time.Microsecond)
		<-time.After(time.Until(began.Add(6 * time.Second)))
		ask(t, pc, all[0].Location(), request)
		<-time.After(time.Until(began.Add(time.Minute)))
		synctest.Wait()
		for _, j := range journals {
			if n := bytes.Count(j.Bytes(), []byte("\n")); n > 200_000 {
				t.Errorf("%d entries in a minute", n)
			}
		}
	})
	var all []byte
	for _, j := range journals {
		all = append(all, j.Bytes()...)
	}
	return all
}

// ask sends request and reads for a while what comes back.
func ask(t *testing.T, pc *emulator.Host, location string, request []byte) {
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, u.Host)
	if err != nil {
		return // it is down
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write(request); err == nil {
		_, _ = io.Copy(io.Discard, c)
	}
}
