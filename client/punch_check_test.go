package client

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/pion/stun/v3"
)

func checks() []check {
	return []check{
		{class: stun.ClassRequest, id: [12]byte{1}, tie: 7},
		{class: stun.ClassRequest, id: [12]byte{2}, tie: 7, nominate: true},
		{class: stun.ClassSuccessResponse, id: [12]byte{3}, tie: 8, mapped: netip.MustParseAddrPort("45.66.77.88:4000")},
		{class: stun.ClassIndication, id: [12]byte{4}, tie: 9, nominate: true},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range checks() {
		for _, key := range []string{"", "a secret"} {
			b := c.write([]byte(key))
			if len(b) > 100 {
				t.Errorf("%d bytes", len(b))
			}
			if got, ok := parseCheck(b, []byte(key)); !ok || got != c {
				t.Errorf("wrote %+v, read %+v, %v", c, got, ok)
			}
			if _, ok := parseCheck(b, []byte("another")); ok {
				t.Errorf("%+v, signed with %q, is taken for signed with another", c, key)
			}
			for i := range b {
				bad := bytes.Clone(b)
				bad[i] ^= 1
				if got, ok := parseCheck(bad, []byte(key)); ok {
					t.Errorf("with bit %d changed: %+v", 8*i, got)
				}
			}
		}
	}
}

// What stands behind the signature is not signed: a nomination there is none.
func TestCheckUnsignedTail(t *testing.T) {
	key := []byte("a secret")
	m := &stun.Message{TransactionID: [12]byte{1}}
	if err := m.Build(stun.BindingRequest, tieBreaker(7), stun.MessageIntegrity(key), stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.Fingerprint); err != nil {
		t.Fatal(err)
	}
	if c, ok := parseCheck(m.Raw, key); ok {
		t.Errorf("taken as %+v", c)
	}
}

func FuzzParseCheck(f *testing.F) {
	for _, c := range checks() {
		f.Add(c.write(nil), []byte(nil))
		f.Add(c.write([]byte("k")), []byte("k"))
	}
	f.Fuzz(func(t *testing.T, b, key []byte) {
		c, ok := parseCheck(bytes.Clone(b), key)
		if !ok {
			return
		}
		if again, ok := parseCheck(c.write(key), key); !ok || again != c {
			t.Errorf("%x: %+v, %+v", b, c, again)
		}
	})
}
