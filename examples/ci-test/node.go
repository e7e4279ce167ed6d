// Package node stands for any program that opens a port; node_test.go shows how such a program is tested against routers
// that nobody has to own.
package node

import (
	"context"
	"net/netip"

	"github.com/igdkit/igdkit/client"
)

// Node is a program that others can call.
type Node struct {
	Port    uint16         // it listens on
	Gateway client.Options // the zero value outside of tests

	mapping *client.Mapping
}

// Start opens the port on the Internet gateway and keeps it open until ctx ends. It waits for the first success.
func (n *Node) Start(ctx context.Context) error {
	n.mapping = client.Keep(ctx, client.Request{InternalPort: n.Port, AnyPort: true, Description: "my node"}, n.Gateway)
	return n.mapping.Wait(ctx)
}

// Address is where others call the node.
func (n *Node) Address() netip.AddrPort { return n.mapping.External() }

// Stop gives the port back.
func (n *Node) Stop(ctx context.Context) error { return n.mapping.Close(ctx) }
