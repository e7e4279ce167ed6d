package scenarios_test

import "slices"

// addRows are about AddPortMapping, AddAnyPortMapping and AddPinhole.
func addRows() []row {
	return slices.Concat(
		addLeaseRows(), addRenewalRows(), addConflictRows(), addPortRows(), addArgumentRows(), addTableRows(), addAnyRows(), addIPv6Rows(),
	)
}
