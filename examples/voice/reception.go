package main

import (
	"fmt"
	"math"
	"time"
)

// reception is what one has heard of a stream.
type reception struct {
	ssrc     uint32
	received uint32        // packets, with those that came late or twice
	first    uint32        // sequence number, extended by how often it has begun anew
	highest  uint32        // the same
	told     uint32        // how many the sender says that it sent; 0: it has not said
	jitter   float64       // in units of timestamps
	arrival  time.Duration // of the packet before
	stamp    uint32        // of that one
}

// add counts a packet that arrived at a time since any moment (RFC 3550 §A.1, §A.8). Streams of others are not counted.
func (r *reception) add(p rtpPacket, at time.Duration) {
	switch {
	case r.received == 0:
		r.ssrc, r.first, r.highest = p.ssrc, uint32(p.sequence), uint32(p.sequence)
	case p.ssrc != r.ssrc:
		return
	default:
		if ahead := int16(p.sequence - uint16(r.highest)); ahead > 0 {
			r.highest += uint32(ahead)
		}
		// How much longer this one was on its way than the one before. The two clocks need not agree: what is between them falls out.
		longer := (at-r.arrival).Seconds()*clockRate - float64(int32(p.timestamp-r.stamp))
		r.jitter += (math.Abs(longer) - r.jitter) / 16
	}
	r.received++
	r.stamp, r.arrival = p.timestamp, at
}

// ended takes what the sender says at the end.
func (r *reception) ended(ssrc, sent uint32) bool {
	if r.received > 0 && ssrc != r.ssrc {
		return false
	}
	r.told = sent
	return true
}

// expected is how many packets there should have been (RFC 3550 §A.3): as the sender says, or else as the numbers do.
func (r *reception) expected() uint32 {
	switch {
	case r.told > 0:
		return r.told
	case r.received == 0:
		return 0
	}
	return r.highest - r.first + 1
}

// lost is negative when packets came twice.
func (r *reception) lost() int { return int(r.expected()) - int(r.received) }

// interarrivalJitter is that of RFC 3550 §6.4.1.
func (r *reception) interarrivalJitter() time.Duration {
	return time.Duration(r.jitter / clockRate * float64(time.Second))
}

func (r *reception) String() string {
	if r.expected() == 0 {
		return "heard nothing"
	}
	loss := 100 * float64(r.lost()) / float64(r.expected())
	s := fmt.Sprintf("heard %d of %d packets, lost %.1f %%, jitter %.2f ms", r.received, r.expected(), loss, r.interarrivalJitter().Seconds()*1000)
	if r.told == 0 {
		s += ", and no goodbye"
	}
	return s
}
