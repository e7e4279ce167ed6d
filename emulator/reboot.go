package emulator

// Reboot restarts the gateway at once: mappings and subscriptions are gone without a word, BOOTID has grown. Where
// announcements are multicast, it says byebye before and alive after.
func (g *Gateway) Reboot() {
	g.restart(Reboot{}, g.change)
	g.outbox.flush()
}

// restart does a reboot; change is how the state learns of it.
func (g *Gateway) restart(_ Reboot, change func(func(*state))) {
	g.ssdp.byebye()
	change(func(s *state) {
		g.forgetSubscribers()
		s.reboot()
		g.plane.reset()
	})
	g.ssdp.alive()
}
