package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// controlClient asks the control API of a running fakeigd.
type controlClient struct {
	base    string // URL
	gateway string // by name; empty: the only one

	waiting func(format string, args ...any) (over func()) // nil: nobody is told
}

// noProxy is for what runs beside us: a proxy of the environment has no business in between.
func noProxy() *http.Client { return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} }

const (
	askTime  = 2 * time.Second       // for one question of readyz
	askAgain = 50 * time.Millisecond // between two of readyz
)

// of is the path of what belongs to the gateway that is meant.
func (c *controlClient) of(ctx context.Context, rest string) (string, error) {
	if c.gateway == "" {
		var all gatewaysView
		if err := c.do(ctx, "GET", "/v1/gateways", nil, &all); err != nil {
			return "", err
		}
		var names []string
		for _, g := range all.Gateways {
			names = append(names, g.Name)
		}
		switch len(names) {
		case 0:
			return "", usage("start one: fakeigd ctl add igd1", "fakeigd at %s plays no gateway", c.base)
		case 1:
			c.gateway = names[0]
		default:
			return "", usage("there are "+strings.Join(names, ", "), "which gateway? name it by --gateway")
		}
	}
	return "/v1/gateways/" + url.PathEscape(c.gateway) + rest, nil
}

// ask does something to the gateway that is meant. The answer is decoded into out unless that is nil.
func (c *controlClient) ask(ctx context.Context, method, rest string, body []byte, out any) error {
	path, err := c.of(ctx, rest)
	if err != nil {
		return err
	}
	return c.do(ctx, method, path, body, out)
}

func (c *controlClient) do(ctx context.Context, method, path string, body []byte, out any) error {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return c.strange(fmt.Errorf("its answer cannot be read: %w", err))
	}
	return nil
}

// send returns an answer that is no error.
func (c *controlClient) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.waiting != nil {
		defer c.waiting("waiting for %s", c.base)()
	}
	resp, err := noProxy().Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.absent(err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	var answer struct{ Error *failureJSON }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer); err != nil || answer.Error == nil {
		return nil, c.strange(fmt.Errorf("it answers %q", resp.Status))
	}
	f := &failure{kind: answer.Error.Kind, exit: exitUsage, message: answer.Error.Message}
	if resp.StatusCode >= 500 {
		f.exit = exitLocal
	}
	if answer.Error.Hint != "" {
		f.hints = []string{answer.Error.Hint}
	}
	return nil, f
}

// absent is the error when nobody answers there.
func (c *controlClient) absent(err error) *failure {
	return &failure{
		kind: "not_ready", exit: exitNotReady, cause: err,
		message: fmt.Sprintf("no fakeigd is ready at %s: %s", c.base, whyAbsent(err)),
		hints:   []string{"start one: fakeigd serve --control " + strings.TrimPrefix(c.base, "http://")},
	}
}

// strange is the error when somebody else answers there.
func (c *controlClient) strange(err error) *failure {
	return &failure{
		kind: "not_ready", exit: exitNotReady, cause: err,
		message: fmt.Sprintf("what answers at %s is no fakeigd: %v", c.base, err),
		hints:   []string{"the ready line of fakeigd serve has the address under control"},
	}
}

// whyAbsent says in words why there was no answer.
func whyAbsent(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "there is no answer"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed without an answer"
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}
