package scenarios_test

func lifeRows() []row {
	return []row{}
}
