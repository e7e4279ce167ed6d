package inputrules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/netns"
)

var (
	hostAddr    = netip.MustParseAddr("192.168.77.10")
	gatewayAddr = netip.MustParseAddr("192.168.77.1")
	strangeAddr = netip.MustParseAddr("84.17.33.21")
)

// house is a host and its gateway, which sends in the name of the whole Internet.
type house struct {
	host, gateway *netns.Namespace
	counts        *nftables.Conn
	table         *nftables.Table
	came, passed  *nftables.Chain
	index         int
}

// marker is the protocol of a packet that is only counted where it comes, RFC 3692 §2.1: what was sent before has gone all its way by then.
const marker = 253

// newHouse needs root and nft.
func newHouse(t *testing.T) *house {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		missing(t, err)
	}
	h := &house{host: space(t), gateway: space(t)}
	end := func(n *netns.Namespace, addr netip.Addr) netns.End {
		return netns.End{Namespace: n, Name: "eth0", Addrs: []netip.Prefix{netip.PrefixFrom(addr, 24)}}
	}
	err := netns.Connect(t.Context(), end(h.host, hostAddr), end(h.gateway, gatewayAddr))
	err = cmp.Or(err, h.host.AddDefaultRoute(gatewayAddr), h.gateway.AddAddr("lo", netip.PrefixFrom(strangeAddr, 32)))
	if err != nil {
		t.Fatal(err)
	}
	err = h.host.Do(func() (err error) {
		eth0, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		h.index = eth0.Index
		h.counts, err = nftables.New(nftables.AsLasting())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.counts.CloseLasting() })
	return h
}

func space(t *testing.T) *netns.Namespace {
	t.Helper()
	n, err := netns.New()
	if errors.Is(err, os.ErrPermission) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// missing skips a test on a laptop.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skipf("%v: it needs root, and nft", err)
}

// load gives the host new rules, and counts the markers that reach it and what passes them.
func (h *house) load(t *testing.T, rules string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	var out bytes.Buffer
	rules = strings.ReplaceAll(rules, "; } }", "; }\n}") // nft 1.0.6 wants chains to end in a line's end
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("flush ruleset\n"+rules), &out, &out
	if err := h.host.Do(cmd.Run); err != nil {
		t.Fatalf("nft: %v\n%s\n%s", err, &out, rules)
	}
	h.count(t)
}

func (h *house) count(t *testing.T) {
	t.Helper()
	h.table = h.counts.AddTable(&nftables.Table{Family: nftables.TableFamilyNetdev, Name: "came"})
	h.came = h.counts.AddChain(&nftables.Chain{Name: "came", Table: h.table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookIngress,
		Priority: nftables.ChainPriorityRef(-1 << 31), Device: "eth0"})
	table := h.counts.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "passed"})
	h.passed = h.counts.AddChain(&nftables.Chain{Name: "passed", Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput,
		Priority: nftables.ChainPriorityRef(1<<31 - 1)})
	for c, protocols := range map[*nftables.Chain][]byte{h.came: {marker}, h.passed: {TCP, UDP}} {
		for _, protocol := range protocols {
			h.counts.AddRule(&nftables.Rule{Table: c.Table, Chain: c, Exprs: []expr.Any{
				&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Register: 1, Data: []byte{protocol}}, &expr.Counter{},
			}})
		}
	}
	if err := h.counts.Flush(); err != nil {
		t.Fatal(err)
	}
}

func (h *house) counted(t *testing.T, c *nftables.Chain) (n uint64) {
	t.Helper()
	rules, err := h.counts.GetRules(c.Table, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		n += r.Exprs[len(r.Exprs)-1].(*expr.Counter).Packets
	}
	return n
}

// passes sends a packet and tells whether the kernel lets it pass.
func (h *house) passes(t *testing.T, p Packet) bool {
	t.Helper()
	came, passed := h.counted(t, h.came), h.counted(t, h.passed)
	from := netip.AddrPortFrom(p.From.Addr(), cmp.Or(p.From.Port(), someHighPort))
	if !from.Addr().IsValid() {
		from = netip.AddrPortFrom(strangeAddr, from.Port())
	}
	err := h.gateway.Do(func() error {
		return onOneCPU(func() error { return cmp.Or(send(p.Protocol, from, p.To), mark(from.Addr(), p.To.Addr())) })
	})
	if err != nil {
		t.Fatalf("send %v: %v", p, err)
	}
	for began := time.Now(); h.counted(t, h.came) == came; {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%v does not arrive", p)
		}
	}
	return h.counted(t, h.passed) > passed
}

// onOneCPU keeps what f sends in its order: each CPU takes in what was sent on it. The thread is f's.
func onOneCPU(f func() error) error {
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if before.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	return cmp.Or(f(), unix.SchedSetaffinity(0, &before))
}

// mark sends a marker.
func mark(from, to netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, marker)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return cmp.Or(unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))), unix.Sendto(fd, nil, 0, sockaddr(netip.AddrPortFrom(to, 0))))
}

// send sends the first packet of a flow.
func send(protocol uint8, from, to netip.AddrPort) error {
	kind := unix.SOCK_DGRAM
	if protocol == TCP {
		kind = unix.SOCK_STREAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, sockaddr(from)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	err = unix.Connect(fd, sockaddr(to))
	if protocol == UDP && err == nil {
		_, err = unix.Write(fd, []byte("hello"))
	}
	if err == unix.EINPROGRESS || err == unix.ECONNREFUSED {
		err = nil
	}
	return err
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// read reads the host's rules.
func (h *house) read(t *testing.T) *Ruleset {
	t.Helper()
	var rules *Ruleset
	err := h.host.Do(func() (err error) { rules, err = Read(t.Context()); return err })
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// packet is one by its word in the tables: "tcp/80" from a stranger, "lan:udp/53" from the gateway, or "ssdp", an answer to a search by multicast.
func (h *house) packet(t *testing.T, word string) Packet {
	t.Helper()
	p := Packet{Interface: "eth0", Index: h.index, Protocol: UDP, To: netip.AddrPortFrom(hostAddr, 45000)}
	if word == "ssdp" {
		p.From = netip.AddrPortFrom(gatewayAddr, 1900)
		return p
	}
	word, near := strings.CutPrefix(word, "lan:")
	if near {
		p.From = netip.AddrPortFrom(gatewayAddr, 0)
	}
	protocol, port, _ := strings.Cut(word, "/")
	if protocol == "tcp" {
		p.Protocol = TCP
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	p.To = netip.AddrPortFrom(hostAddr, uint16(n))
	return p
}
