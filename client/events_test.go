package client

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// A reader that is slow or absent costs the oldest events, never the keeper's time.
func TestFeedDropsOldest(t *testing.T) {
	f := feed[Event]{ch: make(chan Event, eventBuffer)}
	for i := range 3 * eventBuffer {
		f.send(Event{Kind: Renewed, After: time.Duration(i)})
	}
	f.close()
	f.close()
	f.send(Event{Kind: Lost}) // too late, and no panic
	n := 2 * eventBuffer
	for e := range f.ch {
		if e.After != time.Duration(n) {
			t.Fatalf("event %d, want %d", e.After, n)
		}
		n++
	}
	if n != 3*eventBuffer {
		t.Errorf("the last event was %d", n-1)
	}
}

func TestEventString(t *testing.T) {
	entry := Entry{Protocol: "TCP", External: netip.MustParseAddrPort("203.0.113.7:8080"), Internal: netip.MustParseAddrPort("192.168.1.10:80")}
	hidden := entry
	hidden.External = netip.AddrPortFrom(netip.Addr{}, 8080)
	hole := Pinhole{InternalClient: netip.MustParseAddr("2001:db8::10"), InternalPort: 8080, Protocol: PinholeUDP}
	for want, e := range map[string]fmt.Stringer{
		"mapped 203.0.113.7:8080/TCP → 192.168.1.10:80":                                       Event{Kind: Mapped, Entry: entry},
		"renewed ?:8080/TCP → 192.168.1.10:80":                                                Event{Kind: Renewed, Entry: hidden},
		"lost 203.0.113.7:8080/TCP → 192.168.1.10:80: why":                                    Event{Kind: Lost, Entry: entry, Err: errors.New("why")},
		"address changed 203.0.113.7:8080/TCP → 192.168.1.10:80 (reserved) (was 203.0.113.1)": Event{Kind: AddressChanged, Entry: entry, Verdict: Reserved, Previous: netip.MustParseAddr("203.0.113.1")},
		"address changed ?:8080/TCP → 192.168.1.10:80 (none)":                                 Event{Kind: AddressChanged, Entry: hidden, Verdict: None},
		"retrying in 5s: why":               Event{Kind: Retrying, After: 4800 * time.Millisecond, Err: errors.New("why")},
		"lost udp [2001:db8::10]:8080: why": PinholeEvent{Kind: Lost, Pinhole: hole, Err: errors.New("why")},
		"retrying in 2m0s: why":             PinholeEvent{Kind: Retrying, After: 2 * time.Minute, Err: errors.New("why")},
	} {
		if got := e.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Each refusal is one clear sentence, and the gateway's own fault can be reached in it.
func TestRefusalSentences(t *testing.T) {
	want := rowOf(8080, "TCP", us, 80, "igdkit 8080 TCP")
	off := rowOf(8080, "TCP", us, 80, "game")
	off.Enabled = false
	tests := []struct {
		err  error
		text string
		code int
	}{
		{&OwnedError{Wanted: want, Owner: rowOf(8080, "TCP", them, 22, "")}, "port 8080/tcp belongs to 192.168.1.20:22", 0},
		{&OwnedError{Wanted: want, Owner: off}, `port 8080/tcp belongs to a disabled entry of another program on this host ("game")`, 0},
		{&OwnedError{Wanted: want}, "port 8080/tcp is taken", 0},
		{&OwnedError{Wanted: want, Err: fault(729)}, "port 8080/tcp is used by the gateway itself: upnp error 729", 729},
		{&RefusedError{Wanted: want, Err: fault(606)}, "the gateway refuses port 8080/tcp: upnp error 606", 606},
		{&AlteredError{Wanted: want, Made: rowOf(8080, "TCP", us, 8080, "")}, "the gateway forwards port 8080/tcp to port 8080 instead of 80", 0},
		{&movedError{netip.MustParseAddr(us), netip.MustParseAddr(them)}, "this host's address changed from 192.168.1.10 to 192.168.1.20", 0},
	}
	for _, tt := range tests {
		err := &MapError{Err: tt.err}
		if err.Error() != tt.text || faultCode(err) != tt.code {
			t.Errorf("got  %s, code %d\nwant %s, code %d", err, faultCode(err), tt.text, tt.code)
		}
	}
}
