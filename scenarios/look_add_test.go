package scenarios_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/emulator"
)

// Looks at what becomes of a mapping: asked for, read, and used by the peer.

// want is a call of AddPortMapping for TCP 8080 of the pc, an hour long. change has names and values of what is to be otherwise; what has no
// value, "-", is left out.
func (c connection) want(change ...string) string { return c.wanting("AddPortMapping", change...) }

// wantAny is want of AddAnyPortMapping.
func (c connection) wantAny(change ...string) string {
	return c.wanting("AddAnyPortMapping", change...)
}

func (c connection) wanting(action string, change ...string) string {
	args := []string{
		"NewRemoteHost", "", "NewExternalPort", "8080", "NewProtocol", "TCP", "NewInternalPort", "8080",
		"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "row", "NewLeaseDuration", "3600",
	}
	for i := 0; i < len(change); i += 2 {
		at := slices.Index(args, change[i])
		args[at+1] = change[i+1]
		if change[i+1] == "-" {
			args = slices.Delete(args, at, at+2)
		}
	}
	return c.request(action, args...)
}

// port are changes for a port, external and internal.
func port(n string) []string { return []string{"NewExternalPort", n, "NewInternalPort", n} }

// tells is what a call is answered with, as a client would tell it: "ok", "ok" and the port of AddAnyPortMapping, a code with its text, or how
// the connection ended.
func (s *street) tells(from *emulator.Host, request string) string {
	s.t.Helper()
	a := understand(s.t, s.send(from, request))
	switch {
	case a.status == http.StatusOK:
		return strings.TrimSpace("ok " + a.args["NewReservedPort"])
	case a.status == http.StatusInternalServerError && a.args["errorCode"] != "":
		return a.args["errorCode"] + " " + a.args["errorDescription"]
	}
	s.t.Fatalf("status %d, %v", a.status, a.args)
	return ""
}

// tell is tells for several calls of the pc, one after the other.
func (s *street) tell(requests ...string) string {
	s.t.Helper()
	var all []string
	for _, r := range requests {
		all = append(all, s.tells(s.pc, r))
	}
	return strings.Join(all, ", ")
}

// entry is what GetSpecificPortMappingEntry tells the pc of a TCP port: "192.168.1.10:8080 for 3600", or a code.
func (s *street) entry(c connection, port int) string {
	s.t.Helper()
	a := s.ask(c.of("GetSpecificPortMappingEntry", "TCP", port))
	if a.status != http.StatusOK {
		return a.args["errorCode"]
	}
	return fmt.Sprintf("%s:%s for %s", a.args["NewInternalClient"], a.args["NewInternalPort"], a.args["NewLeaseDuration"])
}

// greet starts a program on a host that says who it is to each that connects.
func (s *street) greet(host *emulator.Host, at, who string) {
	s.t.Helper()
	l, err := host.Listen(s.t.Context(), netip.MustParseAddrPort(at))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, who)
			c.Close()
		}
	}()
}

// reached is who greets the peer at a TCP port of the external address.
func (s *street) reached(port int) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c, err := s.peer.Dial(ctx, "tcp", netip.Addr{}, fmt.Sprint(external, ":", port))
	if err != nil {
		return "nobody"
	}
	defer c.Close()
	all, err := io.ReadAll(c)
	if err != nil || len(all) == 0 {
		return "nobody"
	}
	return string(all)
}
