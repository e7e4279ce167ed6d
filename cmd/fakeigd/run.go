package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func runCommand(u *ui) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENT…]",
		Short: "Run a command with a gateway at hand",
		Long: `Play a gateway on loopback while a command runs.

The command finds it by its environment: IGD_LOCATION is the URL of the description, IGD_SSDP the address that answers
unicast searches, IGD_CONTROL the control API; of several gateways the first. stdout belongs to the command, and so does the exit code: 128+n when
signal n ended it, 127 when there is no such command, 126 when it cannot be executed. Signals go to the command.`,
		Example: `  fakeigd run -- igdctl open 8080/tcp
  fakeigd run --scenario igd2 -- go test ./...
  fakeigd run -- sh -c 'curl -s $IGD_CONTROL/v1/gateways'`,
		Args:        needsCommand,
		Annotations: map[string]string{stdoutIsTheirs: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runWithGateway(cmd.Context(), u, &s, args)
		},
	}
	s.flags(cmd)
	s.control = "127.0.0.1:0"
	cmd.Flags().SetInterspersed(false) // flags after the command are the command's
	return cmd
}

func runWithGateway(ctx context.Context, u *ui, s *settings, argv []string) error {
	path, err := lookPath(argv)
	if err != nil {
		return err
	}
	se, err := open(ctx, s, nil)
	if err != nil {
		return err
	}
	code, err := runChild(path, argv, se.environ(os.Environ()), u.stdin, u.stdout, u.stderr)
	if err := errors.Join(err, se.close()); err != nil {
		return err
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
