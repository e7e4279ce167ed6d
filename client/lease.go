package client

import (
	"math/rand/v2"
	"time"
)

// A Lease is how long the gateway promised to keep an entry. The zero Lease is unknown: a
// gateway that does not say is never taken to have said "for ever".
type Lease struct {
	// Granted counts from the last add or renewal. 0 with Known means without an end.
	Granted time.Duration
	Known   bool
}

// Permanent reports whether the gateway keeps the entry without an end.
func (l Lease) Permanent() bool { return l.Known && l.Granted == 0 }

// String is the lease as people say it: "2h0m0s", "permanent" or "unknown".
func (l Lease) String() string {
	switch {
	case !l.Known:
		return "unknown"
	case l.Granted == 0:
		return "permanent"
	}
	return l.Granted.String()
}

// leaseSlack is how far a lease read back may be off what was asked and still be the same:
// gateways count the seconds down while we read.
const leaseSlack = 3 * time.Second

// granted judges the lease read back right after asking for one; asked 0 is permanent.
//
// A read of 0 after a finite lease stays unknown: version 1 boxes exist that list 0 for every
// entry and expire it all the same. 4294967295 is how others show that there is no end.
func granted(asked, read time.Duration, known bool) Lease {
	switch {
	case !known, (read == 0 || read >= maxLease) && asked > 0:
		return Lease{}
	case read >= maxLease:
		return Lease{Known: true}
	case read < asked && asked-read <= leaseSlack:
		return Lease{Granted: asked, Known: true}
	}
	return Lease{Granted: read, Known: true}
}

// renewAfter is the pause between an add and its renewal: a little under half of the lease,
// so that many mappings opened together do not come back together. 0 means that nothing
// needs a renewal. An unknown lease counts as the one asked for.
func renewAfter(l Lease, asked time.Duration, r *rand.Rand) time.Duration {
	d := l.Granted
	if !l.Known {
		d = asked
	}
	if d == 0 {
		return 0
	}
	return max(time.Second, d/2-jitter(d/20, r))
}

// retryAfter is the pause before the next attempt to renew when tries attempts have failed
// and left is the time until the lease runs out. The first follows soon, for most failures
// pass; later ones leave time for at least eight more. After the end it is backoff.
func retryAfter(left time.Duration, tries int, r *rand.Rand) time.Duration {
	if left <= 0 {
		return backoff(tries, r)
	}
	d := left >> max(3, 7-tries)
	return min(max(d-jitter(d/4, r), time.Second), checkInterval)
}

// backoff is the pause after tries failures in a row, at least one: 1 s doubling to 5 min,
// less up to a fifth.
func backoff(tries int, r *rand.Rand) time.Duration {
	d := longest(tries)
	return d - jitter(d/5, r)
}

// longest is the longest that backoff gives.
func longest(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 10), 5*time.Minute)
}

// jitter is a random part of d.
func jitter(d time.Duration, r *rand.Rand) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(r.Int64N(int64(d)))
}
