package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
)

func doctorCommand(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Tell which modes work on this machine, and what to do about the others",
		Long: `Try each way of playing a gateway: loopback (serve, run) by starting one, finding it and asking it; lab by making one;
networks (lab with --nat, --upstream or -f) by making one whose gateway translates addresses.
Exit code 0 when loopback works, 1 when it does not. --json gives checks[] with id, ok, detail and advice, and the verdict:
all, lab, loopback or none.`,
		Example: "  fakeigd doctor\n  fakeigd doctor --json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), u)
		},
	}
}

// check is one mode and whether it works, with the keys of igdctl's doctor.
type check struct {
	ID     string `json:"id"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Advice string `json:"advice"`
}

func doctor(ctx context.Context, u *ui) error {
	over := u.Waiting("trying each mode")
	checks := []check{
		checkLoopback(ctx),
		checkLab("lab", "a network of its own can be made", lab.Check),
		checkLab("networks", "gateways there can translate addresses", lab.CheckNetwork),
	}
	over()
	verdict := "none"
	switch {
	case checks[0].OK && checks[1].OK && checks[2].OK:
		verdict = "all"
	case checks[0].OK && checks[1].OK:
		verdict = "lab"
	case checks[0].OK:
		verdict = "loopback"
	}
	if u.JSON {
		u.Document(map[string]any{"checks": checks, "verdict": verdict})
	} else {
		var rows [][]string
		for _, c := range checks {
			state := "works"
			if !c.OK {
				state = "fails"
			}
			rows = append(rows, []string{c.ID, state, c.Detail})
			if c.Advice != "" {
				rows = append(rows, []string{"", "", "advice: " + c.Advice})
			}
		}
		u.Table(rows)
	}
	if verdict == "none" {
		return exit(exitLocal)
	}
	return nil
}

// loopbackTime is ample: the search is answered at once.
const loopbackTime = 5 * time.Second

// checkLoopback finds a gateway on 127.0.0.1 by SSDP and asks it for its address.
func checkLoopback(ctx context.Context) check {
	c := check{ID: "loopback"}
	ip, err := askOnLoopback(ctx)
	if err != nil {
		c.Detail = err.Error()
		c.Advice = "let programs use UDP and TCP on 127.0.0.1: look at the firewall and the sandbox"
		return c
	}
	c.OK = true
	c.Detail = "a gateway on 127.0.0.1 was found and says that its address is " + ip
	return c
}

func askOnLoopback(ctx context.Context) (ip string, err error) {
	ctx, cancel := context.WithTimeout(ctx, loopbackTime)
	defer cancel()
	g, err := emulator.New(ctx, emulator.Options{Version: 1})
	if err != nil {
		return "", fmt.Errorf("no gateway can stand on 127.0.0.1: %w", err)
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	found, err := client.Find(ctx, client.Options{SSDP: g.SSDP().String()})
	if err != nil {
		return "", fmt.Errorf("the gateway on 127.0.0.1 is not found: %w", err)
	}
	addr, err := found.ExternalIP(ctx)
	if err != nil {
		return "", fmt.Errorf("the gateway on 127.0.0.1 is found and does not answer: %w", err)
	}
	return addr.String(), nil
}

// checkLab makes a lab.
func checkLab(id, works string, try func() error) check {
	c := check{ID: id}
	err := try()
	if err == nil {
		c.OK, c.Detail = true, works
		return c
	}
	c.Detail = strings.TrimPrefix(err.Error(), "lab: ")
	if e, ok := errors.AsType[*lab.UnavailableError](err); ok {
		c.Advice = e.Hint()
	}
	return c
}
