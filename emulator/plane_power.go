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
	p.power(false)
}

// power switches what carries beside this process.
func (p *plane) power(on bool) {
	if f := p.options.Power; f != nil && p.options.Mode == PlanePorts {
		if err := f(on); err != nil {
			p.failed("power", err)
		}
	}
}

// comeUp opens it again.
func (p *plane) comeUp(s *state) {
	if p == nil {
		return
	}
	p.off = false
	p.power(true)
	p.readdress(s)
	p.openAll(s)
}
