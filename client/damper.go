package client

import (
	"net/netip"
	"time"
)

const (
	// flaps is how many changes of the external address, each back to the one before, are believed at once within flapWindow.
	flaps      = 2
	flapWindow = time.Hour
	// confirmAfter is how long another address must be told each time to be believed then, and confirmEvery how often it is asked for
	// meanwhile. A Hitron with two gateways behind one name changes its mind every 30 s.
	confirmAfter = 45 * time.Second
	confirmEvery = 10 * time.Second
)

// damper keeps an external address that flips from being published again and again. Back and forth once is believed, since a line may do
// that; after it the first address stands until another one lasts. That there is none is believed when it is told twice, confirmEvery apart: the Bouygues
// F@st says so once, now and then.
type damper struct {
	before  netip.Addr  // the address that the last change replaced
	back    []time.Time // when it came back to the one before, and the changes that it undid
	rival   netip.Addr  // told and not believed yet
	rivaled time.Time   // since when
}

// judge gives the address to believe, of the one that was told now and the one that was known. 0.0.0.0 is told for none; none may be known, or told.
func (d *damper) judge(told, known netip.Addr, now time.Time) netip.Addr {
	if !told.IsValid() || !known.IsValid() || told == known {
		d.rival = netip.Addr{}
		return told
	}
	if told.IsUnspecified() {
		switch {
		case d.rival != told:
			d.rival, d.rivaled = told, now
			return known
		case now.Sub(d.rivaled) < confirmEvery:
			return known
		}
		d.rival = netip.Addr{}
		return told
	}
	for len(d.back) > 0 && now.Sub(d.back[0]) > flapWindow {
		d.back = d.back[1:]
	}
	switch {
	case len(d.back) < flaps:
	case d.rival != told:
		d.rival, d.rivaled = told, now
		for i := range d.back {
			d.back[i] = now // it still flips
		}
		return known
	case now.Sub(d.rivaled) < confirmAfter:
		return known
	default:
		d.back = nil
	}
	if told == d.before || len(d.back) == 0 {
		d.back = append(d.back, now)
	} else {
		d.back = []time.Time{now} // a third address is a change like any other
	}
	d.before, d.rival = known, netip.Addr{}
	return told
}

// doubts tells whether there is an address to be confirmed.
func (d *damper) doubts() bool { return d.rival.IsValid() }
