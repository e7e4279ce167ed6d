package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/capped"
	"github.com/igdkit/igdkit/scenarios"
)

func readAll(r io.Reader) ([]byte, error) {
	text, err := capped.Read(r, maxBody)
	if e, ok := errors.AsType[*capped.TooLongError](err); ok {
		err = usage("", "the text is %v", e)
	}
	return text, err
}

// tell does something to the gateway. When it went as asked there is nothing to say about it, except what the gateway is now for --json.
func (c *controlClient) tell(cmd *cobra.Command, u *ui, method, rest string, body []byte) error {
	var s stateView
	if err := c.ask(cmd.Context(), method, rest, body, &s); err != nil {
		return err
	}
	return show(u, s, func(stateView) {})
}

func ctlAdd(u *ui, c *controlClient) *cobra.Command {
	var seed uint64
	var n int
	var clock string
	cmd := &cobra.Command{
		Use: "add SCENARIO|FILE", Short: "Play another scenario", Args: exactly("the name or the file of one scenario", "fakeigd ctl add igd2"),
		Example:           "  fakeigd ctl add igd2\n  fakeigd ctl add igd1 --count 3 --seed 7",
		ValidArgsFunction: completeScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"count": {strconv.Itoa(n)}}
			if cmd.Flags().Changed("seed") {
				query.Set("seed", strconv.FormatUint(seed, 10))
			}
			if clock != "" {
				query.Set("clock", clock)
			}
			var body []byte
			if scenarios.IsFile(args[0]) {
				sc, err := loadScenario(args[0])
				if err != nil {
					return err
				}
				if body, err = sc.Resolved(); err != nil { // without the files that it names
					return err
				}
			} else {
				query.Set("scenario", args[0])
			}
			var all gatewaysView
			if err := c.do(cmd.Context(), "POST", "/v1/gateways?"+query.Encode(), body, &all); err != nil {
				return err
			}
			return show(u, all, u.gatewayTable)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint64Var(&seed, "seed", 0, "draw all chance from `NUMBER` (default: the running fakeigd's)")
	f.IntVar(&n, "count", 1, "play it `N` times")
	f.StringVar(&clock, "clock", "", "let it live by `real|virtual` time (default: as the running fakeigd)")
	return cmd
}

func ctlRemove(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "remove", Short: "End a gateway, and the other devices of its scenario; copies of --count stay", Args: noArgs,
		Example: "  fakeigd ctl remove --gateway igd2",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var gone gatewaysView
			if err := c.ask(cmd.Context(), "DELETE", "", nil, &gone); err != nil {
				return err
			}
			return show(u, gone, func(gatewaysView) {})
		},
	}
}

func ctlClear(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "clear", Short: "Let a gateway forget its mappings", Args: noArgs,
		Long:    "Lets a gateway forget its mappings without a word to their clients, as some do when they are short of memory.",
		Example: "  fakeigd ctl clear",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.tell(cmd, u, "DELETE", "/mappings", nil) },
	}
}

func ctlReset(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "reset", Short: "Let a scenario begin again", Args: noArgs,
		Long: `Ends the gateway, with the others of its scenario, and starts them again as they were at first: at the ports, URLs and name of the
beginning, with the seed, the faults and the mappings of the scenario, and an empty journal. A virtual clock stands again where it
stood at first; real time goes on. byebye is sent before. serve writes an event reset to stdout; in the file of --journal an
entry reset stands between what was and what is numbered from 1 again.`,
		Example: "  fakeigd ctl reset",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.tell(cmd, u, "POST", "/reset", nil) },
	}
}

func ctlReboot(u *ui, c *controlClient) *cobra.Command {
	var noByeBye, newPorts, newPaths, newUDN, keep bool
	var downtime time.Duration
	cmd := &cobra.Command{
		Use: "reboot", Short: "Restart a gateway", Args: noArgs,
		Long: `Restarts a gateway. It says byebye, forgets its mappings, comes back at once at the same place with a greater BOOTID, and says alive:
unless told otherwise. --downtime is by its clock.`,
		Example: "  fakeigd ctl reboot\n  fakeigd ctl reboot --no-byebye --new-ports --downtime 20s",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if downtime < 0 {
				return usage("for example --downtime 20s", "--downtime %v is negative", downtime)
			}
			how := jsonWords{"new-ports": newPorts, "new-paths": newPaths, "new-udn": newUDN, "keep": keep, "downtime": downtime.String()}
			if noByeBye {
				how["byebye"] = false
			}
			return c.tell(cmd, u, "POST", "/reboot", how.json())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&noByeBye, "no-byebye", false, "go without a word, as when the plug is pulled")
	f.BoolVar(&newPorts, "new-ports", false, "come back on other ports")
	f.BoolVar(&newPaths, "new-paths", false, "come back with other URLs")
	f.BoolVar(&newUDN, "new-udn", false, "come back under another name")
	f.BoolVar(&keep, "keep", false, "remember the mappings, as some do")
	f.DurationVar(&downtime, "downtime", 0, "stay away for `DURATION` (default: not)")
	return cmd
}

