package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// session is everything that serve and run start: gateways, the control API, the journal. It stands whole or not at all.
type session struct {
	gateways []*gateway
	seed     uint64
	started  time.Time
	control  *controlServer // nil: none
	journal  *journal       // nil: none
}

// gateway is one that runs.
type gateway struct {
	*emulator.Gateway
	device
}

// open starts what the settings say. onEvent, when it is not nil, is told of every change; it must not block.
func open(ctx context.Context, s *settings, onEvent func(emulator.Event)) (_ *session, err error) {
	devices, err := s.devices()
	if err != nil {
		return nil, err
	}
	se := &session{seed: s.seed, started: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, se.close())
		}
	}()
	if s.control != "" && s.control != "off" {
		// The listener comes first: what fails most often fails before anything was announced. It serves at the end.
		l, err := listenControl(ctx, s.control)
		if err != nil {
			return nil, err
		}
		se.control = newControlServer(l, se, s.advertise)
	}
	if se.journal, err = openJournal(s.journal); err != nil {
		return nil, err
	}
	for _, d := range devices {
		d.options.OnEvent = onEvent
		if se.journal != nil {
			d.options.Journal = se.journal
		}
		g, err := emulator.New(ctx, d.options)
		if err != nil {
			return nil, startFailure(s, err)
		}
		se.gateways = append(se.gateways, &gateway{g, d})
	}
	if se.journal != nil {
		if err := se.journal.begin(); err != nil {
			return nil, err
		}
	}
	if se.control != nil {
		se.control.serve()
	}
	return se, nil
}

// close ends everything: byebye is sent, and no goroutine is left.
func (se *session) close() error {
	var wg sync.WaitGroup
	errs := make([]error, len(se.gateways))
	for i, g := range se.gateways {
		wg.Go(func() { errs[i] = g.Close() })
	}
	wg.Wait()
	if se.control != nil {
		errs = append(errs, se.control.close())
	}
	errs = append(errs, se.journal.close())
	return errors.Join(errs...)
}

// environ is base with the variables that tell a program where the first gateway is. What base says about another
// gateway is taken out, even where we have nothing to put in its place.
func (se *session) environ(base []string) []string {
	env := withoutIGD(base)
	g := se.gateways[0]
	env = append(env, "IGD_LOCATION="+g.Location())
	if search := g.searchAddress(); search != "" {
		env = append(env, "IGD_SSDP="+search)
	}
	if se.control != nil {
		env = append(env, "IGD_CONTROL="+se.control.url)
	}
	return env
}

// startFailure puts what a gateway needs from this machine, and did not get, into words.
func startFailure(s *settings, err error) error {
	f := &failure{kind: "listen", exit: exitUsage, cause: err}
	op, ok := errors.AsType[*net.OpError](err)
	switch {
	case !ok:
		return fmt.Errorf("start the gateway: %w", err)
	case addressTaken(err):
		f.message = fmt.Sprintf("%v is taken by another program", op.Addr)
		f.hints = []string{"leave the port out, and a free one is taken; the ready line tells which"}
	case addressForeign(err):
		f.message = fmt.Sprintf("%s is not an address of this machine", addressOf(op.Addr))
		f.hints = []string{"serve on 127.0.0.1, or on an address that `ip addr` lists"}
	case errors.Is(err, syscall.EACCES):
		f.message = fmt.Sprintf("%v may not be used without more rights", op.Addr)
		f.hints = []string{"take a port above 1023"}
	default:
		f.message = fmt.Sprintf("the gateway cannot stand on %s: %v", s.listen, err)
	}
	return f
}

func addressOf(a net.Addr) string {
	if ap, err := netip.ParseAddrPort(fmt.Sprint(a)); err == nil {
		return ap.Addr().String()
	}
	return fmt.Sprint(a)
}
