package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/igdkit/igdkit/client"
)

// A rendezvous is where two who want to talk learn each other's address: a place on the Internet that both can reach. It carries no voice. Over
// TCP each sends a hello with a word that the two have agreed on, and gets an introduction when both are there.

// hello is what somebody says who comes.
type hello struct {
	Room string      `json:"room"`
	Node client.Node `json:"node"`
}

// introduction is what both get.
type introduction struct {
	Peer client.Node `json:"peer"`
	Key  []byte      `json:"key"` // by which the two know each other; whoever has it can pretend to be one of them
}

const (
	maxWaiting  = 1024
	maxMessage  = 8 << 10 // bytes
	helloTime   = 10 * time.Second
	patience    = 10 * time.Minute // for the other to come
	maxRoomName = 64
	// maxAfterHello is more than the end of line that follows a hello, which may come in a segment of its own.
	maxAfterHello = 64
	keyBytes      = 16
	introduceFor  = 5 * time.Second // to write it
)

// rendezvous brings together who comes to one room.
type rendezvous struct {
	mu      sync.Mutex
	waiting map[string]guest
}

type guest struct {
	net.Conn
	node client.Node
}

// serveRendezvous serves until l is closed, which ctx's end does.
func serveRendezvous(ctx context.Context, l net.Listener) error {
	r := &rendezvous{waiting: map[string]guest{}}
	var guests sync.WaitGroup
	defer guests.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		guests.Go(func() {
			defer context.AfterFunc(ctx, func() { c.Close() })()
			defer c.Close()
			r.receive(c)
		})
	}
}

// receive lets somebody in, who waits or finds another who does.
func (r *rendezvous) receive(c net.Conn) {
	c.SetDeadline(time.Now().Add(helloTime))
	var h hello
	if err := json.NewDecoder(io.LimitReader(c, maxMessage)).Decode(&h); err != nil || h.Room == "" || len(h.Room) > maxRoomName {
		return
	}
	me := guest{c, h.Node}
	other, ok := r.enter(h.Room, me)
	if !ok {
		return
	}
	if other.Conn != nil {
		introduce(me, other)
		return
	}
	c.SetDeadline(time.Now().Add(patience))
	io.Copy(io.Discard, io.LimitReader(c, maxAfterHello)) // it goes, is introduced, or loses its patience
	r.leave(h.Room, c)
}

// enter gives the guest that waits in a room, who waits no more, or lets g wait. It is not ok when there are too many.
func (r *rendezvous) enter(room string, g guest) (other guest, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other, ok = r.waiting[room]; ok {
		delete(r.waiting, room)
		return other, true
	}
	if len(r.waiting) >= maxWaiting {
		return guest{}, false
	}
	r.waiting[room] = g
	return guest{}, true
}

func (r *rendezvous) leave(room string, c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[room].Conn == c {
		delete(r.waiting, room)
	}
}

// introduce tells two of each other. The one who waited is let go by it.
func introduce(a, b guest) {
	key := make([]byte, keyBytes)
	rand.Read(key)
	for _, pair := range [][2]guest{{a, b}, {b, a}} {
		pair[0].SetDeadline(time.Now().Add(introduceFor))
		_ = json.NewEncoder(pair[0]).Encode(introduction{pair[1].node, key}) // who does not get it finds nobody, and says so
	}
	b.Close()
}

// meet waits at a rendezvous until the other one is there.
func meet(ctx context.Context, c net.Conn, h hello) (introduction, error) {
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var i introduction
	err := json.NewEncoder(c).Encode(h)
	if err == nil {
		err = json.NewDecoder(io.LimitReader(c, maxMessage)).Decode(&i)
	}
	switch {
	case ctx.Err() != nil:
		return i, context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return i, errors.New("the rendezvous let us go: nobody came, or it is full")
	}
	return i, err
}
