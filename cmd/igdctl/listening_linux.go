package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// listen reads the socket tables of the kernel: unlike a connection, that does not wake the program. The kernel takes
// milliseconds to print them, so they are read while the gateway is asked.
func listen(specs []spec) ears {
	type answer struct {
		bound []netip.Addr
		err   error
	}
	asked := make(map[ear]chan answer)
	for _, e := range earsOf(specs) {
		told := make(chan answer, 1)
		asked[e] = told
		go func() {
			bound, err := e.bound()
			told <- answer{bound, err}
		}()
	}
	return func(_ context.Context, e ear, at netip.Addr) listener {
		told, ok := asked[e]
		if !ok {
			return cannotTell
		}
		a := <-told
		told <- a
		if a.err != nil {
			return cannotTell
		}
		return judge(a.bound, at)
	}
}

// bound lists the addresses on which programs wait at a port.
func (e ear) bound() (bound []netip.Addr, err error) {
	for _, name := range []string{strings.ToLower(e.protocol), strings.ToLower(e.protocol) + "6"} {
		f, err := os.Open("/proc/net/" + name)
		if err != nil {
			if strings.HasSuffix(name, "6") {
				continue // a kernel without IPv6
			}
			return nil, err
		}
		bound = append(bound, boundTo(f, e.port)...)
		f.Close()
	}
	return bound, nil
}

// judge says what programs bound to addresses of one port mean for traffic to at.
func judge(bound []netip.Addr, at netip.Addr) listener {
	hears := func(a netip.Addr) bool { return a.IsUnspecified() || a == at }
	switch {
	case slices.ContainsFunc(bound, hears):
		return somebody
	case slices.ContainsFunc(bound, netip.Addr.IsLoopback):
		return onlyItself
	}
	return nobody
}

// boundTo lists the addresses on which a table of /proc/net has sockets that wait for peers on port: TCP sockets in LISTEN
// (0A), UDP sockets that are not connected (07).
func boundTo(r io.Reader, port uint16) []netip.Addr {
	var out []netip.Addr
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != "0A" && fields[3] != "07" {
			continue
		}
		host, digits, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseUint(digits, 16, 16); err != nil || uint16(n) != port {
			continue
		}
		if a, ok := procAddr(host); ok {
			out = append(out, a)
		}
	}
	return out
}

// procAddr reads an address as /proc/net writes it: words of 32 bits in the order of the machine.
func procAddr(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return a.Unmap(), ok
}
