package main

import (
	"net"
	"net/netip"

	"github.com/pion/stun/v3"
	"github.com/rogpeppe/go-internal/testscript"
)

// listenSTUN is a STUN server on loopback that sees everybody at the address seen; the zero Addr never answers.
func listenSTUN(seen netip.Addr) (at string, over func(), err error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: b[:n]}
			if seen.IsValid() && m.Decode() == nil && m.Type == stun.BindingRequest {
				conn.WriteTo(stun.MustBuild(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: seen.AsSlice(), Port: 4321}).Raw, from)
			}
		}
	}()
	return conn.LocalAddr().String(), func() { conn.Close() }, nil
}

// stun starts a STUN server that sees everybody at one address, or is silent, and puts its HOST:PORT into STUN.
//
//	stun 45.66.77.88
//	stun silent
func cmdSTUN(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: stun ADDR or silent")
	}
	var seen netip.Addr
	if args[0] != "silent" {
		seen = netip.MustParseAddr(args[0])
	}
	at, over, err := listenSTUN(seen)
	ts.Check(err)
	ts.Defer(over)
	ts.Setenv("STUN", at)
}
