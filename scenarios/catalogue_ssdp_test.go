package scenarios_test

func ssdpRows() []row {
	return []row{}
}
