//go:build !linux

package lab

import "context"

// Run runs argv in a lab; see the Linux documentation. Here it returns an [*UnavailableError].
func Run(context.Context, Options, []string) (int, error) {
	return 0, &UnavailableError{Reason: ReasonSystem}
}

// RunNetwork runs the commands of a network; see the Linux documentation. Here it returns an [*UnavailableError].
func RunNetwork(context.Context, Options, Network) ([]Outcome, error) {
	return nil, &UnavailableError{Reason: ReasonSystem}
}

// Check says whether Run can work: here it returns an [*UnavailableError].
func Check() error { return &UnavailableError{Reason: ReasonSystem} }

// CheckNetwork says whether RunNetwork can work: here it returns an [*UnavailableError].
func CheckNetwork() error { return Check() }

// IsChild is false here.
func IsChild() bool { return false }

// Child is never called here.
func Child(Prepare) int { return 1 }
