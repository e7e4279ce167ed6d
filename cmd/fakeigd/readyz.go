package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

const (
	askTime  = 2 * time.Second       // for one question
	askAgain = 50 * time.Millisecond // between two
)

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
			return &failure{
				kind: "not_ready", exit: exitNotReady, cause: err,
				message: fmt.Sprintf("no fakeigd is ready at %s: %v", base, err),
				hints:   []string{"start one: fakeigd serve --control " + strings.TrimPrefix(base, "http://")},
			}
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
		}
	}
}

func askReady(ctx context.Context, base string) (*readyAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	// A proxy of the environment has no business between a health check and its own container.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	var a readyAnswer
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&a)
	if resp.StatusCode != http.StatusOK || err != nil || a.Status != "ready" {
		return nil, fmt.Errorf("it answers %q, which is not a fakeigd that is ready", resp.Status)
	}
	return &a, nil
}

// count writes "1 gateway" and "2 gateways".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
