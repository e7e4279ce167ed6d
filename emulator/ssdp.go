package emulator

import (
	"context"
	"net/netip"
)

// Seam for E, written by D: gateway.go calls exactly this; replace the bodies (and this comment).

type ssdpOptions struct {
	net           Net
	lan           netip.Addr
	mode          string // Options.SSDP
	seed          uint64
	allowed       func(netip.Addr) bool                                                  // who is answered
	advertisement func() advertisement                                                   // what to say now; never called with locks of ours held
	note          func(kind string, peer netip.AddrPort, name string, details ...Detail) // journal: "ssdp.search", "ssdp.reply", "ssdp.notify"
}

type ssdpServer struct{}

// startSSDP opens the socket, sends byebye and the first alive (multicast only) and answers searches until close. Mode "off": nil, nil.
func startSSDP(ctx context.Context, o ssdpOptions) (*ssdpServer, error) { return nil, nil }

// addr is where unicast searches are answered. Methods of a nil server do nothing.
func (s *ssdpServer) addr() netip.AddrPort { return netip.AddrPort{} }
func (s *ssdpServer) alive()               {}
func (s *ssdpServer) byebye()              {}

// close says byebye and returns when every goroutine has ended.
func (s *ssdpServer) close() error { return nil }
