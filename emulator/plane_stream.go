package emulator

import (
	"sync"
	"time"
)

// firstAgain and lastAgain are how soon, and at least how often, a sender that hears nothing tries again, as TCP does.
const (
	firstAgain = time.Second
	lastAgain  = time.Minute
)

// stream is a TCP connection through the plane in memory.
type stream struct {
	*session
	hung bool // for good, from the beginning

	mu       sync.Mutex
	crossing *crossing // nil before it is made, and once it is over
	held     bool
	again    *time.Timer
	pause    time.Duration
}

func (st *stream) begun(x crossing) {
	if !st.plane.start(st.session, x.reset) {
		x.reset()
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.crossing = &x
	if st.hung {
		x.hold(true)
	}
}

// passing asks the forward layer before bytes go through. Held bytes wait, and it is asked again as often as TCP would send them
// again.
func (st *stream) passing(inward bool, n int) {
	st.mu.Lock()
	stopped := st.hung || st.held
	st.mu.Unlock()
	if !stopped && st.obey(st.ask()) {
		st.session.passing(inward, n)
	}
}

// obey does what the forward layer says, and reports whether bytes pass.
func (st *stream) obey(w word) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.crossing == nil:
	case w == cut:
		st.crossing.reset()
	case w == hold:
		if !st.held {
			st.held, st.pause = true, firstAgain
			st.crossing.hold(true)
		}
		st.again = time.AfterFunc(st.pause, func() { st.obey(st.ask()) })
		st.pause = min(2*st.pause, lastAgain)
	case st.held:
		st.held = false
		st.crossing.hold(false)
	}
	return w == pass
}

func (st *stream) ended() {
	st.plane.finish(st.session)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.crossing = nil
	if st.again != nil {
		st.again.Stop()
	}
}
