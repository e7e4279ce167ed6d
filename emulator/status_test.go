package emulator

import (
	"testing"
)

// The codes of a connection that is on its way up or down are those of the protocol facts §2.1 and §2.2.
func TestConnectionOnItsWay(t *testing.T) {
	for _, tt := range []struct {
		kind, status                string
		request, terminate, enforce int
	}{
		{ipConnection, "Unconfigured", 706, 711, 711},
		{ipConnection, "Connecting", 705, 0, 0},
		{pppConnection, "Authenticating", 705, 0, 0},
		{ipConnection, "Connected", 0, 0, 0},
		{ipConnection, "PendingDisconnect", 707, 0, 0},
		{ipConnection, "Disconnecting", 707, 707, 707},
		{ipConnection, "Disconnected", 0, 711, 711},
	} {
		c := call1(t, Options{Version: 1, Connection: tt.kind})
		for action, want := range map[string]int{"RequestConnection": tt.request, "RequestTermination": tt.terminate, "ForceTermination": tt.enforce} {
			if err := c.g.SetConnectionStatus(tt.status); err != nil {
				t.Fatal(err)
			}
			if got, _ := c.do(tt.kind, 1, action); got != want {
				t.Errorf("%s while %s: error %d, want %d", action, tt.status, got, want)
			}
		}
	}
	if err := call1(t, Options{}).g.SetConnectionStatus("Authenticating"); err == nil {
		t.Error("an IP connection authenticates itself")
	}
}
