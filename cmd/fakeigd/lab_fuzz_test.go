package main

import (
	"testing"

	"github.com/igdkit/igdkit/scenarios"
)

// FuzzLabFile holds networks to what a lab can be made of: whatever a file says, it is refused in words, or it is a network that lab takes.
func FuzzLabFile(f *testing.F) {
	f.Add("homes: [{name: a, nat: symmetric, upstream: cgnat, ipv6: 2001:db8:1::/64, hosts: [{name: x, command: sh -c exit, ready: tcp/80, timeout: 1s}]}]")
	f.Add("homes: [{name: a, nat: open, lan: 10.0.0.0/30}, {name: b, lan: 0.0.0.0/0}]\ninternet: {name: c, command: [sh], after: c}")
	f.Add("routers: [{name: r, lan: 224.0.0.0/4, external: ::1, per-host: -1}]\nnames: {a..b: 1.2.3.4}")
	f.Add("homes: [{name: a, hosts: [{name: x, command: ''}]}]")
	f.Add("homes: [{name: a, hosts: [{name: x, command: [' '], log: x}]}]")
	f.Add("homes: [{name: a, lan: 192.168.0.0/16}, {name: b, upstream: a, hosts: [{name: x, command: sh}]}]")
	f.Add("homes: [{name: a, lan: 192.0.0.0/8}, {name: b, lan: 10.0.0.0/8, upstream: a}, {name: c, upstream: b, hosts: [{name: x, command: sh}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseLabFile("net.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, h := range file.Homes {
			if scenarios.IsFile(h.Scenario) {
				return // it is not for a fuzzer to open files
			}
		}
		p, err := planLab(file, 1, nil)
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		if err := p.network.Check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
