package scenarios_test

import "slices"

func securityRows() []row { return slices.Concat(securityTableRows(), securityAccessRows()) }
