package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	ordersFD   = 3
	newsFD     = 4
	firstLogFD = 5

	closeTime = 500 * time.Millisecond // for a gateway to take its leave
	groupTime = 20 * time.Millisecond  // for a signal that the kernel has delivered to get through Go's runtime

	marker = syscall.SIGWINCH // comes after the forwarded ones in a batch, and is harmless when it comes from a terminal
)

// IsChild says whether this process was started by [Run] to be a gateway: then the program must call [Child] and exit
// with what it returns, before it does anything else.
func IsChild() bool { return len(os.Args) > 0 && os.Args[0] == childName }

// Child is the gateway: it makes the networks, starts what runs on the gateways (nothing when prepare is nil) and the
// commands, and returns when the lab has ended. Its result is for os.Exit.
func Child(prepare Prepare) int {
	syscall.CloseOnExec(ordersFD)
	syscall.CloseOnExec(newsFD)
	k := &keeper{
		own:    make(chan os.Signal, 16),
		orders: make(chan syscall.Signal),
		news:   newPost(os.NewFile(newsFD, "news")),
	}
	// The init of a PID namespace dies of no signal from inside or from its group, but Go's runtime would make it exit.
	for _, sig := range forwarded() {
		signal.Notify(k.own, sig)
	}
	signal.Notify(k.own, marker)
	dec := json.NewDecoder(os.NewFile(ordersFD, "orders"))
	var first order
	if err := dec.Decode(&first); err != nil || first.Setup == nil {
		fmt.Fprintln(os.Stderr, "lab: this process is part of a lab and is not started by hand")
		return 2
	}
	k.setup = *first.Setup
	for _, fd := range k.setup.Logs {
		if fd > 0 {
			syscall.CloseOnExec(fd)
		}
	}
	go k.obey(dec)
	all, fail := k.run(prepare)
	last := news{Last: true, Outcomes: all, Failure: fail}
	// Run is gone when this fails, and then nobody is left to be told.
	_ = k.news.send(last)
	return 0
}

// keeper is the process that stands between Run and the commands.
type keeper struct {
	setup  setup
	own    chan os.Signal      // signals that reached this process itself
	orders chan syscall.Signal // signals that reached Run
	news   *post
}

// obey reads Run's orders until Run is gone; then the lab has no owner and ends on the spot.
func (k *keeper) obey(dec *json.Decoder) {
	for {
		var o order
		if err := dec.Decode(&o); err != nil {
			os.Exit(1)
		}
		k.orders <- o.Signal
	}
}

func (k *keeper) run(prepare Prepare) ([]Outcome, *failure) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan prepared, 1)
	if prepare != nil && !k.setup.Check {
		go func() {
			start, err := prepare(k.setup.Spec)
			ready <- prepared{start, err}
		}()
	} else {
		ready <- prepared{}
	}
	if err := mounts(); err != nil {
		return nil, newFailure(stageNamespaces, err)
	}
	net, err := build(ctx, k.setup.Network)
	if err != nil {
		return nil, newFailure(stageNamespaces, err)
	}
	if err := net.refused(); err != nil && k.setup.Whole {
		return nil, newFailure(stageRouting, err)
	}
	if k.setup.Check {
		return nil, net.try(k.setup.Whole)
	}
	running, sig, err := k.start(ctx, ready, net)
	defer leave(running)
	if err != nil {
		return nil, newFailure(stageGateway, err)
	}
	c := newCrew(k, net)
	if sig != 0 {
		return c.stopped(sig), nil
	}
	emptyLogs(k.setup.Logs)
	return c.run()
}

// translate makes the gateway's kernel translate addresses, and filter IPv6.
func (s *site) translate() error {
	n, err := newNAT(s)
	if err != nil {
		return fmt.Errorf("gateway %s: %w", s.Name, err)
	}
	s.kern = n
	if !s.LAN6.IsValid() {
		return nil
	}
	f, err := newFirewall(s)
	if err != nil {
		return fmt.Errorf("gateway %s: IPv6: %w", s.Name, err)
	}
	s.wall = f
	return nil
}

// refused says why not all gateways translate and filter.
func (b *built) refused() error {
	var errs []error
	for _, s := range b.sites {
		errs = append(errs, s.refused)
	}
	return errors.Join(errs...)
}

// try finds out whether the kernel hands over UDP, which is asked for only when a gateway is started.
func (b *built) try(whole bool) *failure {
	if !whole {
		return nil
	}
	for _, s := range b.sites {
		w, err := s.openWire()
		if err != nil {
			return newFailure(stageRouting, err)
		}
		w.(*wire).close()
	}
	return nil
}

// place is where s stands, as Start sees it.
func (b *built) place(s *site, hosts []Host) Place {
	p := Place{Name: s.Name, Interface: lanInterface, LAN: s.LAN, LAN6: s.LAN6, WAN: s.WAN, Do: s.space.Do, Hold: s.hold}
	for _, h := range hosts {
		if h.Gateway == s.Name {
			p.Host = h.Addr
			break
		}
	}
	if s.kern != nil { // not an interface that holds a nil
		p.Forwarding, p.Wire = s.kern, s.openWire
		p.Power = (&power{space: s.space, six: s.wall != nil}).set
	}
	if s.wall != nil {
		p.Firewall = s.wall
	}
	return p
}

// prepared is the result of a Prepare.
type prepared struct {
	start Start
	err   error
}

// start waits for what is started, or for a signal that makes it pointless.
func (k *keeper) start(ctx context.Context, ready <-chan prepared, net *built) (io.Closer, syscall.Signal, error) {
	type result struct {
		io.Closer
		error
	}
	at := Site{Spec: k.setup.Spec, Internet: net.core.Do, Report: k.report}
	for _, s := range net.sites {
		at.Places = append(at.Places, net.place(s, k.setup.Network.Hosts))
	}
	if len(at.Places) > 0 {
		at.Place = at.Places[0]
	}
	done := make(chan result, 1)
	go func() {
		p := <-ready
		if p.err != nil || p.start == nil {
			done <- result{nil, p.err}
			return
		}
		c, err := p.start(ctx, at)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		if r.error != nil {
			return nil, 0, r.error
		}
		return r.Closer, 0, nil
	case sig := <-k.orders:
		return nil, sig, nil
	}
}

func (k *keeper) report(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("lab: report: %w", err)
	}
	return k.news.send(news{Report: raw})
}

// leave closes what ran on the gateways, and does not wait for ever: the process ends next.
func leave(c io.Closer) {
	if c == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "lab: gateway: close: %v\n", err)
		}
	}()
	select {
	case <-done:
	case <-time.After(closeTime):
	}
}

// groupHad says whether sig was for the whole process group, as a terminal's Ctrl-C is: then it reached this process
// too, and interactive commands had it already; others are in no group of the terminal. A program that is interrupted twice often gives up its clean-up.
//
// A signal to a group is pending everywhere before Run can tell about its own, but on a busy machine Go's runtime may
// hand this process's over later than the order arrives. So a marker is sent after it.
func (k *keeper) groupHad(sig syscall.Signal, seen map[os.Signal]time.Time) bool {
	at, ok := seen[sig]
	delete(seen, sig)
	if ok && time.Since(at) < time.Second {
		return true
	}
	_ = syscall.Kill(os.Getpid(), marker)
	for timeout := time.After(time.Second); ; {
		select {
		case own := <-k.own:
			switch own {
			case sig:
				return true
			case marker:
				timeout = time.After(groupTime)
			default:
				seen[own] = time.Now()
			}
		case <-timeout:
			return false
		}
	}
}
