package emulator

import (
	"slices"
	"strings"
)

// layer3Actions are those of Layer3Forwarding:1 (§2.4).
func layer3Actions() map[string]behaviour {
	return map[string]behaviour{
		"SetDefaultConnectionService": {do: setDefaultConnectionService},
		"GetDefaultConnectionService": {do: getDefaultConnectionService},
	}
}

func layer3Variables() map[string]func(*state, *connection) string {
	return map[string]func(*state, *connection) string{
		"DefaultConnectionService": func(s *state, _ *connection) string { return s.defaultConnection },
	}
}

// connectionService names one service of a connection as other services do.
type connectionService struct {
	wan    int
	device string // UDN and type of the device that holds it: "uuid:…:WANConnectionDevice:1"
	id     string // serviceId
}

// String is the form of DefaultConnectionService.
func (s connectionService) String() string { return s.device + "," + s.id }

// connectionServices are the connection services of a tree.
func connectionServices(root *device) []connectionService {
	var all []connectionService
	root.everyService(func(s *service) {
		if s.kind == ipConnection || s.kind == pppConnection {
			all = append(all, connectionService{s.wan, s.device.udn + ":" + strings.TrimPrefix(s.device.urn(), deviceURN), s.id})
		}
	})
	return all
}

// serve makes the connection services of a tree known to the others. The default is the first that is up, or else the first.
func (s *state) serve(root *device) {
	s.services, s.defaultConnection = connectionServices(root), ""
	if all := append(s.activeServices(), s.services...); len(all) > 0 { // the root device of Wi-Fi setup has none
		s.defaultConnection = all[0].String()
	}
}

// main is the connection that DefaultConnectionService names.
func (s *state) main() *connection {
	for _, v := range s.services {
		if v.String() == s.defaultConnection {
			return s.connections[v.wan]
		}
	}
	return s.connections[0]
}

func setDefaultConnectionService(s *state, c call) ([]string, error) {
	wanted := c.args.text("NewDefaultConnectionService")
	device, id, ok := strings.Cut(wanted, ",")
	switch {
	case !ok:
		return nil, refuse(BadConnection)
	case !slices.ContainsFunc(s.services, func(known connectionService) bool { return known.device == device }):
		return nil, refuse(UnknownDevice)
	case !slices.ContainsFunc(s.services, func(known connectionService) bool { return known.id == id }):
		return nil, refuse(UnknownService)
	case !slices.ContainsFunc(s.services, func(known connectionService) bool { return known.String() == wanted }):
		return nil, refuse(NotOfDevice)
	}
	s.defaultConnection = wanted
	return nil, nil
}

func getDefaultConnectionService(s *state, _ call) ([]string, error) {
	return []string{s.defaultConnection}, nil
}
