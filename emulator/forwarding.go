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

// connectionServices names the connection services of a tree as DefaultConnectionService does: UDN and type of the device
// that holds the service, a comma, the serviceId.
func connectionServices(root *device) []string {
	var all []string
	root.visit(func(d *device) {
		for _, s := range d.services {
			if s.kind == ipConnection || s.kind == pppConnection {
				all = append(all, d.udn+":"+strings.TrimPrefix(d.urn(), deviceURN)+","+s.id)
			}
		}
	})
	return all
}

func setDefaultConnectionService(s *state, c call) ([]string, error) {
	wanted := c.args.text("NewDefaultConnectionService")
	if slices.Contains(s.services, wanted) {
		s.defaultConnection = wanted
		return nil, nil
	}
	device, id, ok := strings.Cut(wanted, ",")
	switch {
	case !ok:
		return nil, refuse(BadConnection)
	case !slices.ContainsFunc(s.services, func(known string) bool { return strings.HasPrefix(known, device+",") }):
		return nil, refuse(UnknownDevice)
	case !slices.ContainsFunc(s.services, func(known string) bool { return strings.HasSuffix(known, ","+id) }):
		return nil, refuse(UnknownService)
	}
	return nil, refuse(NotOfDevice)
}

func getDefaultConnectionService(s *state, _ call) ([]string, error) {
	return []string{s.defaultConnection}, nil
}
