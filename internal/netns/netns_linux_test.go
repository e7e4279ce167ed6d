package netns

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// space makes a namespace, which needs root.
func space(t *testing.T) *Namespace {
	t.Helper()
	n, err := New()
	if errors.Is(err, os.ErrPermission) && os.Getenv("CI") == "" {
		t.Skip("only root makes network namespaces")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func addresses(t *testing.T, n *Namespace) string {
	t.Helper()
	var all []string
	err := n.Do(func() error {
		addrs, err := net.InterfaceAddrs()
		for _, a := range addrs {
			all = append(all, a.String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// What the kernel refuses is told, and keeps nothing else from being done, however much it is.
func TestApply(t *testing.T) {
	n := space(t)
	addr := func(last byte) Addr {
		return Addr{loopback, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, last}), 32)}
	}
	unreachable := Route{To: netip.MustParsePrefix("10.9.0.0/16"), Via: netip.MustParseAddr("10.8.0.1")} // on no network of ours
	if err := n.Apply(addr(1), addr(1), Try{unreachable}, Try{Up{"nowhere"}}); err != nil {
		t.Error("what is only tried, or so already: ", err)
	}
	changes := []Change{addr(2), unreachable, Up{"nowhere"}}
	for i := range byte(2 * batchSize) {
		changes = append(changes, addr(3+i))
	}
	err := n.Apply(changes...)
	if e, is := errors.AsType[*ChangeError](err); !is || e.Change != Change(unreachable) && e.Change != Change(Up{"nowhere"}) {
		t.Errorf("%v tells of no change that was refused", err)
	}
	got := addresses(t, n)
	for _, want := range []string{"10.0.0.1/32", "10.0.0.2/32", "10.0.0.130/32"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not there: %s", want, got)
		}
	}
	if err := n.RemoveAddr(loopback, addr(2).Prefix); err != nil || strings.Contains(addresses(t, n), "10.0.0.2/32") {
		t.Errorf("removed: %v, %s", err, addresses(t, n))
	}
}

// Cables carry at once, also those that lead to a bridge and between namespaces in which interfaces had the same numbers.
func TestConnectAll(t *testing.T) {
	router, left, right := space(t), space(t), space(t)
	if err := router.AddBridge("br0", netip.MustParsePrefix("10.0.0.1/24")); err != nil {
		t.Fatal(err)
	}
	port := func(name string) End { return End{Namespace: router, Name: name, Bridge: "br0"} }
	host := func(n *Namespace, addr string) End {
		return End{Namespace: n, Name: "eth0", Addrs: []netip.Prefix{netip.MustParsePrefix(addr)}}
	}
	err := ConnectAll(t.Context(), Cable{host(left, "10.0.0.2/24"), port("p0")}, Cable{port("p1"), host(right, "10.0.0.3/24")})
	if err != nil {
		t.Fatal(err)
	}
	if err := router.Apply(Up{"br0"}); err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	if err := right.Do(func() (err error) { l, err = net.Listen("tcp4", "10.0.0.3:80"); return err }); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = left.Do(func() error {
		c, err := net.Dial("tcp4", "10.0.0.3:80")
		if err == nil {
			c.Close()
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Nobody else ever finds himself in a namespace that Do has visited, not even after Goexit.
func TestDoComesBack(t *testing.T) {
	n := space(t)
	here := func() string {
		name, err := os.Readlink(ofThread)
		if err != nil {
			t.Error(err)
		}
		return name
	}
	home := here()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for _, do := range []func(func() error) error{n.Do, n.Alone} {
				if err := do(func() error {
					if here() == home {
						t.Error("Do has gone nowhere")
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
				if here() != home {
					t.Error("Do has not come back")
				}
			}
		})
		all.Go(func() {
			if err := n.Do(func() error { runtime.Goexit(); return nil }); !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("Goexit: %v", err)
			}
		})
	}
	all.Wait()
}
