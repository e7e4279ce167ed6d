//go:build race

package client_test

// raceDetector tells that everything is ten times as slow.
const raceDetector = true
