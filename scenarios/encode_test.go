package scenarios

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
)

// What is encoded reads as the same, and is as short as a person would write it.
func TestEncode(t *testing.T) {
	for _, want := range []string{
		`{"name":"a","on":"soap.AddPortMapping","if":{"arg":{"NewInternalPort":{"below":1024},"NewProtocol":"TCP"},"client":"other"},"when":{"every":1,"per":"client"},"do":{"upnp-error":606}}`,
		`{"on":"ssdp.search","if":{"via":"multicast"},"when":{"windows":{"gap":"13m0s..1h43m0s","for":"1m0s"},"chance":0.5},"do":{"drop":true,"then":[{"in":"5s..10s","announce":"alive"}]}}`,
		`{"on":"ssdp.reply","do":{"send-from":{"port":"random"}}}`,
		`{"on":"http.body","if":{"client":"192.168.1.1"},"do":{"store":false,"replace":[{"find":"a<b","hex":"ef bf"}]}}`,
		`{"on":"soap.*","do":{"upnp-error":{"code":606,"text":""}}}`,
	} {
		f, err := Decode[emulator.Fault]("fault", []byte(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode[emulator.Fault]("again", got)
		if err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if diff := cmp.Diff(f, again, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("%s reads as another (-first +again):\n%s", got, diff)
		}
		if string(got) != want {
			t.Errorf("encoded as %s\nwant       %s", got, want)
		}
	}
}
