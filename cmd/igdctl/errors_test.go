package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

const wanIP1 = "urn:schemas-upnp-org:service:WANIPConnection:1"

// fault is what a gateway refuses an action with.
func fault(action string, code int) error {
	return &soap.Error{Service: wanIP1, Action: action, Code: code, Name: soap.ErrorName(wanIP1, code), Status: 500}
}

func TestExplain(t *testing.T) {
	refusedConn := &net.OpError{Op: "dial", Net: "tcp", Err: &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED}}
	silence := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	noName := &net.DNSError{Err: "no such host", Name: "nosuch.invalid", IsNotFound: true}
	wanted := client.PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10"}
	device := func(r client.Reason, err error) error {
		return &client.NotGatewayError{Location: "http://192.168.1.1/d.xml", Reason: r, Err: err}
	}
	keptIn := func(to string) *client.DiscoveryError {
		return &client.DiscoveryError{Searched: []string{"eth0"}, Interfaces: []*client.InterfaceError{{Interface: "eth0", Err: &client.OutboundError{To: to, Err: syscall.EPERM}}}}
	}
	for _, tt := range []struct {
		name    string
		err     error
		kind    string
		exit    int
		message string
	}{
		{"usage", usage("which port?", ""), "usage", 2, "which port?"},
		{"request", &client.RequestError{Field: "description", Reason: "is 80 bytes long, at most 63 are kept by gateways"},
			"usage", 2, "the description is 80 bytes long, at most 63 are kept by gateways"},
		{"argument", &client.ArgumentError{Argument: "Gateway", Value: "x", Reason: "is no URL"}, "usage", 2, `Gateway "x" is no URL`},

		{"nothing found", &client.DiscoveryError{Searched: []string{"eth0", "wlan0"}}, "no_gateway", 3, "no gateway answered on eth0, wlan0"},
		{"nothing found, nowhere", &client.DiscoveryError{}, "no_gateway", 3, "no gateway answered"},
		{"nothing could be searched", &client.DiscoveryError{Interfaces: []*client.InterfaceError{{Interface: "eth0", Err: syscall.ENETUNREACH}}},
			"no_gateway", 3, "no network could be searched for a gateway: search on eth0: network is unreachable"},
		{"on no network", &client.DiscoveryError{Interfaces: []*client.InterfaceError{{Err: client.ErrNoNetwork}}},
			"no_gateway", 3, "this computer is on no network with a router"},
		{"an interface without a network", &client.DiscoveryError{Interfaces: []*client.InterfaceError{{Interface: "eth0", Err: client.ErrNoNetwork}}},
			"no_gateway", 3, "no network could be searched for a gateway: search on eth0: no IPv4 network with multicast or a default gateway"},
		{"only a VPN", &client.DiscoveryError{Searched: []string{"wg0"}, VPN: true},
			"no_gateway", 3, "no gateway answered on wg0: only a VPN is up, and no network with a router"},
		{"kept in", keptIn("192.168.1.1:1900"), "filtered", 3, "this computer's own firewall lets nothing out to 192.168.1.1, port 1900"},
		{"multicast kept in", keptIn("239.255.255.250:1900"), "filtered", 3, "no gateway answered on eth0, and this computer's own firewall lets no search by multicast out"},
		{"kept in elsewhere", &client.DiscoveryError{Searched: []string{"wlan0", "eth0"}, Interfaces: keptIn("239.255.255.250:1900").Interfaces},
			"no_gateway", 3, "no gateway answered on wlan0, eth0"},
		{"a connection kept in", device(client.Unreachable, &client.OutboundError{To: "192.168.1.1:80", Err: syscall.EPERM}),
			"filtered", 5, "this computer's own firewall lets nothing out to 192.168.1.1, port 80"},
		{"only a media server", &client.DiscoveryError{Devices: []*client.NotGatewayError{{Location: "http://192.168.1.9/", Reason: client.NoService}}},
			"no_gateway", 3, "no gateway answered"},
		{"a router with UPnP off", &client.DiscoveryError{Devices: []*client.NotGatewayError{{Location: "http://192.168.1.1/", Reason: client.NoService,
			Type: "urn:schemas-upnp-org:device:InternetGatewayDevice:1"}}},
			"no_gateway", 3, "http://192.168.1.1/ is a router, and offers nothing that opens ports: UPnP is switched off there, or has no connection to work on"},
		{"a router with UPnP off, spelt otherwise", &client.NotGatewayError{Location: "http://192.168.1.1/", Reason: client.NoService, Type: "urn:schemas-upnp-org:device:internetgatewaydevice:1"},
			"no_gateway", 3, "http://192.168.1.1/ is a router, and offers nothing that opens ports: UPnP is switched off there, or has no connection to work on"},
		{"a broken gateway", &client.DiscoveryError{Devices: []*client.NotGatewayError{{Location: "http://192.168.1.1/", Reason: client.Silent, Err: silence}}},
			"timeout", 5, "http://192.168.1.1/ does not answer"},
		{"no gateway at the URL", device(client.NoService, nil), "no_gateway", 3, "http://192.168.1.1/d.xml is a UPnP device, but no gateway"},

		{"closed port", device(client.Unreachable, refusedConn), "unreachable", 5, "http://192.168.1.1/d.xml cannot be reached: connection refused"},
		{"web page", device(client.NotDescription, nil), "protocol", 5, "http://192.168.1.1/d.xml is no gateway: it sends no device description"},
		{"404", device(client.HTTPFailure, &soap.HTTPError{Status: 404}), "protocol", 5, "http://192.168.1.1/d.xml does not answer as a gateway (HTTP 404)"},
		{"401 of what may be anything", device(client.HTTPFailure, &soap.HTTPError{Status: 401}), "protocol", 5, "http://192.168.1.1/d.xml does not answer as a gateway (HTTP 401)"},
		{"too slow", device(client.Slow, silence), "timeout", 5, "http://192.168.1.1/d.xml is too slow: its description does not end in time"},
		{"closed at once", device(client.HangsUp, fmt.Errorf("http: closed without an answer: %w", io.EOF)), "protocol", 5,
			"http://192.168.1.1/d.xml closes the connection without an answer"},
		{"reset", device(client.HangsUp, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}), "protocol", 5,
			"http://192.168.1.1/d.xml closes the connection without an answer"},
		{"no such name", device(client.Unreachable, &net.OpError{Op: "dial", Net: "tcp", Err: noName}), "unreachable", 5,
			"http://192.168.1.1/d.xml cannot be reached: no host of that name is known"},
		{"a name that cannot be looked up", &lookupError{"--to", "nas", "192.168.1.20", &net.DNSError{Err: "server misbehaving", Name: "nas", IsTemporary: true}}, "unreachable", 5,
			`--to "nas" is not known: its name cannot be looked up: server misbehaving`},
		{"no such name to search", &askedError{"nosuch.invalid:1900", &client.DiscoveryError{Interfaces: []*client.InterfaceError{{Err: noName}}}},
			"unreachable", 5, "nosuch.invalid:1900 cannot be asked: no host of that name is known"},
		{"nothing could be sent", &client.PunchError{
			Peer: client.Node{Candidates: []client.Candidate{{Kind: client.MappedCandidate, Addr: netip.MustParseAddrPort("45.66.77.88:4000")}}}, Reason: client.Broken,
			Err: fmt.Errorf("nothing could be sent: %w", syscall.ENETUNREACH),
		}, "local", 1, "there is no path to 45.66.77.88:4000: nothing could be sent: network is unreachable"},
		{"endless", device(client.TooLarge, &http1.LimitError{What: "body", Limit: 1}), "protocol", 5, "http://192.168.1.1/d.xml is no gateway: what it sends has no end"},
		{"bad location", device(client.BadLocation, errors.New("a host name")), "protocol", 5, "http://192.168.1.1/d.xml cannot be used as a gateway: a host name"},

		{"501", fault("AddPortMapping", 501), "refused", 4, "the gateway failed to do it (501 Action Failed)"},
		{"714", fault("DeletePortMapping", 714), "refused", 4, "the gateway has no such mapping (714 NoSuchEntryInArray)"},
		{"725", fault("AddPortMapping", 725), "refused", 4, "the gateway only opens ports for ever (725 OnlyPermanentLeasesSupported)"},
		{"401", fault("AddAnyPortMapping", 401), "refused", 4, "the gateway does not offer AddAnyPortMapping (401 Invalid Action)"},
		{"unheard of", &soap.Error{Service: wanIP1, Code: 899, Description: "No way"}, "refused", 4, "the gateway refuses (899 No way)"},
		{"own words", &soap.Error{Service: wanIP1, Code: 501, Name: "Action Failed", Description: "Port mapping table\nid full !"}, "refused", 4,
			`the gateway failed to do it (501 Action Failed: "Port mapping table id full !")`},
		{"own spelling", &soap.Error{Service: wanIP1, Code: 402, Name: "Invalid Args", Description: "invalidArgs"}, "refused", 4, "the gateway does not accept these values (402 Invalid Args)"},
		{"no number", &soap.Error{Service: wanIP1, Description: "No way"}, "refused", 4, `the gateway refuses: "No way"`},
		{"password", &soap.HTTPError{Status: 401}, "refused", 4, "the gateway wants a password before it opens ports (HTTP 401)"},
		{"refused in a mapping", &client.MapError{Err: &client.RefusedError{Wanted: wanted, Err: fault("AddPortMapping", 606)}},
			"refused", 4, "the gateway does not allow this computer to do that (606 Action not authorized)"},
		{"owned by another computer", &client.MapError{Err: &client.OwnedError{Wanted: wanted,
			Owner: client.PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 32400, InternalClient: "192.168.1.20", Description: "Plex"}}},
			"refused", 4, `the port already leads to 192.168.1.20:32400 ("Plex")`},
		{"owned by another program", &client.OwnedError{Wanted: wanted,
			Owner: client.PortMapping{ExternalPort: 8080, Protocol: "TCP", InternalPort: 81, InternalClient: "192.168.1.10"}},
			"refused", 4, "the port already leads to port 81 of this computer"},
		{"owned by nobody knows whom", &client.OwnedError{Wanted: wanted, Err: fault("AddPortMapping", 718)},
			"refused", 4, "the port is taken, and the gateway does not say by whom (718 ConflictInMappingEntry)"},
		{"altered", &client.AlteredError{Wanted: wanted, Made: client.PortMapping{ExternalPort: 8080, InternalPort: 8080, InternalClient: "192.168.1.10"}},
			"refused", 4, "the gateway accepted the mapping and made another one: the port leads to port 8080 of this computer"},

		{"deadline", fmt.Errorf("get status: %w", context.DeadlineExceeded), "timeout", 5, "the gateway does not answer in time"},
		{"net timeout", fmt.Errorf("add: %w", silence), "timeout", 5, "the gateway does not answer in time"},
		{"gone", fmt.Errorf("add: %w", refusedConn), "unreachable", 5, "the gateway cannot be reached: connection refused"},
		{"reset instead of an answer", fmt.Errorf("add: %w", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}), "protocol", 5,
			"the gateway hangs up without an answer"},
		{"hangs up", fmt.Errorf("add: %w", io.ErrUnexpectedEOF), "protocol", 5, "the gateway hangs up without an answer"},
		{"500 and a page", &soap.HTTPError{Status: 500, Reason: "Oops"}, "protocol", 5, "the gateway answers with HTTP 500 Oops instead of an answer"},
		{"too much", &soap.LimitError{What: "body", Limit: 1 << 20}, "protocol", 5, "the gateway sends more than any answer needs"},
		{"too many header lines", &http1.LimitError{What: "header lines", Limit: 100}, "protocol", 5, "the gateway sends more than any answer needs"},
		{"no xml", &soap.SyntaxError{What: "no envelope"}, "protocol", 5, "the answer of the gateway cannot be read: " + (&soap.SyntaxError{What: "no envelope"}).Error()},
		{"no address", &client.ValueError{Action: "GetExternalIPAddress", Argument: "NewExternalIPAddress", Value: "eth1"},
			"protocol", 5, `the answer of the gateway cannot be read: GetExternalIPAddress: unreadable NewExternalIPAddress "eth1"`},

		{"not public", &notPublicError{reach{address: netip.MustParseAddr("100.64.0.9"), verdict: client.CGNAT}, ""}, "not_public", 6,
			"100.64.0.9 is shared by many customers (CGNAT): the Internet provider translates, and the Internet does not reach it"},
		{"interrupted", fmt.Errorf("map: %w", context.Canceled), "interrupted", 130, "interrupted"},
		{"a full disk", &localError{exit: exitLocal, err: errors.New("no space left")}, "local", 1, "no space left"},
		{"no CMD", notFound("nosuch", os.ErrNotExist), "local", 127, `there is no command "nosuch"; nothing was opened`},
		{"anything else", errors.New("who knows"), "local", 1, "who knows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for wrap, err := range map[string]error{
				"plain":   tt.err,
				"wrapped": fmt.Errorf("outer: %w", tt.err),
				"joined":  errors.Join(tt.err),
				"said":    &saidError{tt.err},
			} {
				got := explain(err)
				if wrap == "wrapped" && tt.name == "anything else" {
					continue
				}
				if got.kind != tt.kind || got.exit != tt.exit || got.message != tt.message {
					t.Errorf("%s: %s, exit %d, %q\nwant %s, exit %d, %q", wrap, got.kind, got.exit, got.message, tt.kind, tt.exit, tt.message)
				}
				if len(got.hints) > 2 {
					t.Errorf("%s: %d hints: %q", wrap, len(got.hints), got.hints)
				}
			}
			// The same with the port that was asked for in front; only usage errors never have one.
			got := explain(&specError{command: "open", spec: spec{external: 8080, internal: 80, protocol: "tcp"}, err: tt.err})
			if got.exit != tt.exit || got.message != "8080/tcp: "+tt.message {
				t.Errorf("with a SPEC: exit %d, %q", got.exit, got.message)
			}
			if len(got.hints) > 3 {
				t.Errorf("with a SPEC: %q", got.hints)
			}
		})
	}
}

