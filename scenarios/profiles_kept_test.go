package scenarios_test

import "slices"

// keptProfiles are devices whose documents stand in repositories.
func keptProfiles() []profile {
	return slices.Concat(keptMiniupnpd(), keptBroadcom(), keptDLink(), keptOthers(), keptSSDP())
}
