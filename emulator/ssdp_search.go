package emulator

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// maxMX is the longest delay that a search may ask for (UDA 1.1 §1.3.3).
const maxMX = 5

// hear deals with one datagram. What is no search, or comes from where nobody may ask, is not worth a line in the journal:
// announcements of neighbours arrive all the time.
func (s *ssdpServer) hear(from netip.AddrPort, by Via, b []byte) {
	if bytes.HasPrefix(b, []byte("NOTIFY ")) || !s.allowed(from.Addr()) {
		return
	}
	m, err := ssdp.Parse(b)
	if err != nil || m.Kind != ssdp.SearchRequest {
		return
	}
	if by == viaUnknown {
		by = claimedVia(m)
	}
	details := []Detail{{"via", string(by)}}
	if m.MX > 0 {
		details = append(details, Detail{"mx", strconv.Itoa(m.MX)})
	}
	ad := s.advertisement()
	d := ad.dialect
	if why := ignored(m, by, d.NeedsMX == nil || *d.NeedsMX); why != "" {
		s.note("ssdp.search", from, m.ST, append(details, Detail{"ignored", why})...)
		return
	}
	s.note("ssdp.search", from, m.ST, details...)
	q := occasion{layer: onSearch, peer: from, via: by, st: m.ST, fields: m.Head.Fields, raw: b}
	met := s.meet(&q)
	if met.dropped() {
		return
	}
	q.raw = nil // b is the socket's
	replies := d.choose(matching(ad.targets, m.ST), m.ST)
	within := Span{Max: time.Duration(min(m.MX, maxMX)) * time.Second}
	switch {
	case d.ReplyIn != nil:
		within = *d.ReplyIn
	case by == viaUnicast: // within a second, says UDA 1.1 §1.3.3
		within = Span{}
	}
	within.Min += met.delay
	within.Max += met.delay
	if within.Max == 0 {
		s.answer(&q, replies)
		return
	}
	if d.Pace > 0 && m.ST == ssdp.All && d.ReplyIn == nil {
		s.space(&q, replies, within.Min, (within.Max-within.Min)/time.Duration(d.Pace))
		return
	}
	s.schedule(&q, replies, within)
}

// claimedVia goes by what the search says of itself where the system does not tell.
func claimedVia(m *ssdp.Message) Via {
	if host, err := netip.ParseAddrPort(m.Host); err == nil && host.Addr().IsMulticast() {
		return viaMulticast
	}
	return viaUnicast
}

// ignored says why a search gets no answer, if it is so (UDA 1.1 §1.3.2 and §1.3.3). Quotes around ssdp:discover are demanded
// by the standard and by hardly any router.
func ignored(m *ssdp.Message, by Via, needsMX bool) string {
	switch {
	case !strings.EqualFold(strings.Trim(m.MAN, `"`), strings.Trim(ssdp.Discover, `"`)):
		return "MAN"
	case m.ST == "":
		return "ST"
	case needsMX && by == viaMulticast && m.MX < 1:
		return "MX"
	}
	return ""
}

// reply is one answer: target, by the name under which it was asked for.
type reply struct {
	target target
	st     string
}

// matching lists the answers to a search for st. A version lower than ours is ours too, and echoed (UDA 1.1 §1.3.2).
func matching(targets []target, st string) []reply {
	var replies []reply
	if st == ssdp.All {
		for _, t := range targets {
			replies = append(replies, reply{t, t.nt})
		}
		return replies
	}
	kind, version := splitVersion(st)
	for _, t := range targets {
		if t.version == 0 && t.kind == st || t.version > 0 && t.kind == kind && 1 <= version && version <= t.version {
			replies = append(replies, reply{t, st})
		}
	}
	return replies
}

// choose is which of the replies to a search for st are sent, and by which name.
func (d *ssdpDialect) choose(replies []reply, st string) []reply {
	if d.Answers != nil {
		replies = slices.DeleteFunc(replies, func(r reply) bool {
			return !slices.Contains(d.Answers, r.target.class()) && !slices.Contains(d.Answers, r.st)
		})
	}
	switch {
	case st == ssdp.All && d.All == "none":
		return nil
	case st == ssdp.All && d.All == "first":
		return replies[:min(len(replies), 1)]
	case d.Version == "own":
		for i := range replies {
			replies[i].st = replies[i].target.nt
		}
	}
	return replies
}

// splitVersion takes "urn:…:WANIPConnection:2" apart; the version is 0 when there is none. Leading zeros are none, because
// what was asked for is echoed, and a search does not choose how long a reply is.
func splitVersion(st string) (kind string, version int) {
	i := strings.LastIndexByte(st, ':')
	if i < 0 {
		return st, 0
	}
	v, err := strconv.ParseUint(st[i+1:], 10, 16)
	if err != nil || st[i+1] == '0' {
		return st, 0
	}
	return st[:i], int(v)
}

// answer sends the replies to the search q now.
func (s *ssdpServer) answer(q *occasion, replies []reply) {
	if len(replies) == 0 {
		return
	}
	ad := s.advertisement()
	for _, r := range replies {
		o := *q
		o.layer, o.st = onReply, r.st
		s.dispatch(&o, s.message(ad.dialect.reply, ad, r.target, r.st), Detail{"usn", r.target.usnAs(r.st)})
	}
}

// space sends the replies to q one after the other, each so long after the last.
func (s *ssdpServer) space(q *occasion, replies []reply, after, pace time.Duration) {
	for _, r := range replies {
		after += pace
		s.later(after, func() { s.answer(q, []reply{r}) })
	}
}

// schedule spreads the replies to q over within, at random and in their order.
func (s *ssdpServer) schedule(q *occasion, replies []reply, within Span) {
	delays := make([]time.Duration, len(replies))
	s.mu.Lock()
	for i := range delays {
		delays[i] = within.Min
		if within.Max > within.Min {
			delays[i] += time.Duration(s.rand.Int64N(int64(within.Max - within.Min)))
		}
	}
	s.mu.Unlock()
	slices.Sort(delays)
	for i, r := range replies {
		s.later(delays[i], func() { s.answer(q, []reply{r}) })
	}
}
