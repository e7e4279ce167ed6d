package main

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// settings are what the flags of serve and run say.
type settings struct {
	scenarios []string // names or files; igd1 when empty
	listen    string   // ADDR or ADDR:PORT
	ssdp      string   // HOST:PORT, multicast, off; empty: unicast on a free port
	advertise string   // HOST:PORT; empty: what is listened on
	control   string   // HOST:PORT
	wan       string   // IPv4 address; empty: the scenario's
	journal   string   // file; empty: none
	seed      uint64
	clock     string // clockReal or clockVirtual; empty: clockReal
	clean     bool   // besides what the scenarios expect, clients are to leave nothing behind
	count     int    // copies of each scenario; 0: 1
}

func (s *settings) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	scenarioFlags(cmd, &s.scenarios, &s.wan, &s.seed, &s.journal)
	f.StringVar(&s.listen, "listen", "127.0.0.1", "serve on `ADDR[:PORT]`; without a port on the scenario's, or where it has none or cannot have it, on any free one")
	f.StringVar(&s.ssdp, "ssdp", "", "answer searches at `HOST:PORT|multicast|off` (default: unicast on a free port)")
	f.StringVar(&s.advertise, "advertise", "", "tell clients `HOST:PORT` instead of what is listened on, for containers")
	f.StringVar(&s.clock, "clock", clockReal, "let leases and timelines live by `real|virtual` time; virtual stands until fakeigd ctl advance")
	registerCompletion(cmd, "clock", cobra.FixedCompletions([]string{clockReal, clockVirtual}, cobra.ShellCompDirectiveNoFileComp))
	registerCompletion(cmd, "ssdp", cobra.FixedCompletions([]string{"multicast", "off"}, cobra.ShellCompDirectiveNoFileComp))
	registerCompletion(cmd, "listen", cobra.NoFileCompletions)
	registerCompletion(cmd, "advertise", cobra.NoFileCompletions)
}

// scenarioFlags say what is played; serve, run and lab have them.
func scenarioFlags(cmd *cobra.Command, names *[]string, wan *string, seed *uint64, journal *string) {
	f := cmd.Flags()
	f.StringArrayVar(names, "scenario", nil, "play the scenario `NAME|FILE`; may be given several times (default igd1)")
	f.StringVar(wan, "wan", "", "put the gateway at `ADDR` on the Internet (default: the scenario's)")
	f.Uint64Var(seed, "seed", 1, "draw all chance from `NUMBER`: the same seed, the same run")
	f.StringVar(journal, "journal", "", "write every datagram, request and change to `FILE`, as NDJSON; seq counts for each gateway")
	registerCompletion(cmd, "scenario", completeScenario)
	registerCompletion(cmd, "wan", cobra.NoFileCompletions)
	registerCompletion(cmd, "seed", cobra.NoFileCompletions)
}

// cleanFlag is of run and lab.
func cleanFlag(cmd *cobra.Command, clean *bool) {
	cmd.Flags().BoolVar(clean, "expect-clean", false, "exit with 10 unless CMD deletes what it maps and sends no malformed request")
}

// The values of --clock.
const (
	clockReal    = "real"
	clockVirtual = "virtual"
)

// maxGateways bounds what one process plays, each with its own ports.
const maxGateways = 1000

// cast is what one play of a scenario needs: the gateways that are to be started together.
type cast struct {
	scenario string
	seed     uint64
	virtual  bool // they share a clock that is moved by hand
	expect   []emulator.Expectation
	clean    bool
	devices  []emulator.Options
	begin    time.Time // of a virtual clock; zero: now
}

// casts reads the scenarios and applies the settings. It opens nothing.
func (s *settings) casts() ([]cast, error) {
	var all []*scenarios.Scenario
	for _, name := range orDefault(s.scenarios) {
		sc, err := loadScenario(name)
		if err != nil {
			return nil, err
		}
		all = append(all, sc)
	}
	return s.castsOf(all, map[string]bool{})
}

