package emulator

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// The expected codes are those of the protocol facts §2.1, §2.2 and §2.4.
func TestAddPortMappingCodes(t *testing.T) {
	const add1, any2 = "AddPortMapping", "AddAnyPortMapping"
	tests := []struct {
		name   string
		policy Policy
		action string
		args   []string
		v1, v2 int // -1: not for this version
	}{
		{"good", Policy{}, add1, add(), 0, 0},
		{"permanent or longest", Policy{}, add1, add("NewLeaseDuration", "0"), 0, 0},
		{"longest lease", Policy{}, add1, add("NewLeaseDuration", "604800"), 0, 0},
		{"lease too long", Policy{}, add1, add("NewLeaseDuration", "604801"), 0, 601},
		{"lease beyond ui4", Policy{}, add1, add("NewLeaseDuration", "4294967296"), 402, 402},
		{"negative lease", Policy{}, add1, add("NewLeaseDuration", "-1"), 402, 402},
		{"lease empty", Policy{}, add1, add("NewLeaseDuration", ""), 402, 402},
		{"unknown protocol", Policy{}, add1, add("NewProtocol", "SCTP"), 402, 600},
		{"protocol in lower case", Policy{}, add1, add("NewProtocol", "tcp"), 402, 600},
		{"external port not a number", Policy{}, add1, add("NewExternalPort", "http"), 402, 402},
		{"external port beyond ui2", Policy{}, add1, add("NewExternalPort", "65536"), 402, 402},
		{"external port 0", Policy{}, add1, add("NewExternalPort", "0"), 716, 716},
		{"external port 0 permitted", Policy{Ports: PortPolicy{Zero: "accepted", Lowest: 1}}, add1, add("NewExternalPort", "0"), 0, 0},
		{"internal port 0", Policy{}, add1, add("NewInternalPort", "0"), 402, 732},
		{"low port", Policy{}, add1, add("NewExternalPort", "80"), 0, 606},
		{"low internal port", Policy{}, add1, add("NewInternalPort", "80"), 0, 606},
		{"low port permitted", Policy{Ports: PortPolicy{Lowest: 1}}, add1, add("NewExternalPort", "80"), 0, 0},
		{"another client", Policy{}, add1, add("NewInternalClient", them), 718, 606},
		{"another client permitted", Policy{Clients: ClientPolicy{Accept: "any"}}, add1, add("NewInternalClient", them), 0, 0},
		{"no client", Policy{}, add1, add("NewInternalClient", ""), 402, 402},
		{"client by name", Policy{Clients: ClientPolicy{Accept: "any"}}, add1, add("NewInternalClient", "nas.lan"), 402, 402},
		{"enabled is a word", Policy{}, add1, add("NewEnabled", "true"), 0, 0},
		{"enabled is nonsense", Policy{}, add1, add("NewEnabled", "2"), 402, 402},
		{"remote host", Policy{}, add1, add("NewRemoteHost", "198.51.100.1"), 0, 0},
		{"remote host is nonsense", Policy{}, add1, add("NewRemoteHost", "*"), 402, 402},
		{"remote host 0.0.0.0 is any", Policy{RemoteHost: RemoteHostPolicy{Accept: "wildcard"}}, add1, add("NewRemoteHost", "0.0.0.0"), 0, 0},
		{"any remote host only", Policy{RemoteHost: RemoteHostPolicy{Accept: "wildcard"}}, add1, add("NewRemoteHost", "198.51.100.1"), 726, 726},
		{"permanent only", Policy{Leases: LeasePolicy{Accept: "permanent"}}, add1, add(), 725, 725},
		{"permanent only, permanent", Policy{Leases: LeasePolicy{Accept: "permanent"}}, add1, add("NewLeaseDuration", "0"), 0, 0},
		{"same ports only", Policy{Ports: PortPolicy{Equal: "724"}}, add1, add("NewInternalPort", "8081"), 724, 724},
		{"same ports only, same", Policy{Ports: PortPolicy{Equal: "724"}}, add1, add(), 0, 0},
		{"too few arguments", Policy{}, add1, add()[2:], 402, 402},
		{"too many arguments", Policy{}, add1, append(add(), "NewExtra", "1"), 402, 402},
		{"unknown argument", Policy{}, add1, append(add()[:14], "NewLeaseTime", "1"), 402, 402},
		{"wrong order", Policy{}, add1, append(add()[2:], "NewRemoteHost", ""), 402, 402},
		{"any", Policy{}, any2, add(), -1, 0},
		{"any port 0", Policy{}, any2, add("NewExternalPort", "0"), -1, 0},
		{"any, internal port 0", Policy{}, any2, add("NewInternalPort", "0"), -1, 732},
		{"any, unknown protocol", Policy{}, any2, add("NewProtocol", "SCTP"), -1, 402},
		{"any, lease too long", Policy{}, any2, add("NewLeaseDuration", "604801"), -1, 402},
		{"any, another client", Policy{}, any2, add("NewInternalClient", them), -1, 606},
		{"any, low internal port", Policy{}, any2, add("NewExternalPort", "0", "NewInternalPort", "80"), -1, 606},
		{"any, same ports only", Policy{Ports: PortPolicy{Equal: "724"}}, any2, add("NewExternalPort", "0"), -1, 0},
		{"any, no public address", Policy{ExternalIP: ExternalIPPolicy{Private: "hidden", Required: true}}, any2, add("NewExternalPort", "0"), -1, 0},
		{"any in version 1", Policy{}, any2, add(), 401, -1},
	}
	for _, tt := range tests {
		for version, want := range map[int]int{1: tt.v1, 2: tt.v2} {
			if want < 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", tt.name, version), func(t *testing.T) {
				c := call1(t, Options{Version: version, Policy: tt.policy})
				got, _ := c.do(ipConnection, version, tt.action, tt.args...)
				if got != want {
					t.Errorf("error %d, want %d", got, want)
				}
				if n := len(c.g.Mappings()); (n == 1) != (want == 0) {
					t.Errorf("%d mappings after error %d", n, got)
				}
			})
		}
	}
}

