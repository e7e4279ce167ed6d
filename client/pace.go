package client

import "time"

// pace is how often something happens that others call for, who may do so without an end: the distance begins with first, doubles as long as they come in
// a row, up to longest, which may be no more, and is first again after a rest of four times as long.
type pace struct {
	first, longest time.Duration

	last     time.Time     // zero: never
	distance time.Duration // from then to the next
}

// left is how long it is until the next one may come.
func (p *pace) left() time.Duration {
	if p.last.IsZero() {
		return 0
	}
	return max(time.Until(p.last.Add(p.distance)), 0)
}

// step notes that one comes now.
func (p *pace) step() {
	now := time.Now()
	if p.last.IsZero() || now.Sub(p.last) > 4*p.distance {
		p.distance = p.first
	} else {
		p.distance = min(2*p.distance, p.longest)
	}
	p.last = now
}

// may notes that one comes now, if it may.
func (p *pace) may() bool {
	if p.left() > 0 {
		return false
	}
	p.step()
	return true
}
