package main

import (
	"cmp"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func runCommand(u *ui) *cobra.Command {
	var s settings
	var clean bool
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG…]",
		Short: "Run a command with a gateway at hand",
		Long: `Plays a gateway on loopback while CMD runs.

CMD finds it by its environment: IGD_LOCATION is the URL of the description, IGD_SSDP the address that answers unicast
searches, IGD_CONTROL the URL of the control API; of several, those of the first that maps ports. One search finds every
gateway of a scenario.

When CMD has ended, what the scenario expects is checked, and with --expect-clean that CMD left nothing behind and spoke the
protocol: no mapping is left, none ran out instead of being deleted or renewed, and no request was malformed. What is not met
is told on stderr with what came nearest.

stdout belongs to CMD. The exit code is that of CMD, or 10 when CMD ended well and something was not met; 127 when there is no such command, 126 when it cannot be run, and
128+N when signal N ended it. A signal to fakeigd goes to CMD. When SIGTERM, SIGHUP or an interrupt has ended CMD, what it
started is ended too (Linux): SIGTERM, and SIGKILL a second later. CMD is killed when fakeigd is,
but what CMD started is not. What a CMD that ended by itself left running stays.`,
		Example: `  fakeigd run -- igdctl open 8080/tcp
  fakeigd run --scenario igd2 -- go test ./...
  fakeigd run --expect-clean -- igdctl with 8080 -- true
  fakeigd run -- sh -c 'curl -s $IGD_CONTROL/v1/gateways'`,
		Args:        needsCommand,
		Annotations: map[string]string{stdoutIsTheirs: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runWithGateway(cmd, u, &s, clean, args)
		},
	}
	s.flags(cmd)
	cleanFlag(cmd, &clean)
	s.control = "127.0.0.1:0"
	cmd.Flags().SetInterspersed(false) // flags after the command are the command's
	return cmd
}

func runWithGateway(cmd *cobra.Command, u *ui, s *settings, clean bool, argv []string) error {
	path, err := lookPath(argv)
	if err != nil {
		return err
	}
	s.clean = clean
	se, err := open(cmd.Context(), s, nil)
	if err != nil {
		return err
	}
	code, err := runChild(path, argv, se.environ(os.Environ()), u.stdin, u.stdout, u.stderr)
	unmet := se.unmet()
	if err := errors.Join(err, se.close()); err != nil {
		return err
	}
	if len(unmet) > 0 {
		u.tellUnmet(unmet, cmd, argv)
		code = cmp.Or(code, exitUnmet)
	}
	if code != 0 {
		return exit(code)
	}
	return nil
}

// withoutIGD is env without what tells programs where a gateway is.
func withoutIGD(env []string) []string {
	var rest []string
	for _, v := range env {
		if !strings.HasPrefix(v, "IGD_LOCATION=") && !strings.HasPrefix(v, "IGD_SSDP=") && !strings.HasPrefix(v, "IGD_CONTROL=") {
			rest = append(rest, v)
		}
	}
	return rest
}
