package scenarios_test

// threadProfiles are devices of which parts were captured in issue threads.
func threadProfiles() []profile {
	return nil
}
