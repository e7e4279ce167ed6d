package scenarios_test

// keptProfiles are devices whose documents stand in repositories.
func keptProfiles() []profile {
	return nil
}
