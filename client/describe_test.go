package client

import (
	"io"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
)

// Ways to deliver a description that a strict HTTP client stumbles over.
func TestDescriptionDelivery(t *testing.T) {
	text := description("uuid:router", "WANIPConnection:1", "/ctl")
	tests := []struct {
		name   string
		write  []string // the raw answers of one connection after another
		quirks []string
	}{
		{"desc-http10-no-length", []string{"HTTP/1.0 200 OK\r\nServer: BRCM400\r\n\r\n" + text}, nil},
		{"desc-octet-stream", []string{"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n" + text}, nil},
		{"desc-drops-first-connection", []string{"", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text}, []string{"desc-drops-first-connection"}},
		{"a header without a colon", []string{"HTTP/1.1 200 OK\r\nDEFUNCT\r\n\r\n" + text}, []string{"http-junk-line"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "router", "192.168.1.1/24")
				s.actions("/ctl", connected("45.66.77.88"))
				l, err := s.host.Listen(t.Context(), netip.AddrPortFrom(s.addr, 80))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				go func() {
					for _, w := range tt.write {
						c, err := l.Accept()
						if err != nil {
							return
						}
						io.ReadAtLeast(c, make([]byte, 4096), 20)
						io.WriteString(c, w)
						c.Close()
					}
				}()
				g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: "http://192.168.1.1/desc.xml"})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.quirks, g.Quirks(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("quirks (-want +got)\n%s", diff)
				}
			})
		})
	}
}
