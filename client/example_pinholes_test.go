package client_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// home6 is a computer with a global IPv6 address behind a gateway that filters IPv6, and speaks UPnP by it at its link-local address.
func home6(ctx context.Context) (pc *emulator.Host, gateway *emulator.Gateway, end func()) {
	network := emulator.NewNetwork()
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
		log.Fatal(err)
	}
	return pc, gateway, func() { gateway.Close(); network.Close() }
}

// A port is opened for a day, on every global IPv6 address of the computer.
func ExampleOpenPinholes() {
	ctx := context.Background()
	pc, gateway, end := home6(ctx)
	defer end()

	holes, err := client.OpenPinholes(ctx, client.PinholeRequest{Port: 8080}, client.Options{Net: pc})
	if err != nil {
		log.Fatal(err)
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

// Node software keeps a port open as it keeps one by IPv4, and need not wait until there is a gateway.
func ExampleKeepPinholes() {
	ctx := context.Background()
	pc, gateway, end := home6(ctx)
	defer end()

	holes := client.KeepPinholes(ctx, client.PinholeRequest{Port: 4001, Protocol: "udp"}, client.Options{Net: pc})
	for e := range holes.Events() {
		fmt.Println(e)
		if e.Kind == client.Mapped {
			break
		}
	}
	fmt.Println("open:", holes.All())
	if err := holes.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("open:", len(gateway.Pinholes()))
	// Output:
	// mapped udp [2001:db8:1::10]:4001
	// open: [udp [2001:db8:1::10]:4001]
	// open: 0
}
