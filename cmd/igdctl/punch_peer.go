package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/igdkit/igdkit/client"
)

// peerOf reads PEER. A name is as good as an address: home routers have one at a dynamic DNS service.
func peerOf(ctx context.Context, text string) (client.Node, error) {
	if host, port, err := net.SplitHostPort(text); err == nil && hostName(host) {
		if _, err := portArgument(port); err != nil {
			return client.Node{}, err
		}
		a, err := resolve(ctx, "PEER", host, "45.66.77.88")
		if err != nil {
			return client.Node{}, err
		}
		text = net.JoinHostPort(a.String(), port)
	}
	peer, err := client.ParseNode(text)
	if err != nil {
		return peer, usage(fmt.Sprintf("PEER: %v", err), "it is what igdctl reach told on the other side, or HOST:PORT")
	}
	return peer, nil
}

// hostName tells whether text is a name, and neither an address nor what igdctl reach tells.
func hostName(text string) bool {
	_, err := netip.ParseAddr(text)
	return err != nil && text != "" && !strings.ContainsAny(text, "=,/ ")
}

// readPeer reads what the other side has told, and keeps what the NATs remember alive meanwhile.
func (a *app) readPeer(ctx context.Context, in *bufio.Reader, r *client.Reachability) (client.Node, error) {
	a.Say("what has the other side told?")
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1) // whoever reads stdin cannot be stopped
	go func() {
		line, err := readLine(in)
		got <- answer{line, err}
	}()
	ticker := time.NewTicker(client.RefreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return client.Node{}, ctx.Err()
		case <-ticker.C:
			r.Refresh() // if it cannot be sent now, it may be in time
		case g := <-got:
			switch {
			case errors.Is(g.err, io.EOF):
				return client.Node{}, usage("stdin ended before it said what the other side has told", "or give it as PEER")
			case errors.Is(g.err, bufio.ErrBufferFull):
				return client.Node{}, usage("stdin: the line is too long for what the other side has told", "it is what igdctl reach or punch told on the other side")
			case g.err != nil:
				return client.Node{}, &localError{exit: exitLocal, err: fmt.Errorf("stdin: %w", g.err)}
			}
			peer, err := client.ParseNode(g.line)
			if err != nil {
				return client.Node{}, usage(fmt.Sprintf("stdin: %v", err), "it is what igdctl reach or punch told on the other side")
			}
			return peer, nil
		}
	}
}

// readLine reads a line with words in it, of no more than in holds at once.
func readLine(in *bufio.Reader) (string, error) {
	for {
		line, err := in.ReadSlice('\n')
		text := strings.TrimSpace(string(line))
		if text != "" && (err == nil || errors.Is(err, io.EOF)) {
			return text, nil
		}
		if err != nil {
			return "", err
		}
	}
}