func ctlWANAddress(u *ui, c *controlClient) *cobra.Command {
	var noEvent bool
	cmd := &cobra.Command{
		Use: "wan-address ADDR|none", Short: "Change the external address of a gateway",
		Args:    exactly("the new IPv4 address, or none", "fakeigd ctl wan-address 198.51.100.9"),
		Example: "  fakeigd ctl wan-address 198.51.100.9\n  fakeigd ctl wan-address none --no-event",
		RunE: func(cmd *cobra.Command, args []string) error {
			address := args[0]
			if address == "none" {
				address = netip.IPv4Unspecified().String()
			}
			if a, err := netip.ParseAddr(address); err != nil || !a.Is4() {
				return usage("for example fakeigd ctl wan-address 198.51.100.9", "%q is neither an IPv4 address nor none", args[0])
			}
			return c.tell(cmd, u, "PUT", "/wan", jsonWords{"address": address, "event": !noEvent}.json())
		},
	}
	cmd.Flags().BoolVar(&noEvent, "no-event", false, "tell subscribers nothing, as some do")
	return cmd
}

func ctlAdvance(u *ui, c *controlClient) *cobra.Command {
	return &cobra.Command{
		Use: "advance DURATION", Short: "Move the virtual clock of a gateway",
		Long: `Moves the clock of a gateway that was started with --clock virtual, and of the others of its scenario, and tells what happened on the way:
leases that ended, reboots of the timeline, and the like.`,
		Args:    exactly("a time", "fakeigd ctl advance 2h"),
		Example: "  fakeigd ctl advance 90s\n  fakeigd ctl advance 3d",
		RunE: func(cmd *cobra.Command, args []string) error {
			var d emulator.Duration
			if err := d.UnmarshalText([]byte(args[0])); err != nil || d == 0 {
				return usage("for example fakeigd ctl advance 2h", "%q is no time to advance by", args[0])
			}
			var v clockView
			if err := c.ask(cmd.Context(), "POST", "/clock", jsonWords{"advance": args[0]}.json(), &v); err != nil {
				return err
			}
			return show(u, v, func(v clockView) {
				u.entryLines(v.Fired)
				u.Print("it is %s", v.Time.Format(time.DateTime))
			})
		},
	}
}

func ctlFault(u *ui, c *controlClient) *cobra.Command {
	cmd := &cobra.Command{
		Use: "fault", Short: "Let a gateway do something wrong, or right again", Args: knownCommand,
		Example: `  fakeigd ctl fault add '{name: busy, on: http.request, do: {http-status: 503}}'
  fakeigd ctl fault list
  fakeigd ctl fault remove busy`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	add := &cobra.Command{
		Use: "add FAULT|FILE|-", Short: "Let a gateway do something wrong from now on",
		Args:    exactly("a fault, as in a scenario, or a list of them", "fakeigd ctl fault add '{on: soap.AddPortMapping, do: {upnp-error: 501}}'"),
		Example: "  fakeigd ctl fault add '{on: ssdp.search, if: {via: multicast}, do: {drop: true}}'",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := textOf(cmd, args[0])
			if err != nil {
				return err
			}
			return c.faults(cmd, u, "POST", "/faults", text, true)
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "List what a gateway does wrong", Args: noArgs,
		Example: "  fakeigd ctl fault list",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.faults(cmd, u, "GET", "/faults", nil, false) },
	}
	var all bool
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Let a gateway do something right again",
		Args: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return usage("fakeigd ctl fault list tells the names", "%s needs the name of a fault, or --all", cmd.CommandPath())
			}
			return nil
		},
		Example: "  fakeigd ctl fault remove busy\n  fakeigd ctl fault remove --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			rest := "/faults"
			if !all {
				rest += "/" + url.PathEscape(args[0])
			}
			return c.faults(cmd, u, "DELETE", rest, nil, true)
		},
	}
	remove.Flags().BoolVar(&all, "all", false, "all of them")
	for _, sub := range []*cobra.Command{add, list, remove} {
		sub.ValidArgsFunction = cobra.NoFileCompletions
		cmd.AddCommand(sub)
	}
	return cmd
}

// faults does something to the faults, and lists them unless quiet.
func (c *controlClient) faults(cmd *cobra.Command, u *ui, method, rest string, body []byte, quiet bool) error {
	var v faultsView
	if err := c.ask(cmd.Context(), method, rest, body, &v); err != nil {
		return err
	}
	return show(u, v, func(v faultsView) {
		if !quiet {
			var rows [][]string
			for _, text := range v.Faults {
				rows = append(rows, faultRow(text))
			}
			u.tableOf([]string{"NAME", "ON", "IF", "WHEN", "DO"}, rows, "no faults")
		}
	})
}

// faultRow shows a fault in cells. JSON without its quotes is how a person would write it.
func faultRow(text json.RawMessage) []string {
	var f struct {
		Name, On     string
		If, When, Do json.RawMessage
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return []string{fmt.Sprint(err)}
	}
	plain := func(part json.RawMessage) string {
		var b bytes.Buffer
		_ = json.Compact(&b, part) // what was decoded is valid; what is not there is nothing
		s := strings.NewReplacer(`"`, "", ",", ", ", ":", ": ").Replace(b.String())
		return orDash(strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}"))
	}
	return []string{f.Name, f.On, plain(f.If), plain(f.When), plain(f.Do)}
}
