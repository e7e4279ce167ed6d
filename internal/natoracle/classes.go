package natoracle

import "github.com/igdkit/igdkit/emulator/nat"

// Classes are the NATs that are told apart here: the nine of RFC 4787 with each way to choose ports, one-to-one and plain ones with each
// filtering, and blocked.
func Classes() []nat.Behaviour {
	all := []nat.Behaviour{}
	three := []nat.Dependence{nat.EndpointIndependent, nat.AddressDependent, nat.AddressAndPortDependent}
	for _, kind := range []nat.Kind{nat.Plain, nat.OneToOne} {
		for _, f := range three {
			all = append(all, nat.Behaviour{Kind: kind, Filtering: f})
		}
	}
	for _, ports := range []nat.Ports{nat.Preserve, nat.Sequential, nat.Random} {
		for _, m := range three {
			for _, f := range three {
				all = append(all, nat.Behaviour{Mapping: m, Filtering: f, Ports: ports})
			}
		}
	}
	return append(all, nat.Blocked())
}
