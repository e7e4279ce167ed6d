package lab

import (
	"cmp"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/internal/netns"
)

// crew are the commands of a lab. They are looked after by one goroutine, that of run.
type crew struct {
	keeper *keeper
	net    *built
	all    []*member // of the hosts that have a command, in order
	reaper *reaper
	voices *voices
	happen chan func() // what other goroutines have to tell run

	stopping bool
	overdue  <-chan time.Time // then all is killed
}

// member is one command.
type member struct {
	Outcome
	cmd   *Command
	host  *Host
	space *netns.Namespace
	path  string
	log   int
	names netip.Addr // of the name server

	pid          int // 0 before it is started
	began        time.Time
	ready, ended bool // ended also when it was skipped
	watched      bool // it waits for nothing but ports
}

func newCrew(k *keeper, net *built) *crew {
	c := &crew{keeper: k, net: net, reaper: newReaper(), voices: newVoices(k.setup.Network.Hosts), happen: make(chan func())}
	for i := range k.setup.Network.Hosts {
		h := &k.setup.Network.Hosts[i]
		if h.Command == nil {
			continue
		}
		m := &member{
			Outcome: Outcome{Host: h.Name, Argv: h.Command.Argv, Background: h.Command.Background},
			cmd:     h.Command, host: h, space: net.hosts[i], path: k.setup.Paths[i], log: k.setup.Logs[i], names: Resolver(),
		}
		if s := net.site(h.Gateway); s != nil {
			m.names = s.LAN.Addr()
		}
		c.all = append(c.all, m)
	}
	return c
}

// run starts the commands as their order says, passes signals on, and returns when all have ended.
func (c *crew) run() ([]Outcome, *failure) {
	seen := map[os.Signal]time.Time{}
	k := c.keeper
	for {
		c.look()
		if fail := c.advance(); fail != nil {
			return nil, fail
		}
		if c.over() {
			return c.outcomes(), c.voices.failure()
		}
		select {
		case e := <-c.reaper.ended:
			c.end(e)
		case f := <-c.happen:
			f()
		case <-c.lookAgain():
		case <-c.overdue:
			c.killAll()
		case sig := <-k.own:
			seen[sig] = time.Now()
		case sig := <-k.orders:
			if final(sig) || sig == syscall.SIGINT && !c.interactive() {
				c.stop()
			}
			c.signal(sig, c.interactive() && k.groupHad(sig, seen))
		}
	}
}

// start starts the command of m on its host.
func (c *crew) start(m *member) *failure {
	files, done, err := c.voices.of(m)
	if err != nil {
		return newFailure(stageNamespaces, err)
	}
	defer done()
	stage := stageNamespaces
	err = m.space.Alone(func() error {
		if err := resolveBy(m.names); err != nil {
			return err
		}
		stage = stageCommand
		return c.reaper.start(func() (pid int, err error) {
			m.pid, err = syscall.ForkExec(m.path, m.Argv, &syscall.ProcAttr{
				Env: c.keeper.setup.Env, Files: files, Sys: &syscall.SysProcAttr{Setsid: !m.cmd.Interactive},
			})
			return m.pid, err
		})
	})
	if err != nil {
		f := newFailure(stage, err)
		f.Command = m.Argv[0]
		return f
	}
	m.began = time.Now()
	if m.cmd.Timeout > 0 {
		time.AfterFunc(m.cmd.Timeout, func() { c.happen <- func() { c.timeOut(m) } })
	}
	m.ready = m.cmd.Ready == ""
	return nil
}

// end notes that a process has ended, which may be a member.
func (c *crew) end(e ending) {
	for _, m := range c.all {
		if m.pid != e.pid || m.ended {
			continue
		}
		m.ended, m.Took = true, time.Since(m.began)
		if m.Exit = e.status.ExitStatus(); e.status.Signaled() {
			m.Exit = 128 + int(e.status.Signal())
		}
		m.Stopped = c.stopping
	}
}

// kill sends sig to the command of m and what it has started, which are one process group, but for what has left it. That of an
// interactive command is the terminal's, so it is sent to that alone.
func (m *member) kill(sig syscall.Signal) {
	whom := -m.pid
	if m.cmd.Interactive {
		whom = m.pid
	}
	_ = syscall.Kill(whom, sig) // what has just ended does not mind
}

// timeOut ends the command of m, which has taken too long. What it started may be slower to end than it.
func (c *crew) timeOut(m *member) {
	if m.ended {
		return
	}
	m.TimedOut = true
	m.kill(syscall.SIGTERM)
	time.AfterFunc(c.keeper.setup.Grace, func() {
		c.happen <- func() { m.kill(syscall.SIGKILL) }
	})
}

// stop begins the end of the lab: what runs has the time of grace, and nothing more is started.
func (c *crew) stop() {
	c.stopping = true
	if c.overdue == nil {
		c.overdue = time.After(c.keeper.setup.Grace)
	}
}

// signal sends sig to what runs; had says that what is interactive had it already.
func (c *crew) signal(sig syscall.Signal, had bool) {
	for _, m := range c.all {
		if m.pid != 0 && !m.ended && !(had && m.cmd.Interactive) {
			m.kill(sig)
		}
	}
}

// killAll ends everything in the lab but this process, and with it those who did not end in time.
func (c *crew) killAll() {
	_ = syscall.Kill(-1, syscall.SIGKILL)
	for _, m := range c.all {
		if m.pid != 0 && !m.ended {
			m.ended, m.Took, m.Exit, m.Stopped = true, time.Since(m.began), 128+int(syscall.SIGKILL), true
		}
	}
}

// interactive tells whether somebody may have a use of their own for an interrupt.
func (c *crew) interactive() bool {
	return slices.ContainsFunc(c.all, func(m *member) bool { return m.cmd.Interactive && !m.ended })
}

func (c *crew) over() bool {
	for _, m := range c.all {
		if !m.ended {
			return false
		}
	}
	return true
}

// outcomes are what has become of all. What they left behind is ended first, so that what it has said is heard.
func (c *crew) outcomes() []Outcome {
	if c.voices.any {
		_ = syscall.Kill(-1, syscall.SIGKILL)
		c.voices.wait()
	}
	all := make([]Outcome, len(c.all))
	for i, m := range c.all {
		all[i] = m.Outcome
	}
	return all
}

// stopped are the outcomes of a lab that was told to end by sig before anything was started.
func (c *crew) stopped(sig syscall.Signal) []Outcome {
	all := make([]Outcome, len(c.all))
	for i, m := range c.all {
		all[i] = m.Outcome
		all[i].Skipped, all[i].Exit = cmp.Or(all[i].Skipped, "the lab was ended before"), 128+int(sig)
	}
	return all
}
