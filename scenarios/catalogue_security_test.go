package scenarios_test

func securityRows() []row {
	return []row{}
}
