package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// A witness knows what the gateways of a lab really map, and calls from the Internet. Whoever connects to witnessAddr and writes the external
// address that it believes in, on a line, with the port unless that is 8080, gets a testimony as JSON, and the scenario
// begins again.

// witnessAddr is where it is asked, at the gateway.
var witnessAddr = netip.AddrPortFrom(labGateway, 9)

// testimony is what it says.
type testimony struct {
	Mappings []emulator.Mapping // of all gateways
	Reached  bool               // whether a connection from the Internet to the address carries bytes both ways
	Failed   string             // why the scenario could not begin again
}

type witness struct {
	stage *stage
	lives netip.Addr // on the Internet
}

func newWitness(st *stage) (io.Closer, error) {
	w := &witness{st, netip.MustParseAddr("198.51.100.20")}
	if err := st.site.Hold(w.lives, true); err != nil {
		return nil, err
	}
	return listen(witnessAddr, w.testify)
}

// testify says what there is, and lets the scenario begin again, so that the next program meets gateways that nobody has touched.
func (w *witness) testify(c net.Conn) {
	address, err := bufio.NewReader(io.LimitReader(c, 256)).ReadString('\n')
	if err != nil {
		return
	}
	w.stage.mu.Lock()
	defer w.stage.mu.Unlock()
	t := testimony{Mappings: []emulator.Mapping{}}
	for _, g := range w.stage.gateways {
		t.Mappings = append(t.Mappings, g.Mappings()...)
	}
	if a := told(address); a.Addr().Is4() {
		t.Reached = w.reaches(a)
	}
	if err := errors.Join(w.stage.end(), w.stage.begin()); err != nil {
		t.Failed = err.Error()
	}
	_ = json.NewEncoder(c).Encode(t) // whoever asked is gone, then
}

// told reads an external address, with its port unless that is 8080.
func told(text string) netip.AddrPort {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a, 8080)
}

// reaches reports whether four bytes come back from addr within two seconds.
func (w *witness) reaches(addr netip.AddrPort) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.lives, 0))}
	c, err := d.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return false
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	if _, err := io.WriteString(c, "ping"); err != nil {
		return false
	}
	b := make([]byte, 4)
	_, err = io.ReadFull(c, b)
	return err == nil && string(b) == "ping"
}
