package main

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// A telephone's voice: PCMU (RFC 3551 §4.5.14), a packet of 160 samples every 20 ms.
const (
	clockRate   = 8000 // Hz, of the samples and of RTP timestamps
	interval    = 20 * time.Millisecond
	samples     = 160 // in a packet, of one byte each
	payloadType = 0
	silence     = 0xff // a sample of it in µ-law
)

// RTP and RTCP share the path (RFC 5761): what follows the version tells which one a packet is.
const (
	version      = 2 << 6
	rtpHeader    = 12
	senderReport = 200
	bye          = 203
	goodbyeSize  = 28 + 8
)

// An rtpPacket is a packet of RTP, by what of its header a receiver needs (RFC 3550 §5.1).
type rtpPacket struct {
	sequence  uint16
	timestamp uint32 // of its first sample
	ssrc      uint32
	size      int // of the payload
}

// parseRTP reads a packet of PCMU without contributing sources or extensions.
func parseRTP(b []byte) (p rtpPacket, ok bool) {
	if len(b) < rtpHeader || b[0] != version || b[1]&0x7f != payloadType {
		return p, false
	}
	return rtpPacket{
		sequence: binary.BigEndian.Uint16(b[2:]), timestamp: binary.BigEndian.Uint32(b[4:]), ssrc: binary.BigEndian.Uint32(b[8:]),
		size: len(b) - rtpHeader,
	}, true
}

// source makes the packets of one stream, in order.
type source struct {
	rtpPacket // the next one
	sent      uint32
	buffer    []byte
}

// newSource begins anywhere, as RFC 3550 §5.1 wants it.
func newSource() *source {
	s := &source{rtpPacket: rtpPacket{uint16(rand.Uint32()), rand.Uint32(), rand.Uint32(), samples}, buffer: make([]byte, rtpHeader+samples)}
	for i := range samples {
		s.buffer[rtpHeader+i] = silence
	}
	return s
}

// next is the next packet, good until the one after it.
func (s *source) next() []byte {
	b := s.buffer
	b[0], b[1] = version, payloadType
	if s.sent == 0 {
		b[1] |= 0x80 // the marker: somebody begins to speak (RFC 3551 §4.1)
	}
	binary.BigEndian.PutUint16(b[2:], s.sequence)
	binary.BigEndian.PutUint32(b[4:], s.timestamp)
	binary.BigEndian.PutUint32(b[8:], s.ssrc)
	s.sequence++
	s.timestamp += samples
	s.sent++
	return b
}

// goodbye ends the stream: a sender report, which says how many packets there were, and BYE in one (RFC 3550 §6.1, §6.4.1, §6.6).
func (s *source) goodbye(now time.Time) []byte {
	b := make([]byte, goodbyeSize)
	b[0], b[1], b[3] = version, senderReport, 28/4-1
	binary.BigEndian.PutUint32(b[4:], s.ssrc)
	binary.BigEndian.PutUint64(b[8:], ntp(now))
	binary.BigEndian.PutUint32(b[16:], s.timestamp)
	binary.BigEndian.PutUint32(b[20:], s.sent)
	binary.BigEndian.PutUint32(b[24:], s.sent*samples)
	b[28], b[29], b[31] = version|1, bye, 8/4-1
	binary.BigEndian.PutUint32(b[32:], s.ssrc)
	return b
}

// parseGoodbye reads what goodbye wrote.
func parseGoodbye(b []byte) (ssrc, sent uint32, ok bool) {
	if len(b) != goodbyeSize || b[0]&0xc0 != version || b[1] != senderReport || b[29] != bye {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[20:]), true
}

// ntp is t as a timestamp of NTP: seconds since 1900 with 32 binary places (RFC 3550 §4).
func ntp(t time.Time) uint64 {
	const from1900 = 2_208_988_800
	return uint64(t.Unix()+from1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
