package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// childName is the name (argv[0]) under which an executable is started again as a gateway.
const childName = "igdkit-lab"

// Run runs argv in a lab of one home and returns its exit code, 128 plus the signal's number when a signal ended it. The command has
// the standard streams of o as they are. Where the kernel cannot translate addresses, the home has no Internet.
//
// The error is about the lab or about starting the command: an [*UnavailableError] where namespaces are closed, an
// [*exec.Error] when there is no such command, the text of Start's error. It is ctx's error when ctx ended.
//
// Run forwards SIGINT, SIGTERM, SIGHUP and SIGQUIT to the command while it runs. A ctx that ends on the same signals (signal.NotifyContext)
// would end the lab before the command has decided what an interrupt means to it: give Run another.
func Run(ctx context.Context, o Options, argv []string) (int, error) {
	if len(argv) == 0 {
		return 0, errors.New("lab: no command")
	}
	n := home()
	n.Hosts[0].Command = &Command{Argv: argv, Interactive: true}
	o.Lean = true
	all, err := RunNetwork(ctx, o, n)
	if len(all) == 0 {
		return 0, err
	}
	return all[0].Exit, err
}

// home is the lab of Run.
func home() Network {
	return Network{
		Gateways: []Gateway{{Name: "gateway", WAN: wanAddr()}},
		Hosts:    []Host{{Name: "host", Gateway: "gateway"}},
	}
}

// RunNetwork runs the commands of all hosts in a lab, and tells what has become of them, in the order of n.Hosts. It ends when all have
// ended but those in the background, which are ended then. Errors and signals are as in [Run]; beside an error there may be
// outcomes: when ctx has ended.
func RunNetwork(ctx context.Context, o Options, n Network) ([]Outcome, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	o, n = o.defaults(), n.defaults()
	s := setup{Whole: !o.Lean, Spec: o.Spec, Network: n, Env: environment(o.Env), Grace: o.Grace}
	if _, err := os.Stat(cmp.Or(o.Dir, ".")); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	s.Paths = make([]string, len(n.Hosts))
	for i, h := range n.Hosts {
		if h.Command == nil {
			continue
		}
		var err error
		if s.Paths[i], err = exec.LookPath(h.Command.Argv[0]); err != nil {
			return nil, err
		}
	}
	files, numbers, err := openLogs(n, o.Dir)
	if err != nil {
		return nil, err
	}
	s.Logs = numbers
	all, err := run(ctx, o, s, files.files)
	files.close(all != nil)
	return all, err
}

// environment leaves out what would point the command at some other gateway.
func environment(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "IGD_") })
}

func run(ctx context.Context, o Options, s setup, logs []*os.File) ([]Outcome, error) {
	if os.Args[0] == childName {
		return nil, errors.New("lab: the program does not call lab.IsChild first")
	}
	// Before the gateway exists, so that no signal ends this process alone while it does.
	signals := make(chan os.Signal, 16)
	for _, sig := range forwarded() {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	defer signal.Stop(signals)

	c, err := startChild(o, logs)
	if err != nil {
		return nil, err
	}
	defer c.close()
	orders := newPost(c.orders)
	// An error here means that the gateway has ended: its news and its exit tell more.
	_ = orders.send(order{Setup: &s})

	heard := make(chan news, 1)
	go func() { heard <- listen(c.news, o.OnReport) }()
	done, ended := ctx.Done(), (<-chan error)(c.ended)
	var overdue <-chan time.Time // a gateway that does not do what it was told
	for {
		select {
		case sig := <-signals:
			_ = orders.send(order{Signal: sig.(syscall.Signal)})
			if final(sig) {
				overdue = time.After(o.Grace + 2*closeTime)
			}
		case <-done:
			done = nil
			_ = orders.send(order{Signal: syscall.SIGTERM})
			overdue = time.After(o.Grace + 2*closeTime)
		case <-overdue:
			overdue = nil
			c.kill()
		case err := <-ended:
			return verdict(ctx, s.Network, <-heard, err)
		}
	}
}

// verdict is the result from the gateway's last words and the way its process ended.
func verdict(ctx context.Context, n Network, last news, err error) ([]Outcome, error) {
	switch {
	case last.Failure != nil:
		return nil, last.Failure.reason()
	case last.Last:
		return last.Outcomes, ctx.Err()
	case ctx.Err() != nil:
		return killed(n), ctx.Err()
	case err == nil:
		return nil, errors.New("lab: the gateway ended without a word")
	}
	return nil, fmt.Errorf("lab: the gateway ended: %w", err)
}

// killed are the outcomes of a lab that was killed as a whole.
func killed(n Network) (all []Outcome) {
	for _, h := range n.Hosts {
		if h.Command != nil {
			all = append(all, Outcome{Host: h.Name, Argv: h.Command.Argv, Background: h.Command.Background, Exit: 128 + int(syscall.SIGKILL), Stopped: true})
		}
	}
	return all
}

// listen delivers reports until the gateway has ended, and returns its last words.
func listen(r io.Reader, deliver func(json.RawMessage)) news {
	var last news
	for dec := json.NewDecoder(r); ; {
		var n news
		if err := dec.Decode(&n); err != nil {
			return last
		}
		if n.Report == nil {
			last = n
		} else if deliver != nil {
			deliver(n.Report)
		}
	}
}

// forwarded are the signals that belong to the command.
func forwarded() []syscall.Signal {
	return []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

// final signals end the lab even if the command ignores them. An interrupt does not: a shell or an editor in a lab has
// its own use for it.
func final(sig os.Signal) bool { return sig == syscall.SIGTERM || sig == syscall.SIGHUP }

// child is the gateway's process as Run sees it.
type child struct {
	cmd    *exec.Cmd
	orders *os.File
	news   *os.File
	ended  chan error // the result of Wait, once
}

func startChild(o Options, logs []*os.File) (*child, error) {
	theirs := make([]*os.File, 2)
	c := &child{ended: make(chan error, 1)}
	var err error
	if theirs[0], c.orders, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	defer theirs[0].Close()
	if c.news, theirs[1], err = os.Pipe(); err != nil {
		c.orders.Close()
		return nil, fmt.Errorf("lab: %w", err)
	}
	defer theirs[1].Close()

	c.cmd = &exec.Cmd{
		Path:        "/proc/self/exe", // os.Executable is wrong once the file has been replaced
		Args:        []string{childName},
		Dir:         o.Dir,
		Stdout:      o.Stdout,
		Stderr:      o.Stderr,
		ExtraFiles:  append(theirs, logs...),
		SysProcAttr: namespaces(),
	}
	if o.Stdin != nil {
		c.cmd.Stdin = o.Stdin
	}
	started := make(chan error, 1)
	go func() {
		// The parent-death signal is sent when the thread that forked ends, and not only with the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.ended <- c.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		c.close()
		return nil, unavailable(err)
	}
	return c, nil
}

func (c *child) kill() { _ = c.cmd.Process.Kill() }

func (c *child) close() {
	c.orders.Close()
	c.news.Close()
}

// namespaces asks for everything that a lab needs of its own. Root keeps its identity, so that a command may switch to other users;
// anybody else becomes root of a user namespace, which is what makes the rest possible without being root.
func namespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if !privileged() {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// privileged says whether this process may make namespaces as it is.
func privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN
	return data[0].Effective&need == need
}
