package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
	"github.com/igdkit/igdkit/soap"
)

const igd1 = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

// stub is a device in the memory network whose every answer the test chooses. It serves by net/http, so that nothing of ours is
// on its side of the wire but the SSDP and envelope writers.
type stub struct {
	t       *testing.T
	network *emulator.Network
	host    *emulator.Host
	addr    netip.Addr

	// answers gives the datagrams for one search, none for silence.
	answers func(s *ssdp.Message, multicast bool) []string
	// wait delays answers to searches.
	wait time.Duration

	mux *http.ServeMux

	mu    sync.Mutex
	asked map[string]int // requests by path, and by path#action
	busy  int
	most  int        // requests at the same time
	idle  *sync.Cond // on mu: busy fell
}

// newStub puts a device on the network at prefix. Without further words it answers no search and has no page.
func newStub(t *testing.T, n *emulator.Network, name, prefix string) *stub {
	t.Helper()
	p := netip.MustParsePrefix(prefix)
	s := &stub{t: t, network: n, host: n.Host(name, p), addr: p.Addr(), mux: http.NewServeMux(), asked: make(map[string]int)}
	s.idle = sync.NewCond(&s.mu)
	s.listenGroup()
	s.listenHTTP(5000)
	return s
}

func (s *stub) listenGroup() { s.group(netip.MustParseAddrPort(ssdp.GroupV4)) }

// group lets it hear searches to a group.
func (s *stub) group(to netip.AddrPort) {
	c, err := s.host.ListenGroup(s.t.Context(), s.addr, to)
	if err != nil {
		s.t.Fatal(err)
	}
	s.serve(c)
}

// serve answers searches that arrive at c until the test ends.
func (s *stub) serve(c net.PacketConn) {
	done := make(chan struct{})
	s.t.Cleanup(func() { c.Close(); <-done })
	go func() {
		defer close(done)
		b := make([]byte, ssdp.MaxSize)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			m, err := ssdp.Parse(b[:n])
			if err != nil || m.Kind != ssdp.SearchRequest || s.answers == nil {
				continue
			}
			answers := s.answers(m, m.MX > 0)
			send := func() {
				for _, a := range answers {
					c.WriteTo([]byte(a), from)
				}
			}
			if s.wait == 0 {
				send()
			} else {
				time.AfterFunc(s.wait, send)
			}
		}
	}()
}

func (s *stub) listenHTTP(port uint16) {
	l, err := s.host.Listen(s.t.Context(), netip.AddrPortFrom(s.addr, port))
	if err != nil {
		s.t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(s.count)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(l)
	}()
	s.t.Cleanup(func() {
		server.Close()
		<-done
		s.mu.Lock()
		defer s.mu.Unlock()
		for s.busy > 0 {
			s.idle.Wait()
		}
	})
}

func (s *stub) count(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	if _, action, ok := strings.Cut(r.Header.Get("SOAPAction"), "#"); ok {
		s.asked[r.URL.Path+"#"+strings.Trim(action, `"`)]++
	}
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	s.mux.ServeHTTP(w, r)
	s.mu.Lock()
	s.busy--
	s.idle.Broadcast()
	s.mu.Unlock()
}

func (s *stub) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func (s *stub) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.asked))
}

// url is where a page of the stub is.
func (s *stub) url(path string) string {
	return fmt.Sprintf("http://%s%s", netip.AddrPortFrom(s.addr.WithZone(""), 5000), path)
}

// page serves a document.
func (s *stub) page(path, document string) {
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, document)
	})
}

// actions serves SOAP: the out-arguments of each action, or a UPnP error code. Other actions are refused with 401.
func (s *stub) actions(path string, answers map[string]any) {
	s.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		service, action, _ := strings.Cut(strings.Trim(r.Header.Get("SOAPAction"), `"`), "#")
		w.Header().Set("Content-Type", `text/xml; charset="utf-8"`)
		switch a := answers[action].(type) {
		case []soap.Arg:
			w.Write(soap.WriteResponse(service, action, a))
		case int:
			w.WriteHeader(http.StatusInternalServerError)
			w.Write(soap.WriteFault(a, "no"))
		case func(http.ResponseWriter, *http.Request):
			a(w, r)
		default:
			w.WriteHeader(http.StatusInternalServerError)
			w.Write(soap.WriteFault(soap.InvalidAction, "Invalid Action"))
		}
	})
}

// connected are the answers of a service that is up.
func connected(external string) map[string]any {
	return map[string]any{
		"GetStatusInfo":        []soap.Arg{{Name: "NewConnectionStatus", Value: "Connected"}, {Name: "NewLastConnectionError", Value: "ERROR_NONE"}, {Name: "NewUptime", Value: "77"}},
		"GetExternalIPAddress": []soap.Arg{{Name: "NewExternalIPAddress", Value: external}},
	}
}

func disconnected() map[string]any {
	return map[string]any{
		"GetStatusInfo": []soap.Arg{{Name: "NewConnectionStatus", Value: "Disconnected"}, {Name: "NewLastConnectionError", Value: "ERROR_NONE"}, {Name: "NewUptime", Value: "0"}},
	}
}

// description is the shortest description of a gateway.
func description(udn, service, control string) string {
	return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>` +
		`<device><deviceType>` + igd1 + `</deviceType><friendlyName>stub</friendlyName><UDN>` + udn + `</UDN><serviceList><service>` +
		`<serviceType>urn:schemas-upnp-org:service:` + service + `</serviceType><serviceId>urn:upnp-org:serviceId:WAN1</serviceId>` +
		`<controlURL>` + control + `</controlURL><eventSubURL>/evt</eventSubURL><SCPDURL>/scpd.xml</SCPDURL>` +
		`</service></serviceList></device></root>`
}

// gateway makes the stub a sound gateway: description at /desc.xml, control at /ctl, and it answers every search.
func (s *stub) gateway(external string) *stub {
	s.page("/desc.xml", description("uuid:"+s.host.Name(), "WANIPConnection:1", "/ctl"))
	s.actions("/ctl", connected(external))
	s.announce(s.url("/desc.xml"))
	return s
}

// announce answers every search for a gateway with one LOCATION.
func (s *stub) announce(locations ...string) {
	s.answers = func(m *ssdp.Message, _ bool) (all []string) {
		if !claimsGateway(m.ST) && !isRoot(m.ST) {
			return nil
		}
		for _, l := range locations {
			all = append(all, s.reply(m.ST, l))
		}
		return all
	}
}

func (s *stub) reply(st, location string) string {
	return "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=60\r\nEXT:\r\nLOCATION: " + location + "\r\nSERVER: stub\r\nST: " + st +
		"\r\nUSN: uuid:" + s.host.Name() + "::" + st + "\r\n\r\n"
}

// newPC is a machine on 192.168.1.0/24 whose default gateway is 192.168.1.1.
func newPC(n *emulator.Network) *emulator.Host {
	h := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	h.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	return h
}

// discover drains a Discover.
func discover(ctx context.Context, o Options) (found []*Gateway, errs []error) {
	for g, err := range Discover(ctx, o) {
		if err != nil {
			errs = append(errs, err)
		} else {
			found = append(found, g)
		}
	}
	return found, errs
}

func locations(gateways []*Gateway) []string {
	var all []string
	for _, g := range gateways {
		u, err := url.Parse(g.Location)
		if err != nil {
			panic(err)
		}
		all = append(all, u.Host+u.Path)
	}
	return all
}

// reasonOf is the reason of a NotGatewayError, "" for other errors.
func reasonOf(err error) Reason {
	var not *NotGatewayError
	if errors.As(err, &not) {
		return not.Reason
	}
	return ""
}
