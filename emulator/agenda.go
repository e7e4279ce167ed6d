package emulator

import "container/heap"

// agenda holds what falls due, soonest first. Elements know their place, so that one can be moved or taken out.
type agenda[T dated[T]] struct{ heap agendaHeap[T] }

type dated[T any] interface {
	before(T) bool
	place() *int // in the heap; -1: not there
}

func (d *agenda[T]) empty() bool { return len(d.heap) == 0 }

// first is what falls due first; the agenda must not be empty.
func (d *agenda[T]) first() T { return d.heap[0] }

func (d *agenda[T]) add(x T)    { heap.Push(&d.heap, x) }
func (d *agenda[T]) remove(x T) { heap.Remove(&d.heap, *x.place()) }
func (d *agenda[T]) moved(x T)  { heap.Fix(&d.heap, *x.place()) }

type agendaHeap[T dated[T]] []T

func (h agendaHeap[T]) Len() int           { return len(h) }
func (h agendaHeap[T]) Less(i, j int) bool { return h[i].before(h[j]) }
func (h agendaHeap[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	*h[i].place(), *h[j].place() = i, j
}

func (h *agendaHeap[T]) Push(x any) {
	e := x.(T)
	*e.place() = len(*h)
	*h = append(*h, e)
}

func (h *agendaHeap[T]) Pop() any {
	var none T
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = none
	*h = (*h)[:last]
	*e.place() = -1
	return e
}
