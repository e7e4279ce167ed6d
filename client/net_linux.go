package client

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// defaultGateways reads the main routing tables from proc. thread-self, because a thread may stand in a network namespace
// of its own.
func defaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	var routes []defaultRoute
	for _, table := range []struct {
		name string
		read func(io.Reader, string) ([]defaultRoute, error)
	}{{"route", readRoutes4}, {"ipv6_route", readRoutes6}} {
		f, err := os.Open("/proc/thread-self/net/" + table.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no IPv6, or a kernel without the table
		}
		if err != nil {
			return nil, err
		}
		r, err := table.read(f, ifi.Name)
		f.Close()
		if err != nil {
			return nil, err
		}
		routes = append(routes, r...)
	}
	slices.SortStableFunc(routes, func(a, b defaultRoute) int { return cmp.Compare(a.metric, b.metric) })
	var gateways []netip.Addr
	for _, r := range routes {
		if !slices.Contains(gateways, r.gateway) {
			gateways = append(gateways, r.gateway)
		}
	}
	return gateways, nil
}

type defaultRoute struct {
	gateway netip.Addr
	metric  uint64
}

const (
	rtfUp      = 0x1
	rtfGateway = 0x2
	rtfReject  = 0x200
)

// readRoutes4 reads /proc/net/route: addresses in hexadecimal, in the byte order of the machine.
func readRoutes4(r io.Reader, ifi string) ([]defaultRoute, error) {
	const name, dest, gateway, flags, metric, mask = 0, 1, 2, 3, 6, 7
	var routes []defaultRoute
	s := bufio.NewScanner(r)
	for s.Scan() {
		f := strings.Fields(s.Text())
		if len(f) <= mask || f[name] != ifi || strings.Trim(f[dest]+f[mask], "0") != "" || !viaGateway(f[flags]) {
			continue
		}
		word, err1 := strconv.ParseUint(f[gateway], 16, 32)
		m, err2 := strconv.ParseUint(f[metric], 10, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		var a [4]byte
		binary.NativeEndian.PutUint32(a[:], uint32(word))
		routes = append(routes, defaultRoute{netip.AddrFrom4(a), m})
	}
	return routes, s.Err()
}

// readRoutes6 reads /proc/net/ipv6_route: addresses in hexadecimal, in network order.
func readRoutes6(r io.Reader, ifi string) ([]defaultRoute, error) {
	const dest, length, gateway, metric, flags, name = 0, 1, 4, 5, 8, 9
	var routes []defaultRoute
	s := bufio.NewScanner(r)
	for s.Scan() {
		f := strings.Fields(s.Text())
		if len(f) <= name || f[name] != ifi || strings.Trim(f[dest]+f[length], "0") != "" || !viaGateway(f[flags]) {
			continue
		}
		b, err1 := hex.DecodeString(f[gateway])
		m, err2 := strconv.ParseUint(f[metric], 16, 64)
		a, ok := netip.AddrFromSlice(b)
		if err1 != nil || err2 != nil || !ok {
			continue
		}
		if a.IsLinkLocalUnicast() {
			a = a.WithZone(ifi)
		}
		routes = append(routes, defaultRoute{a, m})
	}
	return routes, s.Err()
}

func viaGateway(flags string) bool {
	n, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && n&(rtfUp|rtfGateway|rtfReject) == rtfUp|rtfGateway
}
