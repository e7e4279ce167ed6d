package client

import "time"

// Spacing between requests begins at none and grows when the gateway drops or overlooks one: ZTE F660 needs 200 ms, others up to half a
// second.
const (
	firstSpacing = 200 * time.Millisecond
	maxSpacing   = time.Second
	// narrowAfter is how many answers in a row make it half of what it was; twice as many each time that this was wrong.
	narrowAfter    = 16
	maxNarrowTries = 6
	// spacingLasts is how long what was learned of it is believed in: the datagram that was lost once need not slow a gateway for ever.
	spacingLasts = 7 * 24 * time.Hour
	// answersNoted is how many answers in a row are worth a note: a command that asks for the address has two.
	answersNoted = 2
)

// spacing is the distance that requests to one gateway keep, and what was learned about that. It goes on in the next process: a command that makes seven
// requests would never be the one to find that less is enough.
type spacing struct {
	Distance time.Duration `json:"nanoseconds"`
	Widest   time.Duration `json:"widest_nanoseconds"` // what it grew to the last time
	Grown    time.Time     `json:"grown,omitzero"`     // when
	Answers  int           `json:"answers"`            // in a row, at this distance
	Tries    int           `json:"tries"`              // how often it was found that it could not be less
}

// widen makes the distance greater, after a request that was sent was not answered. That nobody is there to take one tells nothing of how fast a gateway can
// be asked, and that the caller waits no longer does not either.
func (s *spacing) widen() {
	if s.Distance < s.Widest {
		s.Tries = min(s.Tries+1, maxNarrowTries) // the last time that it was narrowed was once too often
	}
	s.Distance, s.Grown, s.Answers = min(max(firstSpacing, 2*s.Distance), maxSpacing), time.Now().Round(0), 0
	s.Widest = s.Distance
}

// narrow makes it half as great after some answers in a row: one hiccup does not slow a gateway for good. Each time that this was wrong costs a request, so it is
// tried less often then.
func (s *spacing) narrow() {
	if s.Distance == 0 {
		return
	}
	if s.Answers++; s.Answers < narrowAfter<<s.Tries {
		return
	}
	if s.Answers, s.Distance = 0, s.Distance/2; s.Distance < firstSpacing {
		s.Distance = 0
	}
}

// remembered is s as far as it can be believed: the file is anybody's who may write there.
func (s spacing) remembered() spacing {
	if time.Since(s.Grown).Abs() >= spacingLasts {
		return spacing{}
	}
	within := func(d time.Duration) time.Duration { return min(max(d, 0), maxSpacing) }
	return spacing{within(s.Distance), within(s.Widest), s.Grown, max(s.Answers, 0), min(max(s.Tries, 0), maxNarrowTries)}
}

// same tells whether two are the same but for what is not worth a note.
func (s spacing) same(o spacing) bool {
	return s.Distance == o.Distance && s.Widest == o.Widest && s.Tries == o.Tries && s.Grown.Equal(o.Grown) && max(s.Answers-o.Answers, o.Answers-s.Answers) < answersNoted
}
