package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// A name that does not exist is the user's mistake; that nobody can be asked for names is not. What else is wrong with the command line comes first.
func TestLookup(t *testing.T) {
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no way to a resolver")
	}}
	for line, want := range map[string]struct {
		exit  int
		words []string
	}{
		"open 8080 --to nas.example":                             {exitBroken, []string{`error: --to "nas.example" is not known: its name cannot be looked up`, "hint: name the computer by its address, such as 192.168.1.20"}},
		"open 8080 --to nas..example":                            {exitUsage, []string{`error: --to "nas..example": no IPv4 address is known by that name`, "hint: name the computer by its address, such as 192.168.1.20"}},
		"punch peer.example:4000 --local 4000":                   {exitBroken, []string{`error: PEER "peer.example" is not known`, "hint: name the computer by its address, such as 45.66.77.88"}},
		"punch peer..example:4000 --local 4000":                  {exitUsage, []string{`error: PEER "peer..example": no IPv4`, "such as 45.66.77.88"}},
		"punch peer.example:4000 --local 4000 --pipe --listen 5": {exitUsage, []string{"exclude each other"}},
		"punch peer.example:4000 --local 4000 --listen 0":        {exitUsage, []string{"port 0"}},
	} {
		var out, words strings.Builder
		code := run(t.Context(), strings.Fields(line), env{stdout: &out, stderr: &words})
		if code != want.exit || out.Len() > 0 {
			t.Errorf("%s: exit code %d: %s%s", line, code, &out, &words)
		}
		for _, w := range want.words {
			if !strings.Contains(words.String(), w) {
				t.Errorf("%s: %s does not say %s", line, &words, w)
			}
		}
	}
}
