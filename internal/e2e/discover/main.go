// Command discover is a measuring stick of the benchmark: what a program does that finds its gateway with goupnp, as it comes and as its documentation
// shows, and asks it for the external address. It exits with 1 when there is none.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/huin/goupnp/dcps/internetgateway2"
)

// router is what the connection services of all versions have in common.
type router interface {
	GetExternalIPAddressCtx(ctx context.Context) (string, error)
}

func main() {
	ctx := context.Background()
	searches := []func() []router{
		func() []router {
			all, _, _ := internetgateway2.NewWANIPConnection1ClientsCtx(ctx) // none is told below
			return routers(all)
		},
		func() []router {
			all, _, _ := internetgateway2.NewWANIPConnection2ClientsCtx(ctx)
			return routers(all)
		},
		func() []router {
			all, _, _ := internetgateway2.NewWANPPPConnection1ClientsCtx(ctx)
			return routers(all)
		},
	}
	found := make(chan []router, len(searches))
	for _, search := range searches {
		go func() { found <- search() }()
	}
	var all []router
	for range searches {
		all = append(all, <-found...)
	}
	for _, r := range all {
		if address, err := r.GetExternalIPAddressCtx(ctx); err == nil {
			fmt.Println(address)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "discover: no gateway")
	os.Exit(1)
}

func routers[R router](all []R) (out []router) {
	for _, r := range all {
		out = append(out, r)
	}
	return out
}