// castsOf applies the settings to scenarios. taken are the names that gateways have already.
func (s *settings) castsOf(all []*scenarios.Scenario, taken map[string]bool) ([]cast, error) {
	if err := s.checkClock(); err != nil {
		return nil, err
	}
	lan, port, err := s.listenAddress()
	if err != nil {
		return nil, err
	}
	wan, err := wanAddress(s.wan)
	if err != nil {
		return nil, err
	}
	var casts []cast
	gateways := len(taken)
	for _, sc := range all {
		for n := range max(s.count, 1) {
			c := cast{scenario: sc.Name, seed: s.seed, virtual: s.clock == clockVirtual, expect: sc.Expect, clean: s.clean, devices: sc.Options()}
			for i := range c.devices {
				o := &c.devices[i]
				if s.count > 1 {
					o.Name = fmt.Sprintf("%s-%d", o.Name, n+1)
				}
				o.Name = freeName(o.Name, taken)
				o.LAN, o.HTTPPort, o.SSDP, o.Advertise = lan, port, s.ssdp, s.advertise
				o.Seed = s.seed // names differ, and with them what is derived from the seed
				if wan.IsValid() {
					o.ExternalIP = wan
				}
			}
			if gateways += len(c.devices); gateways > maxGateways {
				return nil, usage("use more than one fakeigd", "%d gateways are more than one fakeigd plays: at most %d", gateways, maxGateways)
			}
			casts = append(casts, c)
		}
	}
	if err := s.checkSSDP(gateways); err != nil {
		return nil, err
	}
	if err := s.checkAdvertise(lan, gateways); err != nil {
		return nil, err
	}
	if port != 0 && gateways > 1 {
		return nil, usage("give --listen without a port", "--listen %s names one port for %d gateways", s.listen, gateways)
	}
	return casts, nil
}

// checkClock holds --clock and --count to what they may be.
func (s *settings) checkClock() error {
	switch {
	case s.clock != "" && s.clock != clockReal && s.clock != clockVirtual:
		return usage("--clock virtual stands still until fakeigd ctl advance moves it", "--clock %q is neither real nor virtual", s.clock)
	case s.count < 0 || s.count > maxGateways:
		return usage("for example --count 10", "--count %d is not between 1 and %d", s.count, maxGateways)
	}
	return nil
}

func (s *settings) listenAddress() (netip.Addr, uint16, error) {
	if addr, err := netip.ParseAddr(s.listen); err == nil {
		return addr, 0, nil
	}
	if ap, err := netip.ParseAddrPort(s.listen); err == nil {
		return ap.Addr(), ap.Port(), nil
	}
	return netip.Addr{}, 0, usage("for example --listen 127.0.0.1, or --listen 127.0.0.1:5000",
		"--listen %q is not an IP address, with or without a port", s.listen)
}

// wanAddress reads --wan; the zero Addr means that it was not given.
func wanAddress(flag string) (netip.Addr, error) {
	if flag == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(flag)
	if err != nil || !addr.Is4() {
		return netip.Addr{}, usage("for example --wan 45.66.77.88, or 100.64.0.1 for a gateway behind carrier-grade NAT",
			"--wan %q is not an IPv4 address", flag)
	}
	return addr, nil
}

// orDefault is what to play when nothing was named.
func orDefault(names []string) []string {
	if len(names) == 0 {
		return []string{"igd1"}
	}
	return names
}

func (s *settings) checkSSDP(gateways int) error {
	switch s.ssdp {
	case "", "multicast", "off":
		return nil
	}
	if ap, err := netip.ParseAddrPort(s.ssdp); err != nil || ap.Addr().IsMulticast() {
		return usage("for example --ssdp 127.0.0.1:19000; without --ssdp a free port is taken",
			"--ssdp %q is not an IP address with a port, multicast or off", s.ssdp)
	}
	if gateways > 1 {
		return usage("leave --ssdp out, and each takes a free port, or use --ssdp multicast",
			"--ssdp %s names one port for %d gateways", s.ssdp, gateways)
	}
	return nil
}

func (s *settings) checkAdvertise(lan netip.Addr, gateways int) error {
	const example = "for example --listen 0.0.0.0:5000 --advertise 192.168.1.1:5000"
	if s.advertise == "" {
		if lan.IsUnspecified() {
			return usage(example, "--listen %s needs --advertise HOST:PORT, because clients must be told one address", s.listen)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(s.advertise)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		return usage(example, "--advertise %q is not HOST:PORT", s.advertise)
	}
	if gateways > 1 {
		return usage("serve each gateway by a fakeigd of its own", "--advertise %s names one address for %d gateways", s.advertise, gateways)
	}
	return nil
}

// freeName adds -2, -3, … to a name that is taken.
func freeName(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	taken[free] = true
	return free
}

// registerCompletion attaches a completion to a flag that exists: the only error cobra knows here is a flag that does
// not.
func registerCompletion(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}
