package client

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestRequestValidate(t *testing.T) {
	tests := []struct {
		name string
		req  Request
		bad  string // what the error begins with; empty: valid
	}{
		{"least", Request{InternalPort: 80}, ""},
		{"all", Request{Protocol: "Both", InternalPort: 65535, ExternalPort: 1, InternalClient: netip.MustParseAddr("192.168.1.2"),
			RemoteHost: netip.MustParseAddr("198.51.100.1"), Lease: maxLease, Description: strings.Repeat("x", 63), CheckInterval: time.Second}, ""},
		{"mapped v4", Request{InternalPort: 80, InternalClient: netip.MustParseAddr("::ffff:192.168.1.2")}, ""},
		{"no port", Request{}, "request: internal port 0"},
		{"protocol", Request{InternalPort: 80, Protocol: "sctp"}, `request: protocol "sctp"`},
		{"v6 client", Request{InternalPort: 80, InternalClient: netip.MustParseAddr("fe80::1")}, "request: internal client fe80::1"},
		{"any client", Request{InternalPort: 80, InternalClient: netip.MustParseAddr("0.0.0.0")}, "request: internal client 0.0.0.0"},
		{"remote group", Request{InternalPort: 80, RemoteHost: netip.MustParseAddr("224.0.0.1")}, "request: remote host 224.0.0.1"},
		{"negative lease", Request{InternalPort: 80, Lease: -time.Second}, "request: lease -1s is negative"},
		{"endless lease", Request{InternalPort: 80, Lease: maxLease + 1}, "request: lease"},
		{"permanent lease", Request{InternalPort: 80, Lease: time.Hour, Permanent: true}, "request: lease 1h0m0s contradicts"},
		{"long description", Request{InternalPort: 80, Description: strings.Repeat("x", 64)}, "request: description is 64 bytes"},
		{"umlaut", Request{InternalPort: 80, Description: "Küche"}, "request: description"},
		{"line end", Request{InternalPort: 80, Description: "a\nb"}, "request: description"},
		{"check", Request{InternalPort: 80, CheckInterval: time.Millisecond}, "request: check interval 1ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.req.Validate()
			if tt.bad == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if _, ok := errors.AsType[*RequestError](err); !ok || !strings.HasPrefix(err.Error(), tt.bad) {
				t.Errorf("got %v, want a *RequestError that begins with %q", err, tt.bad)
			}
		})
	}
}

func TestRequestDefaults(t *testing.T) {
	r := Request{InternalPort: 80, Lease: 1500 * time.Millisecond}.defaults(time.Hour)
	if r.ExternalPort != 80 || r.Lease != 2*time.Second || r.CheckInterval != 15*time.Minute {
		t.Errorf("got %+v", r)
	}
	if r := (Request{InternalPort: 80}).defaults(time.Hour); r.Lease != time.Hour {
		t.Errorf("lease %v, want the default", r.Lease)
	}
	if r := (Request{InternalPort: 80, Permanent: true}).defaults(time.Hour); r.Lease != 0 {
		t.Errorf("lease %v, want none", r.Lease)
	}
	long := strings.Repeat("x", 63)
	for text, want := range map[string]string{
		"": "igdkit 80 UDP", "game": "game 80 UDP", " game ": "game 80 UDP", "game 80 UDP": "game 80 UDP", "  ": "igdkit 80 UDP",
		long: long[:56] + " 80 UDP", strings.Repeat("x", 55) + " y": strings.Repeat("x", 55) + " 80 UDP",
	} {
		if got := (Request{Description: text}).describe("UDP", 80); got != want {
			t.Errorf("%q is described as %q, want %q", text, got, want)
		}
	}
}
