package client

import (
	"errors"
	"net/netip"
	"testing"
)

func TestErrorWords(t *testing.T) {
	cause := errors.New("network is unreachable")
	tests := []struct {
		err  error
		want string
	}{
		{&DiscoveryError{}, "no internet gateway found"},
		{&DiscoveryError{
			Searched:   []string{"eth0", "wlan0"},
			Interfaces: []*InterfaceError{{Interface: "tun0", Local: netip.MustParseAddr("10.8.0.2"), Err: cause}},
			Devices:    []*NotGatewayError{{Location: "http://192.168.1.5/x", Reason: NoService}},
		}, "no internet gateway found on eth0, wlan0; search on tun0: network is unreachable; http://192.168.1.5/x is no gateway: no wan service"},
		{&InterfaceError{Err: cause}, "search: network is unreachable"},
		{&NotGatewayError{Location: "192.168.1.1", Reason: Silent, Err: errNoAnswer}, "192.168.1.1 is no gateway: silent: no answer to a search"},
		{&ArgumentError{"NewProtocol", "sctp", "must be TCP or UDP"}, `NewProtocol "sctp" must be TCP or UDP`},
		{&ValueError{"GetExternalIPAddress", "NewExternalIPAddress", "schemas.upnp.org\xff"}, `GetExternalIPAddress: unreadable NewExternalIPAddress "schemas.upnp.org\xff"`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
	if err := tests[1].err; !errors.Is(err, ErrNoGateway) || !errors.Is(err, cause) {
		t.Errorf("%v does not unwrap", err)
	}
}
