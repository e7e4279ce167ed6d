package emulator

import "sync/atomic"

// traffic counts what passes through mapped ports, by the names of WANCommonInterfaceConfig:1 (§2.2): sent goes to the Internet.
// On loopback, and where sockets carry in a lab, a packet is what one read gave; a NAT counts packets with their headers.
type traffic struct {
	bytesSent, bytesReceived     atomic.Uint64
	packetsSent, packetsReceived atomic.Uint64
}

// begin sets the counters to what they were before the gateway started.
func (t *traffic) begin(with Traffic) {
	t.bytesSent.Store(with.BytesSent)
	t.bytesReceived.Store(with.BytesReceived)
	t.packetsSent.Store(with.PacketsSent)
	t.packetsReceived.Store(with.PacketsReceived)
}

// add counts what somebody else has counted.
func (t *traffic) add(inward bool, packets, bytes uint64) {
	if inward {
		t.packetsReceived.Add(packets)
		t.bytesReceived.Add(bytes)
	} else {
		t.packetsSent.Add(packets)
		t.bytesSent.Add(bytes)
	}
}

func (t *traffic) sent(n int) {
	t.bytesSent.Add(uint64(n))
	t.packetsSent.Add(1)
}

func (t *traffic) received(n int) {
	t.bytesReceived.Add(uint64(n))
	t.packetsReceived.Add(1)
}
