package scenarios_test

import "slices"

// threadProfiles are devices of which parts were captured in issue threads.
func threadProfiles() []profile {
	return slices.Concat(tplinkProfiles(), sdkProfiles(), modemProfiles(), daemonProfiles(), operatorProfiles(), partlyProfiles(), moreProfiles())
}
