package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func readyzCommand(u *ui) *cobra.Command {
	var control string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "readyz",
		Short: "Tell whether a running fakeigd is ready",
		Long: `Ask the control API of a running fakeigd whether every gateway stands: exit code 0 when they do, 5 when not.
Made for health checks of containers, which have no curl.`,
		Example: `  fakeigd readyz --control 127.0.0.1:8080 --wait 10s
  HEALTHCHECK CMD ["fakeigd", "readyz", "--control", "127.0.0.1:8080"]`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			base, err := controlURL(control)
			if err != nil {
				return err
			}
			if wait < 0 {
				return usage("for example --wait 10s", "--wait %v is negative", wait)
			}
			return readyz(cmd.Context(), u, base, wait)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&control, "control", "", "`URL or HOST:PORT` of the control API (default: IGD_CONTROL)")
	f.DurationVar(&wait, "wait", 0, "`DURATION` to wait for it, such as 10s (default: ask once)")
	return cmd
}

// controlURL takes the flag, or the environment, with or without http://.
func controlURL(flag string) (string, error) {
	s := flag
	if s == "" {
		s = os.Getenv("IGD_CONTROL")
	}
	const hint = "for example --control 127.0.0.1:8080, as in the ready line of fakeigd serve"
	if s == "" {
		return "", usage(hint, "which fakeigd? neither --control nor IGD_CONTROL is given")
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	v, err := url.Parse(s)
	if err != nil || v.Scheme != "http" || v.Host == "" || strings.Trim(v.Path, "/") != "" {
		return "", usage(hint, "%q is not the address of a control API", s)
	}
	if _, _, err := net.SplitHostPort(v.Host); err != nil {
		return "", usage(hint, "%q names no port", s)
	}
	return "http://" + v.Host, nil
}

func readyz(ctx context.Context, u *ui, base string, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	over := u.Waiting("waiting for %s", base)
	defer over()
	for {
		answer, err := askReady(ctx, base)
		if err == nil {
			if u.JSON {
				u.Document(answer)
			} else {
				u.Print("ready: %s at %s", count(answer.Gateways, "gateway"), base)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !time.Now().Add(askAgain).Before(deadline) {
			return err
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
		}
	}
}

func askReady(ctx context.Context, base string) (a readyAnswer, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, errSlow)
	defer cancel()
	c := &controlClient{base: base}
	err = c.do(ctx, http.MethodGet, "/readyz", nil, &a)
	switch {
	case context.Cause(ctx) == errSlow:
		err = c.absent(errSlow)
	case err == nil && a.Status != "ready":
		err = c.strange(fmt.Errorf("it says that it is %q", a.Status))
	}
	return a, err
}

// errSlow says that nobody answered within askTime.
var errSlow = errors.New("there is no answer")

// count writes "1 gateway" and "2 gateways".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
