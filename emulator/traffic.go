package emulator

import "sync/atomic"

// traffic counts what passes through mapped ports, by the names of WANCommonInterfaceConfig:1 (§2.2): sent goes to the Internet.
// On loopback and in the lab a packet is what one read gave.
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

func (t *traffic) sent(n int) {
	t.bytesSent.Add(uint64(n))
	t.packetsSent.Add(1)
}

func (t *traffic) received(n int) {
	t.bytesReceived.Add(uint64(n))
	t.packetsReceived.Add(1)
}
