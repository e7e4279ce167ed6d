package scenarios_test

func queryRows() []row {
	return []row{}
}
