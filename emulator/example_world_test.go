package emulator_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// A computer in a home behind a carrier's NAT sends to a server on the Internet, which answers.
func ExampleWorld() {
	symmetric := nat.Symmetric()
	town, err := emulator.World{
		Homes:    []emulator.Home{{Name: "home", NAT: &symmetric, Upstream: "cgnat", Hosts: []emulator.WorldHost{{Name: "pc"}}}},
		Internet: []emulator.WorldHost{{Name: "server"}},
	}.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer town.Close()
	pc, err := town.Host("pc").ListenPacket(context.Background(), netip.MustParseAddrPort("192.168.1.10:7000"))
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := town.Host("server").ListenPacket(context.Background(), netip.MustParseAddrPort("198.51.100.10:9"))
	if err != nil {
		fmt.Println(err)
		return
	}
	b := make([]byte, 100)
	pc.WriteTo([]byte("hello"), server.LocalAddr())
	n, from, _ := server.ReadFrom(b)
	fmt.Printf("the server hears %q from %v\n", b[:n], from.(*net.UDPAddr).IP)
	server.WriteTo([]byte("welcome"), from)
	n, from, _ = pc.ReadFrom(b)
	fmt.Printf("the computer hears %q from %v\n", b[:n], from)
	home, carrier := town.Gateway("home").NATMappings()[0], town.Gateway("cgnat").NATMappings()[0]
	fmt.Println("one after the other:", home.Internal, "at home,", home.External == carrier.Internal, "in between,", carrier.External.Addr(), "outside")
	// Output:
	// the server hears "hello" from 45.66.77.88
	// the computer hears "welcome" from 198.51.100.10:9
	// one after the other: 192.168.1.10:7000 at home, true in between, 45.66.77.88 outside
}
