package scenarios_test

func addressRows() []row {
	return []row{}
}
