package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator"
)

// A program starts a gateway on loopback and asks it what its address on the Internet is.
func ExampleNew() {
	ctx := context.Background()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()

	location, err := url.Parse(g.Location())
	if err != nil {
		fmt.Println(err)
		return
	}
	clients, err := internetgateway2.NewWANIPConnection1ClientsByURLCtx(ctx, location)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(clients[0].GetExternalIPAddressCtx(ctx))
	// Output: 45.66.77.88 <nil>
}

// In a test a gateway ends with the test.
func ExampleStart() {
	test := func(t *testing.T) {
		g := emulator.Start(t, emulator.Options{Version: 1})
		resp, err := http.Get(g.Location()) // or whatever is under test
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if n := len(g.Mappings()); n != 0 {
			t.Errorf("%d mappings left over", n)
		}
	}
	fmt.Println(testing.RunTests(func(_, _ string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "TestMyProgram", F: test}}))
	// Output: true
}

// A lease ends when the clock says so, three days in no time.
func ExampleClock_Advance() {
	clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	g, err := emulator.New(context.Background(), emulator.Options{
		Version: 1,
		Clock:   clock,
		OnEvent: func(e emulator.Event) { fmt.Println(e.Time.Format(time.DateTime), e.Event, e.Mapping) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()

	location, err := url.Parse(g.Location())
	if err != nil {
		fmt.Println(err)
		return
	}
	clients, err := internetgateway2.NewWANIPConnection1ClientsByURLCtx(context.Background(), location)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := clients[0].AddPortMapping("", 8080, "TCP", 80, "127.0.0.1", true, "web", 3*24*3600); err != nil {
		fmt.Println(err)
	}
	clock.Advance(4 * 24 * time.Hour)
	// Output:
	// 2026-01-01 00:00:00 mapping-added TCP 8080 → 127.0.0.1:80
	// 2026-01-04 00:00:00 mapping-expired TCP 8080 → 127.0.0.1:80
}
