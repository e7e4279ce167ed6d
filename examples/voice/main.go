// Voice is a telephone without a telephone company: two nodes, each behind its own router, find a way to each other and exchange a stream
// of voice, and each says how much of it arrived.
//
// Without arguments both are here, in two homes in memory, with the NATs that --nat names:
//
//	go run ./examples/voice
//	go run ./examples/voice --nat port-restricted,symmetric        # cannot be, and says why
//	go run ./examples/voice --nat port-restricted,symmetric --igd  # can
//
// With real networks, or in a lab (net.yaml), there is a rendezvous on the Internet and each side runs call:
//
//	voice meet
//	voice call --meet meet.example.org:4000 --stun stun.example.org --room garden
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// rendezvousPort is where meet listens when it is not told.
const rendezvousPort = 4000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		os.Exit(130) // interrupted
	case err != nil:
		fmt.Fprintln(os.Stderr, "voice:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	command := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "":
		return runHere(ctx, args, out)
	case "call":
		return runCall(ctx, args, out)
	case "meet":
		return runMeet(ctx, args, out)
	}
	return fmt.Errorf("there is no %q: it is call, meet, or nothing for two homes in memory", command)
}

// runHere plays both sides.
func runHere(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("voice", flag.ContinueOnError)
	pair := f.String("nat", "port-restricted,port-restricted", "the NATs of the two homes, as `LEFT,RIGHT`: RFC 3489's names, or such as eim/apdf")
	igd := f.Bool("igd", false, "the routers open ports by UPnP")
	length := f.Duration("length", 5*time.Second, "of what each says")
	if err := parse(f, args); err != nil {
		return err
	}
	p := play{igd: *igd, length: *length}
	left, right, ok := strings.Cut(*pair, ",")
	if !ok {
		return fmt.Errorf("--nat %s: must name two, such as port-restricted,symmetric", *pair)
	}
	for i, name := range []string{left, right} {
		var err error
		if p.nats[i], err = nat.Parse(name); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	p.say = func(who string) func(string, ...any) {
		return func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(out, "%-6s %s\n", who, fmt.Sprintf(format, args...))
		}
	}
	sides, err := p.run(ctx)
	if err == nil && (sides[0].err != nil || sides[1].err != nil) {
		err = errors.New("they did not talk")
	}
	return err
}

// runCall is one side, on this machine's network.
func runCall(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("voice call", flag.ContinueOnError)
	c := caller{network: emulator.SystemNet()}
	f.StringVar(&c.rendezvous, "meet", "", "where voice meet runs, `HOST:PORT`")
	f.StringVar(&c.client.STUN, "stun", "", "a STUN server, `HOST[:PORT]`, best one of RFC 5780 with two addresses")
	f.StringVar(&c.room, "room", "voice", "a `word` that the other side uses too")
	f.BoolVar(&c.noIGD, "no-igd", false, "ask no router for a port")
	f.DurationVar(&c.length, "length", 5*time.Second, "of what is said")
	if err := parse(f, args); err != nil {
		return err
	}
	if c.rendezvous == "" {
		return errors.New("--meet HOST:PORT is missing: the two have to meet somewhere")
	}
	c.say = func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	_, err := c.call(ctx)
	return err
}

// runMeet is the rendezvous.
func runMeet(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("voice meet", flag.ContinueOnError)
	port := f.Uint("port", rendezvousPort, "to listen on, of TCP")
	if err := parse(f, args); err != nil {
		return err
	}
	if *port == 0 || *port > 0xffff {
		return fmt.Errorf("--port %d is no port", *port)
	}
	l, err := emulator.SystemNet().Listen(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(*port)))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "people meet at %v\n", l.Addr())
	return serveRendezvous(ctx, l)
}

// parse refuses what is left over.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is too much", f.Arg(0))
	}
	return nil
}

// The compiler holds the two kinds of network to what the client needs.
var _ client.Net = (*emulator.Host)(nil)
