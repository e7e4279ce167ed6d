package scenarios_test

import "slices"

func ssdpRows() []row {
	return slices.Concat(ssdpSearchRows(), ssdpRequestRows(), ssdpPlaceRows(), ssdpReplyRows(), ssdpNameRows(), ssdpNeighbourRows(), ssdpSixRows())
}
