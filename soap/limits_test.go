package soap

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
)

// heapGrowth is how much more was allocated, ever, by f. Nothing that a peer sends may make it large.
func heapGrowth(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestEndlessBody sends up to 2 GiB, until the client hangs up.
func TestEndlessBody(t *testing.T) {
	heads := map[string]string{
		"without a length":      "HTTP/1.1 200 OK\r\n\r\n" + prolog + envBegin,
		"with a length":         "HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n" + prolog + envBegin,
		"in one chunk":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n",
		"head":                  "HTTP/1.1 200 OK\r\nX: ",
		"interim responses":     strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100),
		"header lines":          "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 2000),
		"nothing but line ends": strings.Repeat("\r\n", 20000),
	}
	for name, head := range heads {
		t.Run(name, func(t *testing.T) {
			d := startDevice(t, func(_ *device, c net.Conn) {
				block := []byte(strings.Repeat("<NewRemoteHost>198.51.100.1</NewRemoteHost>", 1500))
				c.Write([]byte(head))
				for sent := 0; sent < 2<<30; sent += len(block) {
					if _, err := c.Write(block); err != nil {
						return
					}
				}
			})
			var err error
			grown := heapGrowth(func() { err = causeOf(t, t.Context(), d, new(Transport)) })
			var limit *LimitError
			var syntax *SyntaxError
			if !errors.As(err, &limit) && !(name == "interim responses" && errors.As(err, &syntax)) {
				t.Errorf("%v, want *LimitError", err)
			}
			if grown > 16<<20 {
				t.Errorf("%d MiB were allocated", grown>>20)
			}
		})
	}
	t.Run("over net/http", func(t *testing.T) {
		d := startDevice(t, says(ok(strings.Repeat("<a>x</a>", 64<<10))))
		var limit *LimitError
		if err := causeOf(t, t.Context(), d, &Transport{Base: strict(), MaxBody: 64 << 10}); !errors.As(err, &limit) || limit.Limit != 64<<10 {
			t.Errorf("%v, want *LimitError", err)
		}
	})
}

func TestDepth(t *testing.T) {
	for name, doc := range map[string]string{
		"nested":          strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000),
		"nested and open": strings.Repeat("<a>", 10000),
		"broken first":    "<a></b>" + strings.Repeat("<a>", 10000),
		"within a fault":  envBegin + "<s:Fault>" + strings.Repeat("<detail>", 10000),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			grown := heapGrowth(func() { _, _, err = Parse([]byte(doc), "", Limits{}) })
			var limit *LimitError
			if !errors.As(err, &limit) || *limit != (LimitError{"depth", 32}) {
				t.Errorf("%v, want *LimitError", err)
			}
			if grown > 4<<20 {
				t.Errorf("%d MiB were allocated", grown>>20)
			}
		})
	}
	if _, _, err := ReadXML([]byte(strings.Repeat("<a>", 32)+strings.Repeat("</a>", 32)), "", Limits{}); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestEntityBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">`)
	for i := range 20 {
		b.WriteString(`<!ENTITY lol` + string(rune('a'+i)) + ` "` + strings.Repeat("&lol;", 10) + `">`)
	}
	b.WriteString(`]>` + envBegin + `<u:XResponse><V>&lolt;</V></u:XResponse>` + envEnd)
	var err error
	grown := heapGrowth(func() { _, _, err = Parse([]byte(b.String()), "", Limits{}) })
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.What != "entity declaration" {
		t.Errorf("%v, want *SyntaxError", err)
	}
	if grown > 4<<20 {
		t.Errorf("%d MiB were allocated", grown>>20)
	}
}

func TestSize(t *testing.T) {
	var limit *LimitError
	if _, _, err := ReadXML(make([]byte, 101), "", Limits{Size: 100}); !errors.As(err, &limit) || *limit != (LimitError{"body", 100}) {
		t.Errorf("%v, want *LimitError", err)
	}
}

// TestHostileWork keeps the tolerant reader linear: each of these once was, or would be, quadratic.
func TestHostileWork(t *testing.T) {
	for name, doc := range map[string]string{
		"brackets":        strings.Repeat("<", 1<<18),
		"open comments":   "<a>" + strings.Repeat("<!--", 1<<17),
		"open sections":   "<a>" + strings.Repeat("<![CDATA[", 1<<16),
		"ampersands":      "<a>" + strings.Repeat("&", 1<<17),
		"stray end tags":  "<a>" + strings.Repeat("</b>", 1<<18),
		"controls":        "<a>" + strings.Repeat("\x01", 1<<20-10),
		"broken in utf-8": "<a>" + strings.Repeat("\xff", 1<<20-10),
	} {
		t.Run(name, func(t *testing.T) {
			grown := heapGrowth(func() { ReadXML([]byte(doc), "", Limits{Size: 2 << 20}) })
			if grown > 64<<20 {
				t.Errorf("%d MiB were allocated", grown>>20)
			}
		})
	}
}
