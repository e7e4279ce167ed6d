package scenarios_test

func descriptionRows() []row {
	return []row{}
}
