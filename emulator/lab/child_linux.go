package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/internal/netns"
)

const (
	ordersFD = 3
	newsFD   = 4

	closeTime = 500 * time.Millisecond // for a gateway to take its leave
	groupTime = 20 * time.Millisecond  // for a signal that the kernel has delivered to get through Go's runtime

	marker = syscall.SIGWINCH // comes after the forwarded ones in a batch, and is harmless when it comes from a terminal
)

// IsChild says whether this process was started by [Run] to be a gateway: then the program must call [Child] and exit
// with what it returns, before it does anything else.
func IsChild() bool { return len(os.Args) > 0 && os.Args[0] == childName }

// Child is the gateway: it makes the networks, starts what runs on the gateway (nothing when start is nil) and the
// command, and returns when the lab has ended. Its result is for os.Exit.
func Child(start Start) int {
	syscall.CloseOnExec(ordersFD)
	syscall.CloseOnExec(newsFD)
	g := &gateway{
		own:    make(chan os.Signal, 16),
		orders: make(chan syscall.Signal),
		news:   newPost(os.NewFile(newsFD, "news")),
	}
	// The init of a PID namespace dies of no signal from inside or from its group, but Go's runtime would make it exit.
	for _, sig := range forwarded() {
		signal.Notify(g.own, sig)
	}
	signal.Notify(g.own, marker)
	dec := json.NewDecoder(os.NewFile(ordersFD, "orders"))
	var first order
	if err := dec.Decode(&first); err != nil || first.Setup == nil {
		fmt.Fprintln(os.Stderr, "lab: this process is part of a lab and is not started by hand")
		return 2
	}
	g.setup = *first.Setup
	go g.obey(dec)
	code, fail := g.run(start)
	last := news{Exit: &code}
	if fail != nil {
		last = news{Failure: fail}
	}
	// Run is gone when this fails, and then nobody is left to be told.
	_ = g.news.send(last)
	return 0
}

// gateway is the process that stands between Run and the command.
type gateway struct {
	setup  setup
	own    chan os.Signal      // signals that reached this process itself
	orders chan syscall.Signal // signals that reached Run
	news   *post
}

// obey reads Run's orders until Run is gone; then the lab has no owner and ends on the spot.
func (g *gateway) obey(dec *json.Decoder) {
	for {
		var o order
		if err := dec.Decode(&o); err != nil {
			os.Exit(1)
		}
		g.orders <- o.Signal
	}
}

func (g *gateway) run(start Start) (code int, fail *failure) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := mounts(); err != nil {
		return 0, newFailure(stageNamespaces, err)
	}
	host, err := network(ctx)
	if err != nil {
		return 0, newFailure(stageNamespaces, err)
	}
	if g.setup.Check {
		return 0, nil
	}
	running, sig, err := g.start(ctx, start)
	defer leave(running)
	if err != nil {
		return 0, newFailure(stageGateway, err)
	}
	if sig != 0 {
		return 128 + int(sig), nil
	}
	cmd, err := g.command(host)
	if err != nil {
		return 0, newFailure(stageCommand, err)
	}
	return g.follow(cmd), nil
}

// start waits for start, or for a signal that makes it pointless.
func (g *gateway) start(ctx context.Context, start Start) (io.Closer, syscall.Signal, error) {
	if start == nil {
		return nil, 0, nil
	}
	type result struct {
		io.Closer
		error
	}
	site := Site{
		Spec:      g.setup.Spec,
		Interface: gatewayInterface,
		LAN:       gatewayAddr(),
		WAN:       wanAddr().Addr(),
		Host:      hostAddr().Addr(),
		Hold:      holdAddr,
		Report:    g.report,
	}
	if n, err := newNAT(); err == nil {
		site.Forwarding = n
	}
	done := make(chan result, 1)
	go func() {
		c, err := start(ctx, site)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		if r.error != nil {
			return nil, 0, r.error
		}
		return r.Closer, 0, nil
	case sig := <-g.orders:
		return nil, sig, nil
	}
}

func (g *gateway) report(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("lab: report: %w", err)
	}
	return g.news.send(news{Report: raw})
}

// leave closes what ran on the gateway, and does not wait for ever: the process ends next.
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

// command starts the command on the host.
func (g *gateway) command(host *netns.Namespace) (*command, error) {
	c := &command{ended: make(chan syscall.WaitStatus, 1)}
	err := host.Do(func() error {
		pid, err := syscall.ForkExec(g.setup.Path, g.setup.Argv, &syscall.ProcAttr{
			Env:   g.setup.Env,
			Files: []uintptr{0, 1, 2},
		})
		c.pid = pid
		return err
	})
	if err != nil {
		return nil, err
	}
	go c.reap()
	return c, nil
}

// follow passes signals on until the command has ended, and returns its exit code.
func (g *gateway) follow(c *command) int {
	seen := map[os.Signal]time.Time{}
	var overdue <-chan time.Time
	for {
		select {
		case ws := <-c.ended:
			if ws.Signaled() {
				return 128 + int(ws.Signal())
			}
			return ws.ExitStatus()
		case <-overdue:
			return 128 + int(syscall.SIGKILL)
		case sig := <-g.own:
			seen[sig] = time.Now()
		case sig := <-g.orders:
			if final(sig) && overdue == nil {
				overdue = time.After(g.setup.Grace)
			}
			if !g.groupHad(sig, seen) {
				c.signal(sig)
			}
		}
	}
}

// groupHad says whether sig was for the whole process group, as a terminal's Ctrl-C is: then it reached this process
// too, and the command had it already. A program that is interrupted twice often gives up its clean-up.
//
// A signal to a group is pending everywhere before Run can tell about its own, but on a busy machine Go's runtime may
// hand this process's over later than the order arrives. So a marker is sent after it.
func (g *gateway) groupHad(sig syscall.Signal, seen map[os.Signal]time.Time) bool {
	at, ok := seen[sig]
	delete(seen, sig)
	if ok && time.Since(at) < time.Second {
		return true
	}
	_ = syscall.Kill(os.Getpid(), marker)
	for timeout := time.After(time.Second); ; {
		select {
		case own := <-g.own:
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
