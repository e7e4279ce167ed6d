package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/netns"
)

// In these labs there is a peer on the Internet as well, and a desk at the gateway by which tests use it.

const (
	labPeer = "198.51.100.2"
	labDesk = "http://192.168.1.1:6000/"
)

// labInternet is a gateway with a peer.
func labInternet(ctx context.Context, s lab.Site) (io.Closer, error) {
	peer, err := connectPeer(ctx)
	if err != nil {
		return nil, err
	}
	g, err := New(ctx, Options{
		LAN: s.LAN.Addr(), HTTPPort: 5000, SSDP: "off", ExternalIP: s.WAN, Plane: Plane{Mode: PlanePorts, Forwarding: s.Forwarding, Hold: s.Hold, Power: s.Power},
		Policy: Policy{Ports: PortPolicy{Zero: "accepted"}},
	})
	if err != nil {
		return nil, err
	}
	if err := echoAt(peer, labPeer+":7"); err != nil {
		return nil, err
	}
	desk := http.NewServeMux()
	desk.HandleFunc("/nat", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.Forwarding != nil) })
	desk.HandleFunc("/knock", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, knockFrom(peer, r.FormValue("at"))) })
	desk.HandleFunc("/do", func(_ http.ResponseWriter, r *http.Request) {
		switch what := r.FormValue("what"); what {
		case "fault":
			err := g.AddFault(Fault{Name: "slow", On: "forward", Do: Deed{Delay: Span{time.Nanosecond, time.Nanosecond}}})
			if err != nil {
				panic(err)
			}
		case "cure":
			g.ClearFaults()
		case "down":
			g.Reboot(Reboot{Keep: true, Downtime: Duration(time.Hour)})
		case "reboot":
			g.Reboot(Reboot{Keep: true})
		default:
			if err := g.Act(Action{Status: what}); err != nil {
				panic(err)
			}
		}
	})
	l, err := net.Listen("tcp", "192.168.1.1:6000")
	if err != nil {
		return nil, err
	}
	go http.Serve(l, desk)
	return g, s.Report(json.RawMessage(`"ready"`))
}

// connectPeer makes a host on the Internet side.
func connectPeer(ctx context.Context) (*netns.Namespace, error) {
	gateway, err := netns.Current()
	if err != nil {
		return nil, err
	}
	peer, err := netns.New()
	if err != nil {
		return nil, err
	}
	err = netns.Connect(ctx,
		netns.End{Namespace: gateway, Name: "peer0", Addrs: []netip.Prefix{netip.MustParsePrefix("198.51.100.1/24")}},
		netns.End{Namespace: peer, Name: "eth0", Addrs: []netip.Prefix{netip.MustParsePrefix(labPeer + "/24")}})
	if err != nil {
		return nil, err
	}
	return peer, peer.AddDefaultRoute(netip.MustParseAddr("198.51.100.1"))
}

// echoAt says back on a host what it is told by TCP.
func echoAt(host *netns.Namespace, at string) error {
	var l net.Listener
	err := host.Do(func() (err error) { l, err = net.Listen("tcp", at); return err })
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	return nil
}

// knockFrom connects from host to at, a port of TCP, and tells what is said there.
func knockFrom(host *netns.Namespace, at string) (heard string) {
	err := host.Do(func() error {
		c, err := net.DialTimeout("tcp", at, 5*time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		text, err := io.ReadAll(c)
		heard = string(text)
		return err
	})
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case err != nil:
		return err.Error()
	}
	return heard
}

func desk(t *testing.T, what string, form url.Values) string {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	r, err := http.Get(labDesk + what + "?" + form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", what, r.Status, err)
	}
	return string(text)
}

func knockFromPeer(t *testing.T, at string) string {
	t.Helper()
	return desk(t, "knock", url.Values{"at": {at}})
}