func TestConflicts(t *testing.T) {
	for _, version := range []int{1, 2} {
		c := call1(t, Options{Version: version, Policy: Policy{Clients: ClientPolicy{Accept: "any"}}})
		step := func(what string, want int, action string, args ...string) []soap.Arg {
			t.Helper()
			got, out := c.do(ipConnection, version, action, args...)
			if got != want {
				t.Errorf("version %d, %s: error %d, want %d", version, what, got, want)
			}
			return out
		}
		step("first", 0, "AddPortMapping", add()...)
		step("other client", 718, "AddPortMapping", add("NewInternalClient", them)...)
		step("other client, other remote host", 718, "AddPortMapping", add("NewInternalClient", them, "NewRemoteHost", "198.51.100.1")...)
		step("same client, other remote host", 0, "AddPortMapping", add("NewRemoteHost", "198.51.100.1")...)
		step("other protocol", 0, "AddPortMapping", add("NewInternalClient", them, "NewProtocol", "UDP")...)
		step("same client overwrites", 0, "AddPortMapping", add("NewInternalPort", "9999", "NewPortMappingDescription", "new", "NewEnabled", "0")...)
		out := step("read back", 0, "GetSpecificPortMappingEntry", add()[:6]...)
		want := []soap.Arg{{Name: "NewInternalPort", Value: "9999"}, {Name: "NewInternalClient", Value: us}, {Name: "NewEnabled", Value: "0"}, {Name: "NewPortMappingDescription", Value: "new"}}
		if diff := cmp.Diff(want, out[:4]); diff != "" {
			t.Errorf("overwritten entry (-want +got):\n%s", diff)
		}
		step("delete one remote host", 0, "DeletePortMapping", "NewRemoteHost", "198.51.100.1", "NewExternalPort", "8080", "NewProtocol", "TCP")
		step("the port is still held", 718, "AddPortMapping", add("NewInternalClient", them)...)
		step("delete the last", 0, "DeletePortMapping", add()[:6]...)
		step("the port is free", 0, "AddPortMapping", add("NewInternalClient", them)...)
		step("0.0.0.0 is any remote host", 0, "AddPortMapping", add("NewInternalClient", them, "NewRemoteHost", "0.0.0.0")...)
		if n := len(c.g.Mappings()); n != 2 {
			t.Errorf("version %d: %d mappings, want one of TCP and one of UDP", version, n)
		}
	}
}

func TestAddAnyConflicts(t *testing.T) {
	reserved := func(c caller, want int, args ...string) string {
		t.Helper()
		code, out := c.do(ipConnection, 2, "AddAnyPortMapping", args...)
		if code != want {
			t.Errorf("error %d, want %d", code, want)
		}
		if len(out) != 1 {
			return ""
		}
		return out[0].Value
	}
	c := call1(t, Options{Policy: Policy{Capacity: CapacityPolicy{Entries: 3}}})
	if got := reserved(c, 0, add()...); got != "8080" {
		t.Errorf("free port: got %s", got)
	}
	if got := reserved(c.as(them), 0, add("NewInternalClient", them)...); got == "8080" || got == "" {
		t.Errorf("port of another client: got %q", got)
	}
	if m := c.g.Mappings()[0]; m.InternalClient.String() != us {
		t.Errorf("the other client's entry was touched: %v", m)
	}
	if got := reserved(c, 0, add("NewExternalPort", "0")...); got == "0" || got == "8080" {
		t.Errorf("any port: got %s", got)
	}
	reserved(c, 728, add("NewExternalPort", "9000")...)
	if got := reserved(c, 0, add("NewLeaseDuration", "60")...); got != "8080" {
		t.Errorf("renewal in a full table: got %s", got)
	}
	if m := c.g.Mappings()[0]; m.Lease != time.Minute {
		t.Errorf("renewed for %v", m.Lease)
	}

	c = call1(t, Options{Policy: Policy{Ports: PortPolicy{Equal: "724"}}})
	if got := reserved(c, 0, add("NewExternalPort", "9000")...); got != "8080" {
		t.Errorf("where ports are equal: got %s", got)
	}
	reserved(c.as(them), 728, add("NewInternalClient", them)...)
}

