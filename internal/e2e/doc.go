// Package e2e tests the built commands against peers that are not ours: a real miniupnpd between network namespaces, and
// upnpc, gssdp-discover, goupnp, go-ssdp, transmission, coturn and sipp against the emulator. It holds tests only.
package e2e
