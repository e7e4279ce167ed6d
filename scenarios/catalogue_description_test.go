package scenarios_test

import "slices"

func descriptionRows() []row {
	return slices.Concat(descriptionURLRows(), descriptionTreeRows(), descriptionNameRows(), descriptionXMLRows(), descriptionHTTPRows(), descriptionSCPDRows())
}
