package soap

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// causeOf performs GetExternalIPAddress through goupnp over Transport and returns the recorded cause of its failure.
func causeOf(t *testing.T, ctx context.Context, d *device, rt http.RoundTripper) error {
	t.Helper()
	ctx, rec := Record(ctx)
	ip, err := externalIP(ctx, stub(d, rt))
	if err == nil {
		t.Fatalf("goupnp reads %q", ip)
	}
	if !rec.Unknown("NewExternalIPAddress") {
		t.Error("NewExternalIPAddress is known")
	}
	return rec.Err(err)
}

func TestHTTPError(t *testing.T) {
	page := "<!DOCTYPE html><html><body><br>nothing here<p></body></html>"
	tests := []struct {
		name, wire string
		want       HTTPError
	}{
		{"401 with a page", status("401 Unauthorized", "text/html", page), HTTPError{401, "Unauthorized", []byte(page)}},
		{"404 with a page", status("404 Not Found", "text/html", page), HTTPError{404, "Not Found", []byte(page)}},
		{"501 of a web server", status("501 Not Implemented", "text/html", page), HTTPError{501, "Not Implemented", []byte(page)}},
		{"500 without a body", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", HTTPError{Status: 500, Reason: "Internal Server Error"}},
		{"500 and closed after the head", "HTTP/1.1 500 Oops\r\n", HTTPError{Status: 500, Reason: "Oops"}},
		{"500 with a response", status("500 Internal Server Error", "text/xml", envBegin+ipElement+envEnd), HTTPError{500, "Internal Server Error", []byte(envBegin + ipElement + envEnd)}},
		{"long page", status("503 Busy", "text/html", strings.Repeat("x", 5000)), HTTPError{503, "Busy", []byte(strings.Repeat("x", 1024))}},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/login\r\nContent-Length: 0\r\n\r\n", HTTPError{Status: 302, Reason: "Found"}},
		{"redirect that keeps the method", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", HTTPError{Status: 307, Reason: "Temporary Redirect"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := startDevice(t, says(tt.wire))
			var got *HTTPError
			if err := causeOf(t, t.Context(), d, new(Transport)); !errors.As(err, &got) {
				t.Fatalf("%v, want *HTTPError", err)
			}
			if len(got.Body) == 0 {
				got.Body = nil
			}
			if d := cmp.Diff(&tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d.requests != 1 {
				t.Errorf("%d requests", d.requests)
			}
		})
	}
}

func TestSyntaxError(t *testing.T) {
	tests := []struct{ name, wire, what string }{
		{"empty 200", ok(""), "answer without the action's out-arguments"},
		{"empty body", ok(prolog + envBegin + envEnd), "answer without the action's out-arguments"},
		{"empty response", ok(prolog + envBegin + `<u:GetExternalIPAddressResponse xmlns:u="` + wanIP1 + `"/>` + envEnd), "answer without the action's out-arguments"},
		{"announced and not sent", "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", "empty document"},
		{"login page", status("200 OK", "text/html", "<html><head><title>Login</title></head><body></body></html>"), "a web page, not a soap envelope"},
		{"description", ok(`<root xmlns="urn:schemas-upnp-org:device-1-0"></root>`), "not a soap envelope"},
		{"text", ok("OK"), "no xml element in"},
		{"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", "answer in content-encoding"},
		{"gzip unannounced", ok("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x00"), "no xml element in"},
		{"another protocol with a status", "220 smtp ready\r\n\r\n", "answer without the action's out-arguments"},
		{"not http", "\x16\x03\x01\x02\x00\r\n\r\n", "malformed http status line"},
		{"entities", ok(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>` + envBegin + ipElement + envEnd), "entity declaration"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got *SyntaxError
			if err := causeOf(t, t.Context(), startDevice(t, says(tt.wire)), new(Transport)); !errors.As(err, &got) {
				t.Fatalf("%v, want *SyntaxError", err)
			}
			if got.What != tt.what {
				t.Errorf("%q, want %q", got.What, tt.what)
			}
		})
	}
}

// TestBlank: success without a single out-argument is told, whatever stands in their place.
func TestBlank(t *testing.T) {
	for name, wire := range map[string]string{
		"empty 200":      ok(""),
		"empty body":     ok(prolog + envBegin + envEnd),
		"empty response": ok(prolog + envBegin + `<u:GetExternalIPAddressResponse xmlns:u="` + wanIP1 + `"/>` + envEnd),
		"other argument": ok(prolog + envBegin + strings.ReplaceAll(ipElement, "NewExternalIPAddress>", "X_Address>") + envEnd),
	} {
		ctx, rec := Record(t.Context())
		if ip, err := externalIP(ctx, stub(startDevice(t, says(wire)), new(Transport))); err == nil {
			t.Errorf("%s: goupnp reads %q", name, ip)
		}
		if q := rec.Quirks(); !slices.Contains(q, RespBlank) || !rec.Unknown("NewExternalIPAddress") {
			t.Errorf("%s: quirks %q", name, q)
		}
	}
}

// TestDeadline: goupnp alone turns an expired context into text.
func TestDeadline(t *testing.T) {
	silent := func(d *device, _ net.Conn) { <-d.gone }
	dribbles := func(d *device, c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<s:Envelope>")
		<-d.gone
	}
	for name, answer := range map[string]func(*device, net.Conn){"silence": silent, "half a body": dribbles} {
		t.Run(name, func(t *testing.T) {
			d := startDevice(t, answer)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := externalIP(ctx, stub(d, strict())); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("goupnp alone: %v: this is no test", err)
			}
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := causeOf(t, ctx, d, new(Transport))
			var ne net.Error
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &ne) || !ne.Timeout() {
				t.Errorf("%v is not context.DeadlineExceeded", err)
			}
			ctx, cancel = context.WithCancel(t.Context())
			cancel()
			if err := causeOf(t, ctx, d, new(Transport)); !errors.Is(err, context.Canceled) {
				t.Errorf("%v is not context.Canceled", err)
			}
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := causeOf(t, ctx, d, &Transport{Base: strict()}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("over net/http: %v is not context.DeadlineExceeded", err)
			}
		})
	}
}

func TestNetworkErrors(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Winsock has error numbers of its own for a reset and a refusal")
	}
	t.Run("reset", func(t *testing.T) {
		d := startDevice(t, func(_ *device, c net.Conn) { c.(*net.TCPConn).SetLinger(0) })
		if err := causeOf(t, t.Context(), d, new(Transport)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v is not ECONNRESET", err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		d := startDevice(t, says(""))
		if err := causeOf(t, t.Context(), d, new(Transport)); !errors.Is(err, io.EOF) {
			t.Errorf("%v is not EOF", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		d := &device{}
		d.URL.Scheme, d.URL.Host = "http", l.Addr().String()
		l.Close()
		var op *net.OpError
		if err := causeOf(t, t.Context(), d, new(Transport)); !errors.As(err, &op) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v is not ECONNREFUSED", err)
		}
	})
	t.Run("nothing recorded", func(t *testing.T) {
		_, rec := Record(t.Context())
		if err := rec.Err(os.ErrNotExist); err != os.ErrNotExist {
			t.Errorf("%v", err)
		}
		if err := rec.Err(nil); err != nil {
			t.Errorf("%v", err)
		}
	})
}

// TestOtherRequests: what is no SOAP call goes through untouched, but not to another host.
func TestOtherRequests(t *testing.T) {
	d := startDevice(t, says(ok("<root>&</root>")))
	client := &http.Client{Transport: new(Transport)}
	resp, err := client.Get(d.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "<root>&</root>" {
		t.Errorf("%q", b)
	}
	near := startDevice(t, says("HTTP/1.1 302 Found\r\nLocation: "+d.URL.String()+"\r\nContent-Length: 0\r\n\r\n"))
	resp, err = client.Get(near.URL.String())
	if err != nil {
		t.Fatalf("redirect to another port of the host: %v", err)
	}
	resp.Body.Close()
	away := startDevice(t, says("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"))
	_, err = client.Get(away.URL.String())
	var he *HTTPError
	if !errors.As(err, &he) || he.Status != 302 {
		t.Errorf("redirect to another host: %v, want *HTTPError 302", err)
	}
}

func TestRecordingValues(t *testing.T) {
	d := startDevice(t, says(entryWith("<NewLeaseDuration> 3600s</NewLeaseDuration><X_Vendor>1</X_Vendor>")))
	ctx, rec := Record(t.Context())
	_, _, _, _, lease, err := stub(d, new(Transport)).GetSpecificPortMappingEntryCtx(ctx, "", 8080, "TCP")
	if err != nil {
		t.Fatal(rec.Err(err))
	}
	if lease == 0 {
		t.Error("an unreadable lease became 0, which means permanent")
	}
	want := []Arg{{"NewInternalPort", "80"}, {"NewInternalClient", "192.168.1.10"}, {"NewEnabled", "1"},
		{"NewPortMappingDescription", "web"}, {"NewLeaseDuration", " 3600s"}, {"X_Vendor", "1"}}
	if d := cmp.Diff(want, rec.Values()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if q := rec.Quirks(); !slices.IsSorted(q) || !slices.Contains(q, ValueUnreadable) {
		t.Errorf("quirks %q", q)
	}
	if rec.Unknown("NewInternalPort") || !rec.Unknown("NewLeaseDuration") || rec.Unknown("X_Vendor") || !rec.Unknown("NewRemoteHost") {
		t.Error("wrong about what is unknown")
	}
}
