package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// controlServer is the control API: what a test asks about the gateways, on a listener of its own, so that nothing that
// speaks to a gateway can reach it by mistake. It only reads.
type controlServer struct {
	url      string
	listener net.Listener
	server   *http.Server
	wg       sync.WaitGroup
}

func listenControl(ctx context.Context, address string) (net.Listener, error) {
	if host, _, err := net.SplitHostPort(address); err != nil {
		return nil, usage("for example --control 127.0.0.1:8080; port 0 takes a free one", "--control %q is not HOST:PORT", address)
	} else if host == "" {
		address = "127.0.0.1" + address // never every interface without being told
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case addressTaken(err):
		return nil, &failure{
			kind: "listen", exit: exitUsage, cause: err,
			message: fmt.Sprintf("the control API cannot use %s: another program listens there", address),
			hints:   []string{"take another port, or leave --control out, and a free one is taken"},
		}
	default:
		return nil, &failure{
			kind: "listen", exit: exitUsage, cause: err,
			message: fmt.Sprintf("the control API cannot use %s: %v", address, err),
			hints:   []string{"for example --control 127.0.0.1:8080; port 0 takes a free one"},
		}
	}
}

// newControlServer prepares the API of se on l. Requests may name the host of advertise, besides addresses and this machine.
func newControlServer(l net.Listener, se *session, advertise string) *controlServer {
	hosts := []string{"localhost"}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	if host, _, err := net.SplitHostPort(advertise); err == nil {
		hosts = append(hosts, host)
	}
	return &controlServer{
		url:      "http://" + reachable(l.Addr()),
		listener: l,
		server: &http.Server{
			Handler:           guard(hosts, controlHandler(se)),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			IdleTimeout:       30 * time.Second,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          log.New(io.Discard, "", 0), // a client that hangs up is not news
		},
	}
}

func (c *controlServer) serve() {
	c.wg.Go(func() { _ = c.server.Serve(c.listener) }) // ends by close
}

func (c *controlServer) close() error {
	err := c.server.Close()
	if lerr := c.listener.Close(); lerr != nil && !errors.Is(lerr, net.ErrClosed) {
		err = errors.Join(err, lerr)
	}
	c.wg.Wait()
	return err
}

// reachable writes a listener's address so that it can be dialled from this machine.
func reachable(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err == nil && ap.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
	}
	return a.String()
}

// guard keeps web pages out. A page that somebody visits can send requests to loopback; with a name that it controls
// (DNS rebinding) it could even read the answers. Its requests carry an Origin, or a Host that is neither an address nor
// one of ours.
func guard(hosts []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ourHost(r.Host, hosts):
			writeError(w, http.StatusForbidden, "foreign_host", fmt.Sprintf("the host %q is not this one", r.Host),
				"use the address of the control API, or localhost")
		case foreignOrigin(r):
			writeError(w, http.StatusForbidden, "foreign_origin", "web pages have no access", "send no Origin header")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func ourHost(hostport string, ours []string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true // an address cannot be rebound
	}
	for _, name := range ours {
		if strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}

func foreignOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin": // no browser, the address bar, a page of ours
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	return len(origins) > 1 || len(origins) == 1 && origins[0] != "http://"+r.Host
}

// controlHandler is the API itself.
func controlHandler(se *session) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		// The listener is served only when every gateway stands: whoever gets an answer gets this one.
		writeJSON(w, http.StatusOK, map[string]any{"status": "ready", "gateways": len(se.gateways)})
	})
	mux.HandleFunc("GET /v1/gateways", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"gateways": se.views()})
	})
	of := func(answer func(w http.ResponseWriter, r *http.Request, g *gateway)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("name")
			var names []string
			for _, g := range se.gateways {
				if g.Name() == name {
					answer(w, r, g)
					return
				}
				names = append(names, g.Name())
			}
			writeError(w, http.StatusNotFound, "no_such_gateway", fmt.Sprintf("no gateway is called %q", name),
				"there is "+strings.Join(names, ", "))
		}
	}
	mux.HandleFunc("GET /v1/gateways/{name}/state", of(func(w http.ResponseWriter, _ *http.Request, g *gateway) {
		writeJSON(w, http.StatusOK, se.state(g))
	}))
	mux.HandleFunc("GET /v1/gateways/{name}/mappings", of(func(w http.ResponseWriter, _ *http.Request, g *gateway) {
		writeJSON(w, http.StatusOK, mappingsView(g))
	}))
	mux.HandleFunc("GET /v1/gateways/{name}/journal", of(journalAnswer))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "no_such_path", fmt.Sprintf("there is nothing at %s", r.URL.Path),
			"begin at /v1/gateways")
	})
	return mux
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // an error means that the client has gone
}

func writeError(w http.ResponseWriter, status int, kind, message, hint string) {
	writeJSON(w, status, map[string]any{"error": failureJSON{Kind: kind, Message: message, Hint: hint}})
}
