package e2e

import (
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
)

// TestEars lets several clients of one machine share port 1900: all of them hear the gateway come back, and none makes its Close wait. Run with -race it
// shows that go-ssdp's monitor is closed when it may be.
func TestEars(t *testing.T) {
	onHost(t, func(t *testing.T, _ int) {
		o := client.Options{Listen: true, Warn: func(err error) { t.Errorf("warned: %v", err) }}
		open := func(port uint16) *client.Mapping {
			m := client.Keep(t.Context(), client.Request{InternalPort: port}, o)
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			return m
		}
		for range 5 {
			began := time.Now()
			if err := open(8080).Close(t.Context()); err != nil {
				t.Error(err)
			}
			t.Logf("opened and closed in %v", time.Since(began))
		}
		all := []*client.Mapping{open(8080), open(8081), open(8082)}
		reboot(t)
		for _, m := range all {
			for e := range m.Events() {
				t.Log(e)
				if e.Kind == client.Repaired {
					break
				}
			}
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
