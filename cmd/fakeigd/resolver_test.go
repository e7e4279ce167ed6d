package main

import (
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func query(t testing.TB, name string, kind dnsmessage.Type) []byte {
	t.Helper()
	n, err := dnsmessage.NewName(name)
	if err != nil {
		t.Fatal(err)
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: n, Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func someNames() *resolver {
	return &resolver{map[string][]netip.Addr{
		"alice.lab": {netip.MustParseAddr("45.66.77.88"), netip.MustParseAddr("2001:db8:1::1")},
	}}
}

func TestResolver(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kind  dnsmessage.Type
		code  dnsmessage.RCode
		first string
	}{
		{"alice.lab.", dnsmessage.TypeA, 0, "45.66.77.88"},
		{"ALICE.lab.", dnsmessage.TypeAAAA, 0, "2001:db8:1::1"},
		{"alice.lab.", dnsmessage.TypeMX, 0, ""}, // the name is there, but not this of it
		{"bob.lab.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"88.77.66.45.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeNameError, ""},
	} {
		var m dnsmessage.Message
		if err := m.Unpack(someNames().answer(query(t, tt.name, tt.kind))); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(m.Answers) > 0 {
			switch b := m.Answers[0].Body.(type) {
			case *dnsmessage.AResource:
				got = netip.AddrFrom4(b.A).String()
			case *dnsmessage.AAAAResource:
				got = netip.AddrFrom16(b.AAAA).String()
			}
		}
		if m.ID != 7 || !m.Response || m.RCode != tt.code || got != tt.first || len(m.Answers) > 1 {
			t.Errorf("%s %v: %+v, want %v and %q", tt.name, tt.kind, m, tt.code, tt.first)
		}
	}
}

func FuzzResolver(f *testing.F) {
	f.Add(query(f, "alice.lab.", dnsmessage.TypeALL))
	f.Add(query(f, "bob.lab.", dnsmessage.TypeA)[:17])
	f.Fuzz(func(t *testing.T, b []byte) {
		answer := someNames().answer(b)
		if answer == nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(answer); err != nil || !m.Response || len(answer) > maxDNS {
			t.Errorf("answer %x to %x: %v", answer, b, err)
		}
	})
}
