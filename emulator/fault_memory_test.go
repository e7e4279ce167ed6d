package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// visitor is a host on the LAN of a gateway in memory that looks at every byte itself.
type visitor struct {
	t    *testing.T
	g    *emulator.Gateway
	host *emulator.Host
	http *http.Client
	urn  string
}

// patience is how long a visitor waits for an answer; of fake time.
const patience = 20 * time.Second

// visit runs f in a bubble of fake time, at an IGD of o.Version; 0 is 1.
func visit(t *testing.T, o emulator.Options, f func(v *visitor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, router, host := lan(t)
		o.Version = max(o.Version, 1)
		o.Policy.Ports.Lowest = 1 // version 2 would refuse port 80
		o.Net, o.LAN, o.SSDP = router, netip.MustParseAddr("192.168.1.1"), "off"
		v := &visitor{t: t, g: emulator.Start(t, o), host: host, urn: fmt.Sprintf("urn:schemas-upnp-org:service:WANIPConnection:%d", o.Version)}
		v.http = &http.Client{Timeout: patience, Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return host.Dial(ctx, network, netip.Addr{}, address)
			},
		}}
		f(v)
	})
}

// answer is what a visitor got, without what is as usual.
type answer struct {
	Status int               // but 200
	Code   int               // of a UPnP error
	Text   string            // of one that has another than the standard's
	Body   string            // of an answer that is no SOAP
	Out    map[string]string // nil when there was none
	End    string            // "eof", "reset" or "timeout" where there was no answer
	Took   time.Duration     // fake, and but for patience
}

func (v *visitor) request(method, path string, body string, fields ...string) (*http.Response, string, answer) {
	v.t.Helper()
	base, _, _ := strings.Cut(v.g.Location(), "/description.xml")
	req, err := http.NewRequestWithContext(v.t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header[fields[i]] = []string{fields[i+1]}
	}
	start := time.Now()
	resp, err := v.http.Do(req)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	a := answer{Took: time.Since(start)}
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		a.End = "reset"
	case errors.Is(err, io.EOF):
		a.End = "eof"
	case errors.As(err, &timeout) && timeout.Timeout():
		a.End, a.Took = "timeout", 0
	case err != nil:
		v.t.Fatal(err)
	case resp.StatusCode != http.StatusOK:
		a.Status = resp.StatusCode
	}
	return resp, string(text), a
}

// call invokes an action of the connection service.
func (v *visitor) call(action string, args ...string) answer {
	v.t.Helper()
	var in []soap.Arg
	for i := 0; i < len(args); i += 2 {
		in = append(in, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	path := "/control/WANIPConnection" + v.urn[len(v.urn)-1:]
	resp, body, a := v.request("POST", path, string(soap.WriteRequest(v.urn, action, in)), "Content-Type", "text/xml", "SOAPAction", `"`+v.urn+"#"+action+`"`)
	if a.End != "" {
		return a
	}
	msg, _, err := soap.Parse([]byte(body), resp.Header.Get("Content-Type"), soap.Limits{})
	switch {
	case err != nil:
		a.Body = body
	case msg.Fault != nil:
		a.Code = msg.Fault.UPnPCode
		if a.Text = msg.Fault.Description; a.Text == soap.ErrorName(v.urn, a.Code) {
			a.Text = ""
		}
	default:
		a.Out = map[string]string{}
		for _, x := range msg.Args {
			a.Out[x.Name] = x.Value
		}
	}
	return a
}

// add maps a port to this host; change replaces arguments of a good call.
func (v *visitor) add(port string, change ...string) answer {
	v.t.Helper()
	args := []string{
		"NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP", "NewInternalPort", "80",
		"NewInternalClient", "192.168.1.10", "NewEnabled", "1", "NewPortMappingDescription", "web", "NewLeaseDuration", "3600",
	}
	for i := 0; i < len(change); i += 2 {
		args[slices.Index(args, change[i])+1] = change[i+1]
	}
	return v.call("AddPortMapping", args...)
}

func (v *visitor) delete(port string) answer {
	v.t.Helper()
	return v.call("DeletePortMapping", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP")
}

func (v *visitor) specific(port string) answer {
	v.t.Helper()
	return v.call("GetSpecificPortMappingEntry", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP")
}

// stored are the mappings that the table holds, in short.
func (v *visitor) stored() (all []string) {
	for _, m := range v.g.Mappings() {
		all = append(all, fmt.Sprintf("%v %q %v", m, m.Description, m.Lease))
	}
	return all
}

// faults are the names of the faults that have acted, in order.
func (v *visitor) faults() (names []string) {
	for _, e := range v.g.Journal() {
		if e.Kind == "fault" {
			names = append(names, e.Name)
		}
	}
	return names
}

// subscribe lets the visitor hear of changes from now on; what comes is one string per event, "SEQ Name=Value …".
func (v *visitor) subscribe() (events <-chan string) {
	v.t.Helper()
	l, err := v.host.Listen(v.t.Context(), netip.MustParseAddrPort("192.168.1.10:0"))
	if err != nil {
		v.t.Fatal(err)
	}
	heard := make(chan string, 100)
	srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard <- r.Header.Get("SEQ") + properties(string(body))
	})}
	done := make(chan struct{})
	go func() {
		srv.Serve(l)
		close(done)
	}()
	v.t.Cleanup(func() {
		srv.Close()
		<-done
	})
	if a := v.subscription("SUBSCRIBE", "CALLBACK", "<http://"+l.Addr().String()+"/>", "NT", "upnp:event", "TIMEOUT", "Second-86400"); a.Status != 0 || a.End != "" {
		v.t.Fatalf("subscribing: %+v", a)
	}
	return heard
}

func (v *visitor) subscription(method string, fields ...string) answer {
	v.t.Helper()
	_, _, a := v.request(method, "/event/WANIPConnection"+v.urn[len(v.urn)-1:], "", fields...)
	return a
}

// properties are those of an event, each behind a blank.
func properties(body string) (s string) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(body); err != nil {
		return " " + err.Error()
	}
	for _, p := range doc.FindElements("/propertyset/property/*") {
		s += " " + p.Tag + "=" + p.Text()
	}
	return s
}
