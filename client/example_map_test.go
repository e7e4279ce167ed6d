package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// gateway starts an emulated gateway on loopback for the examples.
func gateway(ctx context.Context) *emulator.Gateway {
	g, err := emulator.New(ctx, emulator.Options{Version: 1, ExternalIP: netip.MustParseAddr("203.0.113.7")})
	if err != nil {
		log.Fatal(err)
	}
	return g
}

// Node software keeps a port open for as long as it runs.
func ExampleKeep() {
	ctx := context.Background()
	g := gateway(ctx)
	defer g.Close()

	m := client.Keep(ctx, client.Request{InternalPort: 4001, AnyPort: true}, client.Options{Gateway: g.Location()})
	defer m.Close(ctx)
	for e := range m.Events() {
		fmt.Println(e)
		if e.Kind == client.Mapped {
			break
		}
	}
	// Output: mapped 203.0.113.7:4001/TCP → 127.0.0.1:4001
}

// A port that belongs to somebody else is left alone, and the error says whose it is.
func ExampleMap_owned() {
	ctx := context.Background()
	g := gateway(ctx)
	defer g.Close()
	o := client.Options{Gateway: g.Location()}

	web, err := client.Map(ctx, client.Request{InternalPort: 80, ExternalPort: 8080, Lease: time.Hour, Description: "web"}, o)
	if err != nil {
		log.Fatal(err)
	}
	defer web.Close(ctx)
	fmt.Println(web.External(), web.Entries()[0].Lease)

	_, err = client.Map(ctx, client.Request{InternalPort: 8080}, o)
	if owned, ok := errors.AsType[*client.OwnedError](err); ok {
		fmt.Println(err)
		fmt.Println(owned.Owner.Description)
	}
	// Output:
	// 203.0.113.7:8080 1h0m0s
	// port 8080/tcp belongs to another program on the same host, port 80 ("web 8080 TCP")
	// web 8080 TCP
}
