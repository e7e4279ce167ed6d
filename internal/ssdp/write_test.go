package ssdp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The order and spelling are those of UDA 1.1 §1.3.2.
func TestWrite(t *testing.T) {
	tests := []struct {
		name string
		msg  interface{ Append([]byte) []byte }
		want string
	}{
		{"multicast search", Search{Host: GroupV4, ST: All, MX: 2},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 2", "ST: ssdp:all")},
		{"unicast search has no MX", Search{Host: "192.168.1.1:1900", ST: RootDevice},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 192.168.1.1:1900", `MAN: "ssdp:discover"`, "ST: upnp:rootdevice")},
		{"search with everything", Search{Host: GroupV4, ST: All, MX: 1, MAN: "ssdp:discover", UserAgent: "Linux UPnP/1.1 igdkit/1"},
			crlf("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", "MAN: ssdp:discover", "MX: 1", "ST: ssdp:all", "USER-AGENT: Linux UPnP/1.1 igdkit/1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tt.msg.Append(nil))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What the writers write, the reader reads back without forgiving anything.
func TestRoundTrip(t *testing.T) {
	tests := []struct {
		msg  interface{ Append([]byte) []byte }
		want Message
	}{
		{Search{Host: GroupV4, ST: All, MX: 2}, Message{Kind: SearchRequest, Host: GroupV4, ST: All, MAN: Discover, MX: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.want.Kind.String(), func(t *testing.T) {
			got, err := Parse(tt.msg.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Message{}, "Head")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