func TestSecureMode(t *testing.T) {
	for version, refused := range map[int]int{1: 714, 2: 606} {
		c := call1(t, Options{Version: version})
		c.do(ipConnection, version, "AddPortMapping", add()...)
		if got, _ := c.as(them).do(ipConnection, version, "GetSpecificPortMappingEntry", add()[:6]...); got != 0 {
			t.Errorf("version %d: reading another's entry: error %d", version, got)
		}
		if got, _ := c.as(them).do(ipConnection, version, "DeletePortMapping", add()[:6]...); got != refused {
			t.Errorf("version %d: deleting another's entry: error %d, want %d", version, got, refused)
		}
		if got, _ := c.do(ipConnection, version, "DeletePortMapping", add()[:6]...); got != 0 {
			t.Errorf("version %d: deleting one's own entry: error %d", version, got)
		}
	}
}

func TestCapacity(t *testing.T) {
	for version, full := range map[int]int{1: 501, 2: 728} {
		c := call1(t, Options{Version: version, Policy: Policy{Capacity: CapacityPolicy{Entries: 2}}})
		for i, want := range []int{0, 0, full} {
			if got, _ := c.do(ipConnection, version, "AddPortMapping", add("NewExternalPort", fmt.Sprint(2000+i))...); got != want {
				t.Errorf("version %d, mapping %d: error %d, want %d", version, i, got, want)
			}
		}
		if got, _ := c.do(ipConnection, version, "AddPortMapping", add("NewExternalPort", "2001", "NewInternalPort", "9999")...); got != 0 {
			t.Errorf("version %d: overwriting in a full table: error %d", version, got)
		}
	}
}

func TestNoPublicAddress(t *testing.T) {
	for _, addr := range []string{"0.0.0.0", "10.1.2.3", "100.64.0.1", "192.168.5.1", "198.18.0.1", "240.0.0.1"} {
		for _, require := range []bool{false, true} {
			var policy Policy
			if require {
				policy.ExternalIP = ExternalIPPolicy{Private: "hidden", Required: true}
			}
			c := call1(t, Options{ExternalIP: netip.MustParseAddr(addr), Policy: policy})
			wantAddr, wantCode := addr, 0
			if require || addr == "0.0.0.0" {
				wantAddr = ""
			}
			if require {
				wantCode = 501
			}
			_, out := c.do(ipConnection, 2, "GetExternalIPAddress")
			if out[0].Value != wantAddr {
				t.Errorf("%s, required %v: external address %q, want %q", addr, require, out[0].Value, wantAddr)
			}
			if got, _ := c.do(ipConnection, 2, "AddPortMapping", add()...); got != wantCode {
				t.Errorf("%s, required %v: error %d, want %d", addr, require, got, wantCode)
			}
		}
	}
}

func TestLeaseCountsDown(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 2, Clock: clock})
	c.do(ipConnection, 2, "AddPortMapping", add("NewLeaseDuration", "100")...)
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "9000", "NewLeaseDuration", "0")...)
	lease := func(port string) (int, string) {
		code, out := c.do(ipConnection, 2, "GetSpecificPortMappingEntry", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP")
		if code != 0 {
			return code, ""
		}
		return code, out[4].Value
	}
	for _, step := range []struct {
		advance time.Duration
		code    int
		left    string
		longest string
	}{
		{0, 0, "100", "604800"},
		{time.Second, 0, "99", "604799"},
		{98500 * time.Millisecond, 0, "1", "604701"},
		{499 * time.Millisecond, 0, "1", "604701"},
		{time.Millisecond, 714, "", "604700"},
	} {
		clock.Advance(step.advance)
		if code, left := lease("8080"); code != step.code || left != step.left {
			t.Errorf("after %v: error %d, %q left; want %d, %q", step.advance, code, left, step.code, step.left)
		}
		if _, left := lease("9000"); left != step.longest {
			t.Errorf("after %v: lease 0 has %q left, want %q", step.advance, left, step.longest)
		}
	}
	// Renewing starts the lease again.
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "9000", "NewLeaseDuration", "50")...)
	if _, left := lease("9000"); left != "50" {
		t.Errorf("renewed lease has %q left", left)
	}
}
