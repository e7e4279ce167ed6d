package scenarios_test

import "slices"

func lifeRows() []row {
	return slices.Concat(lifeRebootRows(), lifeTableRows(), lifeEventRows(), lifeTrafficRows())
}
