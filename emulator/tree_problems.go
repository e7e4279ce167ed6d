package emulator

import (
	"cmp"
	"slices"
)

// treeProblems reports where the dialect's own device tree and the rest of o do not go together. The standard tree has a service for
// each connection and is of the right version; one that is written out says itself what it serves, and what it leaves out no
// client can reach.
func (o Options) treeProblems(report report) {
	tree := o.Dialect.Description.Tree
	if tree == nil {
		return
	}
	here := elsewhere{"dialect", "description", "tree"}
	tree.urlProblems(o.Dialect.Description.URLs, report)
	version := cmp.Or(o.Version, 2)
	if kind, v := splitVersion(tree.Type); kind == deviceURN+"InternetGatewayDevice" && v != version && v > 0 {
		report([]any{"igd"}, "", "is %d, and %v is an InternetGatewayDevice:%d", version, here, v)
	}
	o.Connection = cmp.Or(o.Connection, ipConnection)
	served := map[int][]string{} // kinds of connection service by connection
	tree.serve(served)
	if len(served) == 0 && len(o.WAN) < 2 {
		return // it is no gateway, and says of no connection that there is one
	}
	for i, w := range wanOf(o) {
		kinds := served[i]
		switch {
		case len(kinds) == 0:
			report([]any{"wan", i}, "", "no service of %v serves this connection: add a %s with wan: %d there", here, w.Service, i)
		case !slices.Contains(kinds, w.Service):
			report([]any{"wan", i, "service"}, "", "%v serves this connection by %s, not by %s", here, list(kinds), w.Service)
		}
	}
}

// serve notes which connections the services of n and below it serve.
func (n *DeviceNode) serve(served map[int][]string) {
	for _, s := range n.Services {
		if kind := definitionOf(s.Type).kind; kind == ipConnection || kind == pppConnection {
			served[s.WAN] = union(served[s.WAN], []string{kind})
		}
	}
	for i := range n.Devices {
		n.Devices[i].serve(served)
	}
}

// urlProblems reports URLs that no service of n and below it takes.
func (n *DeviceNode) urlProblems(urls ServiceURLs, report report) {
	for _, url := range []struct {
		key   string
		all   Template
		named func(ServiceNode) Template
	}{
		{"scpd", urls.SCPD, func(s ServiceNode) Template { return s.SCPD }},
		{"control", urls.Control, func(s ServiceNode) Template { return s.Control }},
		{"events", urls.Events, func(s ServiceNode) Template { return s.Events }},
	} {
		if url.all != "" && !n.anyService(func(s ServiceNode) bool { return url.named(s) == "" }) {
			report([]any{"dialect", "description", "urls", url.key}, "", "every service of %v has a URL of its own", elsewhere{"dialect", "description", "tree"})
		}
	}
}

// anyService reports whether is holds for a service of n or below it.
func (n *DeviceNode) anyService(is func(ServiceNode) bool) bool {
	return slices.ContainsFunc(n.Services, is) || slices.ContainsFunc(n.Devices, func(d DeviceNode) bool { return d.anyService(is) })
}
