package soap

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/igdkit/igdkit/internal/http1"
)

// BenchmarkControl compares the control path of a gateway, reading, parsing, writing, with a bare net/http handler that
// returns the same bytes; the clients are the same eight raw connections.
func BenchmarkControl(b *testing.B) {
	answer := WriteResponse(wanIP1, "GetExternalIPAddress", []Arg{{"NewExternalIPAddress", address}})
	ours := func(_ context.Context, q *http1.Request) *http1.Reply {
		m, _, err := Parse(q.Body, q.Fields.Get("Content-Type"), Limits{})
		if err != nil || m.Action != "GetExternalIPAddress" {
			return http1.NewReply(500, nil, WriteFault(InvalidAction, ""))
		}
		return http1.NewReply(200, http1.Fields{{Name: "Content-Type", Value: `text/xml; charset="utf-8"`}, {Name: "EXT"}},
			WriteResponse(m.Service, m.Action, []Arg{{"NewExternalIPAddress", address}}))
	}
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", `text/xml; charset="utf-8"`)
		w.Write(answer)
	})
	for _, connection := range []string{"close", "keep-alive"} {
		b.Run("http1/"+connection, func(b *testing.B) {
			l := loopback(b)
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			go func() { done <- (&http1.Server{Handle: ours}).Serve(ctx, l) }()
			hammer(b, l.Addr().String(), connection)
			cancel()
			<-done
		})
		b.Run("net-http/"+connection, func(b *testing.B) {
			l := loopback(b)
			srv := &http.Server{Handler: bare}
			done := make(chan error)
			go func() { done <- srv.Serve(l) }()
			hammer(b, l.Addr().String(), connection)
			srv.Close()
			<-done
		})
	}
}

func loopback(b *testing.B) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func hammer(b *testing.B, addr, connection string) {
	msg := http1.Message{
		Line: "POST /ctl/IPConn HTTP/1.1",
		Fields: http1.Fields{{Name: "Host", Value: addr}, {Name: "Content-Type", Value: `text/xml; charset="utf-8"`}, {Name: "SOAPAction", Value: `"` + wanIP1 + `#GetExternalIPAddress"`},
			{Name: "Connection", Value: connection}},
		Body: WriteRequest(wanIP1, "GetExternalIPAddress", nil),
	}
	msg.Fields = append(msg.Fields, http1.NewReply(200, nil, msg.Body).Fields...)
	request := msg.Append(nil)
	b.ReportAllocs()
	b.SetParallelism(4) // eight connections on two cores
	b.RunParallel(func(pb *testing.PB) {
		var c net.Conn
		var r *bufio.Reader
		for pb.Next() {
			if c == nil {
				var err error
				if c, err = net.Dial("tcp", addr); err != nil {
					b.Error(err)
					return
				}
				r = bufio.NewReader(c)
			}
			c.Write(request)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				b.Error(err)
				return
			}
			body, _ := io.ReadAll(resp.Body)
			if !bytes.Contains(body, []byte(address)) {
				b.Errorf("%q", body)
				return
			}
			if connection == "close" {
				c.Close()
				c = nil
			}
		}
		if c != nil {
			c.Close()
		}
	})
}

func BenchmarkParse(b *testing.B) {
	request := WriteRequest(wanIP1, "AddPortMapping", []Arg{{"NewRemoteHost", ""}, {"NewExternalPort", "8080"}, {"NewProtocol", "TCP"}, {"NewInternalPort", "80"},
		{"NewInternalClient", "192.168.1.10"}, {"NewEnabled", "1"}, {"NewPortMappingDescription", "web"}, {"NewLeaseDuration", "3600"}})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse(request, "text/xml", Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
