package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/koron/go-ssdp"
)

// TestGoSSDPSearch lets go-ssdp search for what a gateway of either version answers to.
func TestGoSSDPSearch(t *testing.T) {
	onHost(t, func(t *testing.T, version int) {
		targets := []string{ssdp.RootDevice}
		for v := 1; v <= version; v++ {
			targets = append(targets,
				fmt.Sprintf("urn:schemas-upnp-org:device:InternetGatewayDevice:%d", v),
				fmt.Sprintf("urn:schemas-upnp-org:service:WANIPConnection:%d", v))
		}
		for _, target := range targets {
			found, err := ssdp.Search(target, 1, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 {
				t.Errorf("%s: %d answers, want 1: %+v", target, len(found), found)
				continue
			}
			s := found[0]
			if s.Type != target || !strings.HasPrefix(s.USN, "uuid:") || !strings.HasSuffix(s.USN, "::"+target) ||
				!strings.HasPrefix(s.Location, "http://192.168.1.1:") || s.MaxAge() < 1800 || s.Server == "" {
				t.Errorf("%s: %+v", target, s)
			}
		}
		if found, err := ssdp.Search("urn:schemas-upnp-org:device:InternetGatewayDevice:3", 1, ""); len(found) > 0 || err != nil {
			t.Errorf("answers to a version that it is not: %+v, %v", found, err)
		}
	})
}

// TestGoSSDPMonitor hears the gateway leave and come back when it is rebooted.
func TestGoSSDPMonitor(t *testing.T) {
	onHost(t, func(t *testing.T, version int) {
		want := fmt.Sprintf("urn:schemas-upnp-org:device:InternetGatewayDevice:%d", version)
		alive, heard := make(chan *ssdp.AliveMessage, 100), make(chan string, 100)
		m := &ssdp.Monitor{
			Alive:  func(m *ssdp.AliveMessage) { alive <- m },
			Search: func(m *ssdp.SearchMessage) { heard <- m.Type },
		}
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
		listening(t, heard)
		defer m.Close()

		reboot(t)
		for deadline := time.After(20 * time.Second); ; {
			select {
			case a := <-alive:
				if a.Type != want {
					continue
				}
				if from, _, _ := net.SplitHostPort(a.From.String()); from != labGateway.String() {
					t.Errorf("alive from %v", a.From)
				}
				if !strings.HasPrefix(a.Location, "http://192.168.1.1:") || a.MaxAge() < 1800 || a.Header().Get("BOOTID.UPNP.ORG") == "" {
					t.Errorf("alive: %+v %v", a, a.Header())
				}
				return
			case <-deadline:
				t.Fatal("nothing heard of the gateway after its reboot")
			}
		}
	})
}

// listening returns when the monitor hears: in go-ssdp 0.9.2 Start returns earlier, and a Close before that panics.
func listening(t *testing.T, heard <-chan string) {
	t.Helper()
	c, err := net.Dial("udp", "127.0.0.1:1900")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const mine = "urn:igdkit:is-anybody-there"
	if _, err := fmt.Fprintf(c, "M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1:1900\r\nMAN: \"ssdp:discover\"\r\nST: %s\r\n\r\n", mine); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(10 * time.Second); ; {
		select {
		case st := <-heard:
			if st == mine {
				return
			}
		case <-deadline:
			t.Fatal("the monitor hears nothing")
		}
	}
}
