package emulator

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/http1"
)

// FuzzDepart makes anything of an answer and of a datagram. What leaves is never more than was written, the length that it announces is that of the
// body as it was before delivery, and a connection whose answer was cut is not used again.
func FuzzDepart(f *testing.F) {
	f.Add("</root>", []byte("\xef\xbf"), "Server", "x", "EXT", 5, 100, 3, true)
	f.Add("", []byte(nil), "Content-Length", "7", "Date", 0, -1, 0, false)
	f.Add("root", []byte("r"), "start-line", "http/1.0 200", "start-line", 1<<40, 0, 1, true)
	f.Add("x", []byte(nil), "Transfer-Encoding", "chunked", "Content-Length", 1, 1<<40, 1<<40, false)
	f.Fuzz(func(t *testing.T, find string, by []byte, name, value, removed string, split, truncate, drip int, inHead bool) {
		body := Deed{Replace: []Replacement{{Find: find, Hex: new(Bytes(by))}}, Suffix: new(Bytes(by)), Split: []int{split}, Truncate: &truncate, Drip: &Drip{Bytes: drip}}
		head := Deed{Set: map[string]Setting{name: {Text: &value}}, Remove: []string{removed}, Split: []int{split}}
		if inHead {
			head.Replace = body.Replace
		}
		datagram := head
		datagram.Split, datagram.Truncate = nil, &truncate
		o := Options{Faults: []Fault{{On: onHead, Do: head}, {On: onBody, Do: body}, {On: onReply, Do: datagram}}}
		if len(o.Problems()) > 0 {
			return
		}
		c := call1(t, o)
		reply := c.request("GET", "/description.xml", nil, nil)
		message := reply.Append(nil)
		sent := 0
		for _, p := range reply.Pieces {
			if p.Bytes < 0 || p.Each < 0 {
				t.Fatalf("piece %+v", p)
			}
			sent += p.Bytes
		}
		if sent > len(message) || len(reply.Pieces) > 4 {
			t.Fatalf("%d bytes of %d in %d pieces", sent, len(message), len(reply.Pieces))
		}
		if !inHead && !strings.EqualFold(name, "Content-Length") && reply.Line != "" {
			length, ok := reply.Fields.Lookup("Content-Length")
			if ok && length != strconv.Itoa(len(reply.Body)) && reply.Fields.Get("Transfer-Encoding") == "" {
				t.Fatalf("Content-Length %s for %d bytes", length, len(reply.Body))
			}
			if !ok && reply.Fields.Get("Transfer-Encoding") == "" && reply.End != http1.FIN {
				t.Fatal("nothing tells the end of the body")
			}
		}
		met := deed{}
		met.add(&fault{Fault: Fault{Do: datagram}, edits: datagram.namedEdits(), schedule: newSchedule(When{}, 0, "", 0, c.g.options.Clock.Now())})
		m := &http1.Message{Line: "HTTP/1.1 200 OK", Fields: http1.Fields{{Name: "ST", Value: "upnp:rootdevice"}, {Name: "LOCATION", Value: "http://192.168.1.1/"}}}
		whole := met.rewriteBytes(func() []byte { n := *m; n.Fields = slices.Clone(m.Fields); met.rewriteHead(&n); return n.Append(nil) }())
		if b := met.datagram(m); len(b) > truncate || !bytes.HasPrefix(whole, b) {
			t.Fatalf("%q of %q", b, whole)
		}
	})
}
