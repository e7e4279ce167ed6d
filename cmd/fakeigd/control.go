package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// controlServer is the control API: what a test asks and tells the gateways, on a listener of its own, so that nothing that
// speaks to a gateway can reach it by mistake.
type controlServer struct {
	url      string
	listener net.Listener
	server   *http.Server
	end      context.CancelFunc // of every request
	wg       sync.WaitGroup     // the listener and every request
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
	run, end := context.WithCancel(context.Background())
	c := &controlServer{url: "http://" + reachable(l.Addr()), listener: l, end: end}
	c.server = &http.Server{
		Handler:           c.counted(guard(hosts, newAPI(se))),
		BaseContext:       func(net.Listener) context.Context { return run },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that hangs up is not news
	}
	return c
}

func (c *controlServer) serve() {
	c.wg.Go(func() { _ = c.server.Serve(c.listener) }) // ends by close
}

// maxRequests bounds those that are answered at a time, of which most wait for something.
const maxRequests = 256

// counted lets close wait for requests, which http.Server.Close does not, and refuses those that are too many.
func (c *controlServer) counted(next http.Handler) http.Handler {
	room := make(chan struct{}, maxRequests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.wg.Add(1)
		defer c.wg.Done()
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
			next.ServeHTTP(w, r)
		default:
			writeError(w, http.StatusServiceUnavailable, "busy", fmt.Sprintf("%d requests are waiting already", maxRequests), "end those that follow a journal")
		}
	})
}

// close ends the API, and with it the requests that wait for something.
func (c *controlServer) close() error {
	c.end()
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
