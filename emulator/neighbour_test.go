package emulator_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/emulator"
)

// neighbour is a gateway in the group with a host that listens.
type neighbour struct {
	*emulator.Gateway
	t      *testing.T
	host   *emulator.Host
	member net.PacketConn
	http   http.Client
}

// newNeighbour starts a gateway and lets what it says at the start pass. It must run in synctest.
func newNeighbour(t *testing.T, o emulator.Options) *neighbour {
	t.Helper()
	_, gateway, host := lan(t)
	o.Net, o.LAN, o.SSDP = gateway, netip.MustParseAddr("192.168.1.1"), "multicast"
	n := &neighbour{Gateway: emulator.Start(t, o), t: t, host: host, member: joinGroup(t, host, "192.168.1.10")}
	n.http.Transport = &http.Transport{DialContext: n.dial, DisableKeepAlives: true}
	n.hear() // what it says at the start
	return n
}

func (n *neighbour) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.host.Dial(ctx, network, netip.Addr{}, address)
}

// hear is what an IGD:2 says within a second: kind and BOOTID of each set.
func (n *neighbour) hear() []string {
	var sets []string
	last, count := "", 0
	end := func() {
		if whole := len(announced(2)); count == whole {
			sets = append(sets, last)
		} else if count > 0 {
			sets = append(sets, fmt.Sprintf("%s, %d of %d", last, count, whole))
		}
		count = 0
	}
	for _, h := range listenFor(n.t, n.member, time.Second) {
		if nts := h.get("NTS") + " " + h.get("BOOTID.UPNP.ORG"); nts != last {
			end()
			last = nts
		}
		count++
	}
	end()
	return sets
}

// kinds are those of all entries of the journal.
func (n *neighbour) kinds() (all []string) {
	for _, e := range n.Journal() {
		all = append(all, e.Kind)
	}
	return all
}

// describe fetches the description.
func (n *neighbour) describe(location string) (string, error) {
	r, err := n.http.Get(location)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = errors.New(r.Status)
	}
	return string(b), err
}

// look is what a reboot can change.
type look struct {
	port, path, udn string
	bootID          string
	location        string
}

// search asks the gateway by unicast.
func (n *neighbour) search() (look, bool) {
	n.t.Helper()
	c := listenPacket(n.t, n.host, "192.168.1.10:4000")
	defer c.Close()
	send(n.t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
	all := listenFor(n.t, c, time.Second)
	if len(all) != 1 {
		return look{}, false
	}
	h := all[0]
	port, path, _ := strings.Cut(strings.TrimPrefix(h.get("LOCATION"), "http://192.168.1.1:"), "/")
	udn, _, _ := strings.Cut(h.get("USN"), "::")
	return look{port, path, udn, h.get("BOOTID.UPNP.ORG"), h.get("LOCATION")}, true
}

func (n *neighbour) mustSearch() look {
	n.t.Helper()
	l, ok := n.search()
	if !ok {
		n.t.Fatal("no reply to a search")
	}
	if l.location != n.Location() || l.udn != n.UDN() {
		n.t.Errorf("the search finds %s at %s, the gateway says %s at %s", l.udn, l.location, n.UDN(), n.Location())
	}
	text, err := n.describe(l.location)
	if err != nil || !strings.Contains(text, "<UDN>"+l.udn+"</UDN>") {
		n.t.Errorf("description at %s does not tell of %s: %v\n%s", l.location, l.udn, err, text)
	}
	return l
}

// igd is goupnp's client, by the control URL in the description.
func (n *neighbour) igd() *internetgateway2.WANIPConnection1 {
	n.t.Helper()
	text, err := n.describe(n.Location())
	if err != nil {
		n.t.Fatal(err)
	}
	var root goupnp.RootDevice
	if err := xml.Unmarshal([]byte(text), &root); err != nil {
		n.t.Fatal(err)
	}
	base, err := url.Parse(n.Location())
	if err != nil {
		n.t.Fatal(err)
	}
	root.SetURLBase(base)
	for _, urn := range []string{internetgateway2.URN_WANIPConnection_1, internetgateway2.URN_WANIPConnection_2} {
		for _, s := range root.Device.FindService(urn) {
			c := &internetgateway2.WANIPConnection1{}
			c.SOAPClient = goupnpsoap.NewSOAPClient(s.ControlURL.URL)
			c.SOAPClient.HTTPClient.Transport = n.http.Transport
			return c
		}
	}
	n.t.Fatalf("no WANIPConnection in\n%s", text)
	return nil
}

// add maps a port to the host, by the latest description.
func (n *neighbour) add(port uint16) {
	n.t.Helper()
	if err := n.igd().AddPortMapping("", port, "TCP", port, "192.168.1.10", true, "", 3600); err != nil {
		n.t.Fatal(err)
	}
}
