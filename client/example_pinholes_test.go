package client_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// A computer with a global IPv6 address lets peers in through the firewall of its gateway, which speaks UPnP by IPv6 at its link-local address.
func ExampleOpenPinholes() {
	ctx := context.Background()
	network := emulator.NewNetwork()
	defer network.Close()
	router, pc := network.Host("router"), network.Host("pc")
	router.AddInterface("", netip.MustParsePrefix("192.168.1.1/24"), netip.MustParsePrefix("fe80::1/64"), netip.MustParsePrefix("2001:db8:1::1/64"))
	pc.AddInterface("", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::10/64"), netip.MustParsePrefix("2001:db8:1::10/64"))
	pc.SetDefaultGateway(netip.MustParseAddr("fe80::1%eth0"))
	gateway, err := emulator.New(ctx, emulator.Options{
		Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", IPv6: true,
		// It answers these; link-local and IPv4 addresses alone if nothing is said.
		Clients: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("2001:db8:1::/64")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()

	holes, err := client.OpenPinholes(ctx, client.PinholeRequest{Port: 8080}, client.Options{Net: pc})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range gateway.Pinholes() {
		fmt.Println("open:", h)
	}
	if err := holes.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("open:", len(gateway.Pinholes()))
	// Output:
	// open: 6 *:0 → [2001:db8:1::10]:8080
	// open: 0
}
