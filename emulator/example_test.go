package emulator_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"testing"
	"time"

	igd "github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// A program starts a gateway on loopback, opens a port in it, and is told where the Internet reaches it.
func ExampleNew() {
	ctx := context.Background()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	m, err := igd.Map(ctx, igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Entries()[0].External)
	fmt.Println(g.Mappings()[0])
	// Output:
	// 45.66.77.88:8080
	// TCP 8080 → 127.0.0.1:8080
}

// In memory a mapped port carries bytes: a program at home answers a peer on the Internet, and sees its true address.
func ExampleNetwork_Internet() {
	ctx := context.Background()
	n := emulator.NewNetwork()
	defer n.Close()
	router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
	nas := n.Host("nas", netip.MustParsePrefix("192.168.1.10/24"))
	nas.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	peer := n.Internet("peer", netip.MustParseAddr("198.51.100.20"))

	g, err := emulator.New(ctx, emulator.Options{
		Net: router, LAN: netip.MustParseAddr("192.168.1.1"),
		Mappings: []emulator.InitialMapping{{ExternalPort: 8080, InternalClient: netip.MustParseAddr("192.168.1.10"), InternalPort: 80}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	l, err := nas.Listen(ctx, netip.MustParseAddrPort("192.168.1.10:80"))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := peer.Dial(ctx, "tcp", netip.Addr{}, g.Mappings()[0].Reach.String()); err != nil {
		log.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(g.Mappings()[0].Reach)
	fmt.Println(netip.MustParseAddrPort(c.RemoteAddr().String()).Addr())
	// Output:
	// 45.66.77.88:8080
	// 198.51.100.20
}

// In a test a gateway ends with the test. When the test fails, it tells what the gateway saw, the seed, and how to see it again.
func ExampleStart() {
	test := func(t *testing.T) {
		g := emulator.Start(t, emulator.Options{Version: 1})
		m, err := igd.Map(t.Context(), igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.Expect(t,
			emulator.Expectation{Calls: "AddPortMapping", With: map[string]emulator.Test{"NewInternalPort": emulator.Equals("8080")}},
			emulator.Expectation{Calls: "DeletePortMapping", Code: new(0), Exactly: new(1)},
		)
		if n := len(g.Mappings()); n != 0 {
			t.Errorf("%d mappings left over", n)
		}
	}
	fmt.Println(runs(test))
	// Output: true
}

// A gateway that refuses every lease but the permanent one: the client asks again, and the test sees that it did.
func ExampleGateway_AddFault() {
	test := func(t *testing.T) {
		g := emulator.Start(t, emulator.Options{Version: 1})
		err := g.AddFault(emulator.Fault{
			On: "soap.AddPortMapping",
			If: emulator.Condition{Arg: map[string]emulator.Test{"NewLeaseDuration": {Not: new("0")}}},
			Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: soap.OnlyPermanentLeasesSupported}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := igd.Map(t.Context(), igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()}); err != nil {
			t.Fatal(err)
		}
		for _, call := range g.Calls("AddPortMapping") {
			fmt.Println("lease", call.Details.Get("NewLeaseDuration"), "error", call.Code)
		}
	}
	fmt.Println(runs(test))
	// Output:
	// lease 86400 error 725
	// lease 0 error 0
	// true
}

// A lease ends when the clock says so, three days in no time.
func ExampleGateway_Advance() {
	ctx := context.Background()
	g, err := emulator.New(ctx, emulator.Options{Version: 1, Clock: emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	request := igd.Request{InternalPort: 8080, Lease: 72 * time.Hour}
	if _, err := igd.Map(ctx, request, igd.Options{Gateway: g.Location()}); err != nil {
		log.Fatal(err)
	}
	for _, e := range g.Advance(96 * time.Hour) {
		fmt.Println(e.Time.Format(time.DateTime), e.Event, e.Mapping)
	}
	fmt.Println(len(g.Mappings()), "mappings are left")
	// Output:
	// 2026-01-04 00:00:00 mapping-expired TCP 8080 → 127.0.0.1:8080
	// 0 mappings are left
}

// A router restarts without a word and forgets its mappings; then its provider gives it another address.
func ExampleGateway_Act() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	if _, err := igd.Map(ctx, igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()}); err != nil {
		log.Fatal(err)
	}

	if err := g.Act(emulator.Action{Reboot: &emulator.Reboot{ByeBye: new(false)}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("after the reboot:", len(g.Mappings()), "mappings")

	address := netip.MustParseAddr("198.51.100.9")
	if err := g.Act(emulator.Action{WANAddress: &address}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("now it is", g.ExternalIP())
	// Output:
	// after the reboot: 0 mappings
	// now it is 198.51.100.9
}

// What has not happened is explained by what came nearest.
func ExampleGateway_Verify() {
	ctx := context.Background()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	if _, err := igd.Map(ctx, igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()}); err != nil {
		log.Fatal(err)
	}

	unmet, err := g.Verify(emulator.Expectation{Calls: "AddPortMapping", With: map[string]emulator.Test{"NewLeaseDuration": emulator.Equals("0")}})
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range unmet {
		fmt.Println(u.Expectation)
		for _, near := range u.Near {
			fmt.Println(near.Entry.Name, near.Differs[0])
		}
	}
	// Output:
	// calls AddPortMapping with NewLeaseDuration 0, at least once
	// AddPortMapping NewLeaseDuration is 86400, not 0
}

// A test waits for what its program does in the background, instead of sleeping.
func ExampleGateway_Await() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	mapped := make(chan error, 1)
	go func() {
		_, err := igd.Map(ctx, igd.Request{InternalPort: 8080}, igd.Options{Gateway: g.Location()})
		mapped <- err
	}()

	call, err := g.Await(ctx, emulator.Expectation{Calls: "AddPortMapping", Code: new(0)})
	if unmet, ok := errors.AsType[*emulator.UnmetError](err); ok {
		fmt.Println(unmet.Unmet[0]) // with what came nearest
	}
	fmt.Println(call.Name, call.Details.Get("NewExternalPort"))
	fmt.Println(<-mapped)
	// Output:
	// AddPortMapping 8080
	// <nil>
}

// runs reports whether a test passes. It says nothing of it under go test -v either, where the output of an example is compared as well.
func runs(test func(*testing.T)) bool {
	verbose := flag.Lookup("test.v").Value
	defer verbose.Set(verbose.String())
	verbose.Set("false")
	all := []testing.InternalTest{{Name: "TestMyProgram", F: test}}
	return testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, all)
}
