package main

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/hostname"
)

// labNames are the names that a lab's resolver knows, by [hostname.Key], and whose each of them is.
type labNames struct {
	addrs map[string][]netip.Addr
	whose map[string]string
}

// named are the names of a network: of all that w names, of STUN, and those that the file says beside.
func (f *labFile) named(w *emulator.World) (map[string][]netip.Addr, error) {
	n := labNames{map[string][]netip.Addr{}, map[string]string{}}
	n.add("stun.lab", "the STUN server", lab.STUN())
	n.add("stun2.lab", "the STUN server", lab.OtherSTUN())
	own := func(at []any, name string, addrs ...netip.Addr) error {
		if whose := n.add(name+".lab", name, addrs...); whose != "" {
			return f.refuse(emulator.Problem{At: append(at, "name"), Message: fmt.Sprintf("%s.lab is the name of %s already", name, whose)})
		}
		return nil
	}
	for i, r := range w.Routers {
		if err := own([]any{"routers", i}, r.Name, r.External); err != nil {
			return nil, err
		}
	}
	for i, h := range w.Homes {
		if err := own([]any{"homes", i}, h.Name, h.External); err != nil {
			return nil, err
		}
		for j, x := range h.Hosts {
			if !h.IPv6.IsValid() {
				continue // nobody beyond the home could use its address
			}
			if err := own([]any{"homes", i, "hosts", j}, x.Name, lab.HostAddr6(h.IPv6, x.Address)); err != nil {
				return nil, err
			}
		}
	}
	for i, x := range w.Internet {
		if err := own([]any{"internet", i}, x.Name, x.Address, lab.HostAddr6(lab.InternetPrefix6(), x.Address)); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Names)) {
		at := []any{"names", name}
		if !hostname.Valid(name) {
			return nil, f.refuse(emulator.Problem{At: at, Message: fmt.Sprintf("%q is no name of a host, such as www.example.com (for %v)", name, f.Names[name])})
		}
		if whose := n.add(name, "another of these names", f.Names[name].Unmap()); whose != "" {
			return nil, f.refuse(emulator.Problem{At: at, Message: fmt.Sprintf("%s is the name of %s already", name, whose)})
		}
	}
	return n.addrs, nil
}

// add makes name one of somebody. When it is one already, it says of whom.
func (n *labNames) add(name, whose string, addrs ...netip.Addr) string {
	key := hostname.Key(name)
	if other := n.whose[key]; other != "" {
		return other
	}
	n.whose[key], n.addrs[key] = whose, addrs
	return ""
}
