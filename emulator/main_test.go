package emulator

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/igdkit/igdkit/emulator/lab"
)

func TestMain(m *testing.M) {
	if lab.IsChild() {
		os.Exit(lab.Child(lab.Ready(labGateway)))
	}
	goleak.VerifyTestMain(m)
}
