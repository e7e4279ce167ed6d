package main

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The bytes are those of RFC 3550 §5.1, §6.4.1 and §6.6.
func TestPacketsOnTheWire(t *testing.T) {
	s := newSource()
	s.rtpPacket = rtpPacket{sequence: 0xfffe, timestamp: 0xffffff80, ssrc: 0x01020304, size: samples}
	for _, want := range []string{"8080fffeffffff8001020304", "8000ffff0000002001020304", "80000000000000c001020304"} {
		b := s.next()
		if got := hex.EncodeToString(b[:rtpHeader]); got != want || len(b) != 172 || b[12] != 0xff {
			t.Errorf("%s and %d bytes, want %s and 172", got, len(b), want)
		}
		p, ok := parseRTP(b)
		if again := hex.EncodeToString(b[2:4]); !ok || p.size != samples || p.ssrc != s.ssrc || again != hex.EncodeToString([]byte{byte(p.sequence >> 8), byte(p.sequence)}) {
			t.Errorf("%s is read as %+v, %v", want, p, ok)
		}
	}
	b := s.goodbye(time.Date(2026, 11, 23, 9, 3, 0, 500_000_000, time.UTC))
	if got, want := hex.EncodeToString(b), "80c8000601020304"+"eeae7fc480000000"+"0000016000000003000001e0"+"81cb000101020304"; got != want {
		t.Errorf("goodbye is %s, want %s", got, want)
	}
	if ssrc, sent, ok := parseGoodbye(b); !ok || ssrc != 0x01020304 || sent != 3 {
		t.Errorf("goodbye is read as %#x, %d, %v", ssrc, sent, ok)
	}
}

func TestReception(t *testing.T) {
	for _, tt := range []struct {
		name     string
		numbers  []uint16
		told     uint32
		expected uint32
		lost     int
		said     string
	}{
		{"all", []uint16{7, 8, 9}, 3, 3, 0, "heard 3 of 3 packets, lost 0.0 %, jitter 0.00 ms"},
		{"a gap, and the end", []uint16{7, 8, 10}, 5, 5, 2, "heard 3 of 5 packets, lost 40.0 %, jitter 0.00 ms"},
		{"around", []uint16{65534, 65535, 0, 2}, 0, 5, 1, "heard 4 of 5 packets, lost 20.0 %, jitter 0.00 ms, and no goodbye"},
		{"out of order", []uint16{1, 3, 2, 4}, 0, 4, 0, ""},
		{"twice", []uint16{1, 2, 2, 3}, 0, 3, -1, ""},
		{"none", nil, 0, 0, 0, "heard nothing"},
	} {
		var r reception
		for _, n := range tt.numbers {
			r.add(rtpPacket{sequence: n, timestamp: uint32(n) * samples, ssrc: 1}, time.Duration(n)*interval)
			r.add(rtpPacket{sequence: 77, ssrc: 2}, 0) // of another
		}
		if len(tt.numbers) > 0 && r.ended(2, 1000) {
			t.Errorf("%s: another's goodbye ends it", tt.name)
		}
		r.ended(1, tt.told)
		if r.expected() != tt.expected || r.lost() != tt.lost {
			t.Errorf("%s: %d expected and %d lost, want %d and %d", tt.name, r.expected(), r.lost(), tt.expected, tt.lost)
		}
		if tt.said != "" && tt.name != "around" && r.String() != tt.said {
			t.Errorf("%s: %q, want %q", tt.name, &r, tt.said)
		}
	}
}

// The jitter is that of the program in RFC 3550 §A.8, which counts in whole units of a timestamp.
func TestJitterAsInTheRFC(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r reception
	var transit, jitter int
	for i := range 2000 {
		stamp := uint32(4294900000 + i*samples)           // goes around
		arrival := i*samples + random.IntN(400) + 100_000 // up to 50 ms late
		r.add(rtpPacket{sequence: uint16(i), timestamp: stamp, ssrc: 1}, time.Duration(arrival)*time.Second/clockRate)
		now := arrival - i*samples
		if i > 0 {
			d := now - transit
			if d < 0 {
				d = -d
			}
			jitter += d - (jitter+8)>>4
		}
		transit = now
		if got, want := r.jitter, float64(jitter)/16; math.Abs(got-want) > 1 {
			t.Fatalf("packet %d: jitter %.1f, want %.1f", i, got, want)
		}
	}
	if r.jitter < 100 {
		t.Errorf("jitter %.1f: nothing was tested", r.jitter)
	}
}

// Whatever comes is read or passed over.
func FuzzPackets(f *testing.F) {
	s := newSource()
	f.Add(s.next())
	f.Add(s.goodbye(time.Now()))
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r reception
		for range 3 {
			if p, ok := parseRTP(b); ok {
				r.add(p, time.Second)
			}
			if ssrc, told, ok := parseGoodbye(b); ok {
				r.ended(ssrc, told)
			}
		}
		if r.interarrivalJitter() < 0 || r.String() == "" {
			t.Errorf("%+v", r)
		}
	})
}