func TestFailureCarriesTheCode(t *testing.T) {
	got := explain(fmt.Errorf("close: %w", fault("GetSpecificPortMappingEntry", 714)))
	if got.code != 714 || got.name != "NoSuchEntryInArray" {
		t.Errorf("code %d, name %q", got.code, got.name)
	}
}

func TestHintsOfSpecs(t *testing.T) {
	taken := &client.OwnedError{Wanted: client.PortMapping{ExternalPort: 80, Protocol: "TCP"}, Err: fault("AddPortMapping", 718)}
	// As some gateways list this computer.
	before := &client.OwnedError{Wanted: client.PortMapping{ExternalPort: 80, Protocol: "TCP", InternalClient: "192.168.1.10"},
		Owner: client.PortMapping{ExternalPort: 80, Protocol: "TCP", InternalPort: 81, InternalClient: " 192.168.1.10", Description: "igdkit 80 TCP"}}
	for _, tt := range []struct {
		command, spec string
		err           error
		want          string // first hint
	}{
		{"open", "8080", taken, "igdctl open --any 8080/tcp takes another port"},
		{"open", "80", before, "igdctl close 80:81/tcp closes it: igdctl opened it before"},
		{"open", "80:8080/udp", taken, "igdctl open --any 80:8080/udp takes another port"},
		{"with", "8080", taken, "igdctl with --any 8080/tcp -- CMD takes another port"},
		{"open", "80:8080", fault("AddPortMapping", 724), "igdctl open 8080/tcp asks for that"},
		{"open", "22", fault("AddPortMapping", 606), "many gateways refuse ports below 1024, inside too: let the program listen on a port from 1024 up"},
		{"open", "8080:80", fault("AddPortMapping", 606), "many gateways refuse ports below 1024, inside too: let the program listen on a port from 1024 up"},
		{"open", "80:8080", fault("AddPortMapping", 606), "many gateways keep the ports below 1024 closed; igdctl open 8080/tcp takes a higher one"},
		{"open", "8080", fault("AddPortMapping", 606), `look for "UPnP" or "secure mode" in the settings of the router`},
		{"close", "8080", fault("GetSpecificPortMappingEntry", 714), "igdctl list shows the ones it has"},
		{"open", "8080", fault("AddPortMapping", 728), "igdctl list shows what fills it"},
		{"open --any", "8080", taken, `it may be a rule of the router's own: look for "port forwarding" in its settings`},
		{"open --any", "22", fault("AddPortMapping", 606), "many gateways refuse ports below 1024, inside too: let the program listen on a port from 1024 up"},
		{"open --to 192.168.1.20", "8080", taken, "many gateways open ports only for the computer that asks: leave --to out"},
	} {
		sp, err := parseSpec(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		command, flag, _ := strings.Cut(tt.command, " ")
		got := explain(&specError{command: command, spec: sp, err: tt.err, elsewhere: strings.HasPrefix(flag, "--to"), any: flag == "--any"}).hints
		if len(got) == 0 || got[0] != tt.want {
			t.Errorf("%s %s: %v\n got %q\nwant %q first", tt.command, tt.spec, tt.err, got, tt.want)
		}
	}
}
