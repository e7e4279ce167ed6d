package nat

import (
	"container/heap"
	"time"
)

// node is a place in a queue, of the one or the other.
type node struct {
	expires time.Time
	due     time.Time // when to look whether it has expired: not after expires
	index   int
	mapping *mapping
	flow    *flow
}

// queue has what ages, with that at the top which is to be looked at first. To refresh is to write down a time: only when one would
// have expired is its place found anew.
type queue []*node

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is for package heap.
func (q *queue) Push(x any) {
	n := x.(*node)
	n.index = len(*q)
	*q = append(*q, n)
}

// Pop is for package heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	n := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return n
}

// soonest is what expires first; nil: nothing does.
func (q queue) soonest() *node {
	for len(q) > 0 {
		n := q[0]
		if n.due.Equal(n.expires) {
			return n
		}
		n.due = n.expires
		heap.Fix(&q, 0)
	}
	return nil
}

// age lets n expire unless it is refreshed in time.
func (t *Table) age(n *node) {
	n.expires = t.now.Add(t.timeout)
	n.due = n.expires
	heap.Push(&t.aging, n)
}

// renews tells whether packets of a direction refresh.
func (t *Table) renews(way Refresh) bool { return t.options.Renews(way) }

func (t *Table) renew(n *node) { n.expires = t.now.Add(t.timeout) }

// Expire ends what has had no refresh in time. Out and In do so first.
func (t *Table) Expire(now time.Time) {
	if now.After(t.now) {
		t.now = now
	}
	if len(t.aging) == 0 || t.aging[0].due.After(t.now) {
		return
	}
	for n := t.aging.soonest(); n != nil && !n.expires.After(t.now); n = t.aging.soonest() {
		if n.flow != nil {
			t.dropFlow(n.flow)
		} else {
			t.drop(n.mapping, Expired)
		}
	}
}

// Next is when the next mapping or permission expires; false: none does.
func (t *Table) Next() (time.Time, bool) {
	n := t.aging.soonest()
	if n == nil {
		return time.Time{}, false
	}
	return n.expires, true
}
