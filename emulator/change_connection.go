package emulator

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Connection is one of a gateway's connections to the Internet.
type Connection struct {
	gateway *Gateway
	number  int
}

// Connection is the gateway's connection of that number, from 0 in the order of Options.WAN. It panics if there is none.
func (g *Gateway) Connection(number int) Connection {
	if number < 0 || number >= len(g.options.WAN) {
		panic(fmt.Sprintf("emulator: gateway %s has no connection %d", g.options.Name, number))
	}
	return Connection{g, number}
}

// Connections are all connections of the gateway, at least one.
func (g *Gateway) Connections() []Connection {
	all := make([]Connection, len(g.options.WAN))
	for i := range all {
		all[i] = Connection{g, i}
	}
	return all
}

// do runs f on the connection as it is now.
func (c Connection) do(f func(*state, *connection)) {
	c.gateway.do(func(s *state) { f(s, s.connections[c.number]) })
}

// alter is do for what somebody wants to have changed.
func (c Connection) alter(f func(*state, *connection)) error {
	return c.gateway.alter(func(s *state) { f(s, s.connections[c.number]) })
}

// Service is WANIPConnection or WANPPPConnection.
func (c Connection) Service() string { return c.gateway.options.WAN[c.number].Service }

// ExternalIP is what the gateway gives as the external address; zero when it has none to give.
func (c Connection) ExternalIP() (addr netip.Addr) {
	c.do(func(s *state, conn *connection) { addr = s.publicIP(conn) })
	return addr
}

// SetExternalIP changes the external address, and tells subscribers. The zero Addr takes it away; an IPv6 address is an
// error, and so is a gateway that is closed, [ErrClosed].
func (c Connection) SetExternalIP(addr netip.Addr) error {
	addr = addr.Unmap()
	if addr.Is6() {
		return fmt.Errorf("emulator: the external address %v is not IPv4", addr)
	}
	return c.alter(func(s *state, conn *connection) { s.setAddress(conn, addr) })
}

// Status is ConnectionStatus, as GetStatusInfo gives it.
func (c Connection) Status() (status string) {
	c.do(func(_ *state, conn *connection) { status = conn.status })
	return status
}

// Uptime is how long the connection is up, in whole seconds as GetStatusInfo gives it; 0 while it is not.
func (c Connection) Uptime() (up time.Duration) {
	c.do(func(s *state, conn *connection) { up = time.Duration(conn.uptime(s.now)) * time.Second })
	return up
}

// SetStatus changes ConnectionStatus, and tells subscribers: Unconfigured, Connecting, Connected, PendingDisconnect, Disconnecting
// or Disconnected (WANIPConnection:1 §2.2), or Authenticating where the service is WANPPPConnection. While it is not Connected
// there is no external address. The error is about another status, or ErrClosed.
func (c Connection) SetStatus(status string) error {
	if !slices.Contains(connectionStatuses(c.Service()), status) {
		return fmt.Errorf("emulator: %s has no connection status %q", c.Service(), status)
	}
	return c.alter(func(s *state, conn *connection) { s.setStatus(conn, status, noError) })
}

// Mappings are copies of the connection's port mappings in the order of GetGenericPortMappingEntry.
func (c Connection) Mappings() (all []Mapping) {
	c.do(func(_ *state, conn *connection) {
		for e := range conn.mappings.order.all {
			all = append(all, e.Mapping)
		}
	})
	return all
}

// DefaultConnection is the one that Layer3Forwarding names: the first that is connected when the gateway boots, or else the first, until
// SetDefaultConnectionService chooses another.
func (g *Gateway) DefaultConnection() (c Connection) {
	g.do(func(s *state) { c = Connection{g, s.main().number} })
	return c
}

// ExternalIP is that of the default connection: see [Connection.ExternalIP].
func (g *Gateway) ExternalIP() netip.Addr { return g.DefaultConnection().ExternalIP() }

// SetExternalIP changes that of the default connection: see [Connection.SetExternalIP].
func (g *Gateway) SetExternalIP(addr netip.Addr) error {
	return g.DefaultConnection().SetExternalIP(addr)
}

// ConnectionStatus is that of the default connection: see [Connection.Status].
func (g *Gateway) ConnectionStatus() string { return g.DefaultConnection().Status() }

// SetConnectionStatus changes that of the default connection: see [Connection.SetStatus].
func (g *Gateway) SetConnectionStatus(status string) error {
	return g.DefaultConnection().SetStatus(status)
}

// ConnectionServices are the connection services of the device tree, "UDN,serviceId" as DefaultConnectionService names one
// (Layer3Forwarding:1 §2.2.1). What is no gateway, such as a device for Wi-Fi setup, has none.
func (g *Gateway) ConnectionServices() (all []string) {
	g.do(func(s *state) {
		for _, v := range s.services {
			all = append(all, v.String())
		}
	})
	return all
}
