package emulator

import "net/netip"

// goDown closes what is open, also by entries that outlive the reboot.
func (p *plane) goDown(s *state) {
	if p == nil {
		return
	}
	p.off = true
	for _, c := range s.connections {
		for e := range c.mappings.order.all {
			p.closed(e)
			e.Reach = netip.AddrPort{}
		}
	}
	p.reset()
	p.access.forget(s.now)
}

// comeUp opens it again.
func (p *plane) comeUp(s *state) {
	if p == nil {
		return
	}
	p.off = false
	p.readdress(s)
	p.openAll(s)
}
