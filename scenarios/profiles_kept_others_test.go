package scenarios_test

// keptOthers are gateways of other makes.
func keptOthers() []profile {
	return nil
}
