package emulator_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// watched is this machine's network, which remembers whom the gateway calls.
type watched struct {
	emulator.Net
	mu     sync.Mutex
	called []string
}

func (w *watched) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	w.mu.Lock()
	w.called = append(w.called, address)
	w.mu.Unlock()
	if !netip.MustParseAddrPort(address).Addr().IsLoopback() {
		return nil, net.ErrClosed // whatever is wrong, no test calls a stranger
	}
	return w.Net.Dial(ctx, network, local, address)
}

func (w *watched) calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.called)
}

// knock sends something to a door and waits until it is closed, answered, or nobody will.
func knock(t *testing.T, protocol string, at netip.AddrPort) {
	t.Helper()
	c, err := net.Dial(strings.ToLower(protocol), at.String())
	if err != nil {
		return // there is no door
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(200 * time.Millisecond))
	io.WriteString(c, "hello")
	c.Read(make([]byte, 1))
}

// Whatever a policy lets in and a fault makes of it: what comes in by a door goes to this machine, and to no third party.
func TestDoorsLeadToNoThirdParty(t *testing.T) {
	const us, stranger = "127.0.0.1", "192.0.2.77"
	to := func(s string) emulator.Setting { return emulator.Setting{Text: &s} }
	anybody := emulator.Policy{
		Clients:  emulator.ClientPolicy{Accept: "any"},
		Conflict: emulator.ConflictPolicy{Other: "overwrite"},
	}
	beside := anybody
	beside.Conflict.Other = "accepted"
	later := emulator.Fault{
		On: "table.add", When: emulator.When{AfterCount: 1},
		Do: emulator.Deed{Set: map[string]emulator.Setting{"NewInternalClient": to(stranger)}},
	}
	atOnce := later
	atOnce.When = emulator.When{}
	set := emulator.InitialMapping{ExternalPort: 8080, InternalClient: netip.MustParseAddr(stranger), InternalPort: 9}
	type add struct{ remote, client string }
	for _, tt := range []struct {
		name string
		o    emulator.Options
		adds []add
		want string // the client of the last mapping
	}{
		{"asked for", emulator.Options{Policy: anybody}, []add{{"", stranger}}, stranger},
		{"in the place of another", emulator.Options{Policy: anybody}, []add{{"", us}, {"", stranger}}, stranger},
		{"beside another, for one peer", emulator.Options{Policy: beside}, []add{{"", us}, {us, stranger}}, stranger},
		{"by a fault", emulator.Options{Faults: []emulator.Fault{atOnce}}, []add{{"", us}}, stranger},
		{"by a fault, in a renewal", emulator.Options{Faults: []emulator.Fault{later}}, []add{{"", us}, {"", us}}, stranger},
		{"from the start", emulator.Options{Mappings: []emulator.InitialMapping{set}}, nil, stranger},
		{"to one's own", emulator.Options{}, []add{{"", us}}, us},
	} {
		for _, protocol := range []string{"TCP", "UDP"} {
			t.Run(tt.name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				w := &watched{Net: emulator.SystemNet()}
				o := tt.o
				o.Net, o.Mappings = w, slices.Clone(o.Mappings)
				for i := range o.Mappings {
					o.Mappings[i].Protocol = protocol
				}
				l := onLoopback(t, o)
				var doors []netip.AddrPort
				for _, a := range tt.adds {
					if err := l.igd.AddPortMapping(a.remote, 8080, protocol, 9, a.client, true, "", 0); err != nil {
						t.Fatal(err)
					}
					for _, m := range l.g.Mappings() {
						doors = append(doors, m.Reach)
					}
				}
				all := l.g.Mappings()
				last := all[len(all)-1]
				if got := last.InternalClient.String(); got != tt.want {
					t.Fatalf("the table has %s", got)
				}
				if own := tt.want == us; last.Reach.IsValid() != own {
					t.Errorf("reach %v", last.Reach)
				}
				for _, at := range doors {
					if at.IsValid() {
						knock(t, protocol, at)
					}
				}
				for _, address := range w.calls() {
					if !netip.MustParseAddrPort(address).Addr().IsLoopback() {
						t.Errorf("the gateway called %s", address)
					}
				}
				if tt.want == us && len(w.calls()) == 0 {
					t.Error("the gateway called nobody")
				}
			})
		}
	}
}

// What nobody told to pass for something else says what it is, to whoever finds it and whoever asks it.
func TestSaysThatItIsAnEmulator(t *testing.T) {
	for version := 1; version <= 2; version++ {
		g := emulator.Start(t, emulator.Options{Version: version})
		resp, err := http.Get(g.Location())
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, model, _ := strings.Cut(string(text), "<modelDescription>")
		model, _, _ = strings.Cut(model, "<")
		if server := resp.Header.Get("Server"); !strings.Contains(server, "emulator") || !strings.Contains(model, "emulator") {
			t.Errorf("igd%d: Server %q, modelDescription %q", version, server, model)
		}
		_, server, _ := strings.Cut(searchOf(t, g), "SERVER: ")
		if server, _, _ = strings.Cut(server, "\r\n"); !strings.Contains(server, "emulator") {
			t.Errorf("igd%d: SERVER %q in a reply", version, server)
		}
	}
}

// searchOf is the answer of g to a search for its root device.
func searchOf(t *testing.T, g *emulator.Gateway) string {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(g.SSDP()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 2048)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// A reply that a scenario wants to come from somebody else's address is not sent, and the journal says so.
func TestSendsFromOwnAddressesOnly(t *testing.T) {
	foreign := netip.MustParseAddr("192.0.2.9")
	g := emulator.Start(t, emulator.Options{Faults: []emulator.Fault{
		{On: "ssdp.reply", Do: emulator.Deed{SendFrom: &emulator.Origin{Address: foreign}}},
	}})
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(g.SSDP()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for e := range g.Follow(t.Context(), 0) {
		if e.Kind == "ssdp.reply" {
			t.Fatalf("sent: %v", e)
		}
		if e.Kind == "ssdp.unsent" {
			return
		}
	}
}
