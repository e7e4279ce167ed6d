package main

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/igdkit/igdkit/client"
)

// hearing are the options of a command that stays: it hears what gateways announce on UDP port 1900, and subscribes to the events of its own. A
// command that ends at once does not, because host firewalls ask their users about open ports.
func (a *app) hearing() client.Options {
	o := a.options()
	o.Listen = a.announces()
	return o
}

// announces tells whether what is announced on the network can be about the gateway that was asked for. One that searches are sent to by --ssdp or
// IGD_SSDP is somewhere else, and one on loopback, such as fakeigd's, is on no network.
func (a *app) announces() bool {
	if a.ssdp != "" {
		return false
	}
	host := a.gateway
	if u, err := url.Parse(a.gateway); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	addr, err := netip.ParseAddr(host)
	return !strings.EqualFold(host, "localhost") && (err != nil || !addr.Unmap().IsLoopback())
}
