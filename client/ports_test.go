package client

import (
	"slices"
	"testing"
)

// The sequence of ports is the same for ever, starts at the wanted one and stays in 1024 to 65535 after it.
func TestPorts(t *testing.T) {
	ports := func(req Request) []uint16 {
		gw := &fakeGateway{}
		return newPlanner(gw.peer(), req.defaults(mapLease), &trace{}).ports(req.defaults(0).ExternalPort)
	}
	if got := ports(Request{InternalPort: 80}); !slices.Equal(got, []uint16{80}) {
		t.Errorf("a fixed port: %v", got)
	}
	for _, wanted := range []uint16{1, 80, 1024, 8080, 65534, 65535} {
		got := ports(Request{InternalPort: wanted, AnyPort: true})
		if got[0] != wanted || len(got) != portTries {
			t.Errorf("%d: %v", wanted, got)
		}
		for i, p := range got[1:] {
			if p < firstPort || slices.Contains(got[:i+1], p) {
				t.Errorf("%d: %d in %v", wanted, p, got)
			}
		}
		if again := ports(Request{InternalPort: wanted, AnyPort: true}); !slices.Equal(got, again) {
			t.Errorf("%d: %v then %v", wanted, got, again)
		}
	}
}
