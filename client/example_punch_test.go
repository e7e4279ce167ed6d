package client_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// Two nodes, each behind a router that lets in only who was sent to, talk to each other. Each knows the other's public address, and that the routers keep
// the numbers of ports.
func ExamplePunch() {
	ctx := context.Background()
	network := emulator.NewNetwork()
	defer network.Close()
	talk := func(name, lan, public, peer string) {
		router := netip.MustParseAddr(lan + ".1")
		gateway, err := emulator.New(ctx, emulator.Options{
			Name: name, Net: network.Host(name, netip.PrefixFrom(router, 24)), LAN: router, Mute: true, ExternalIP: netip.MustParseAddr(public),
			Plane: emulator.Plane{NAT: &nat.Behaviour{Filtering: nat.AddressAndPortDependent}},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer gateway.Close()
		host := network.Host("host of "+name, netip.MustParsePrefix(lan+".10/24"))
		host.SetDefaultGateway(router)
		conn, err := host.ListenPacket(ctx, netip.MustParseAddrPort("0.0.0.0:4000"))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer conn.Close()

		node, _ := client.ParseNode(peer)
		path, err := client.Punch(ctx, conn, node, client.PunchOptions{Key: []byte("only the two know it"), Net: host})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer path.Close()
		fmt.Fprintf(path, "hello from %s", name)
		b := make([]byte, 1500)
		n, _ := path.Read(b)
		fmt.Printf("%s hears %q by %v\n", name, b[:n], path.Method())
	}
	var both sync.WaitGroup
	both.Go(func() { talk("alice", "192.168.1", "45.66.77.1", "45.66.77.2:4000") })
	both.Go(func() { talk("bob", "192.168.2", "45.66.77.2", "45.66.77.1:4000") })
	both.Wait()
	// Unordered output:
	// alice hears "hello from bob" by punch
	// bob hears "hello from alice" by punch
}
