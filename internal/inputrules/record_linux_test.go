package inputrules

import (
	"encoding/binary"
	"flag"
	"os"
	"testing"
)

var record = flag.String("record", "", "write the rules of this network namespace to testdata/NAME.rules")

// TestRecord is for whoever wants more of testdata: it has nothing to do without -record, which is no test left out.
func TestRecord(t *testing.T) {
	if *record == "" {
		return
	}
	var all []byte
	d := newDecoder()
	err := dumpAll(t.Context(), d, func(kind uint8, b []byte) {
		d.take(kind, b)
		if family(b[0]).String() == "other" {
			return // IPv6
		}
		all = append(all, kind)
		all = binary.BigEndian.AppendUint32(all, uint32(len(b)))
		all = append(all, b...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/"+*record+".rules", all, 0o644); err != nil {
		t.Fatal(err)
	}
}
