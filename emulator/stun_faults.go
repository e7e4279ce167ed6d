package emulator

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// STUNFaults are what a STUN server, or somebody on the way from it, does wrong. The zero value is nothing.
type STUNFaults struct {
	// NoOther keeps the alternate address to itself, as servers do that know RFC 8489 only: no OTHER-ADDRESS or CHANGED-ADDRESS, and
	// CHANGE-REQUEST is answered with 420.
	NoOther bool
	// IgnoreChange answers from where it was asked, whatever CHANGE-REQUEST says.
	IgnoreChange bool
	// MuteOther never sends from the alternate address, as behind a firewall or an address that has gone.
	MuteOther bool
	// NoResponsePort answers RESPONSE-PORT with 420.
	NoResponsePort bool

	// Rewrite stands in MAPPED-ADDRESS instead of what the server sees, as application level gateways put there what they find. zero: nothing does.
	Rewrite netip.AddrPort

	Drop     []int         // the replies that get lost by their numbers, the first of the server being 1
	DropEach int           // the first replies to each transaction, as a client counts them, that get lost
	Loss     float64       // share of replies that get lost by chance, 0 to 1
	MaxLoss  int           // replies to one transaction that get lost by chance at most; 0: any number
	Delay    time.Duration // of each reply
}

func (f STUNFaults) check() error {
	switch {
	case f.Loss < 0 || f.Loss > 1 || f.Loss != f.Loss:
		return errors.New("emulator: stun: the loss is a share between 0 and 1")
	case f.DropEach < 0 || f.MaxLoss < 0 || f.Delay < 0:
		return errors.New("emulator: stun: neither counts nor delays can be negative")
	}
	return nil
}

// losses decide which replies get lost.
type losses struct {
	faults STUNFaults

	mu       sync.Mutex
	chance   *rand.Rand
	replies  int
	answered map[transaction]*attempts
}

// transaction is one request with its repetitions: from where it came too, since nobody keeps clients from choosing the same ID.
type transaction struct {
	id   [16]byte
	peer netip.AddrPort
}

// attempts are the replies to one transaction.
type attempts struct{ all, lost int }

// maxTransactions is how many transactions are remembered; then they are forgotten together.
const maxTransactions = 4096

func newLosses(f STUNFaults, seed uint64) *losses {
	f.Drop = slices.Clone(f.Drop)
	return &losses{faults: f, chance: rand.New(rand.NewPCG(seed, 0x5354554e)), answered: map[transaction]*attempts{}}
}

// take counts a reply and tells whether it gets lost.
func (l *losses) take(id [16]byte, peer netip.AddrPort) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.answered[transaction{id, peer}]
	if of == nil {
		if len(l.answered) >= maxTransactions {
			clear(l.answered)
		}
		of = &attempts{}
		l.answered[transaction{id, peer}] = of
	}
	l.replies++
	of.all++
	if slices.Contains(l.faults.Drop, l.replies) || of.all <= l.faults.DropEach {
		return true
	}
	if l.faults.Loss == 0 || l.chance.Float64() >= l.faults.Loss || l.faults.MaxLoss > 0 && of.lost >= l.faults.MaxLoss {
		return false
	}
	of.lost++
	return true
}
